"""How a command reaches the data: the running server, a database URL, or the embedded PostgreSQL for a moment."""

import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trace_store.embedded import EmbeddedPostgres
from trace_store.embedded.cluster import cluster_folder
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT
from web.api_client import ApiClient
from web.processes.server_file import ServerFile, read_running
from web.settings import Settings

if TYPE_CHECKING:
    from web.tls.client import ClientTls


class NothingToAttachTo(RainbarrelError):
    """No server runs and no database is named."""


@contextmanager
def open_store(settings: Settings) -> Iterator[str]:
    """The libpq URL of the database that `settings` mean, for the length of the block.

    That is --database-url, else the database of the server that runs on the data directory, else the embedded
    PostgreSQL, started for the block. Raises NothingToAttachTo when the data directory holds none.
    """
    server = read_running(settings.data_dir)
    if settings.database_url or server is not None:
        yield settings.database_url or (server.database_url if server else "")
        return
    if not cluster_folder(settings.data_dir).exists():
        raise NothingToAttachTo(
            f"There is no database in {settings.data_dir}, and no server runs on it. Start `rainbarrel serve`, or pass "
            "--data-dir or --database-url."
        )
    with embedded_database(settings.data_dir) as conninfo:
        yield conninfo


@contextmanager
def embedded_database(data_dir: Path) -> Iterator[str]:
    """The libpq URL of the embedded PostgreSQL of a data directory, for the length of the block."""
    embedded = EmbeddedPostgres(data_dir)
    conninfo = embedded.start()
    try:
        yield conninfo
    finally:
        embedded.stop()


def server_client(settings: Settings, url: str | None, project: str = DEFAULT_PROJECT) -> ApiClient:
    """A client of the server at `url`, or else of the one that runs on the data directory; with a key that opens it.

    Of its pages under `project`, unless that is the default one: then the key says which project is meant.
    """
    under = "" if project == DEFAULT_PROJECT else f"/projects/{urllib.parse.quote(project, safe='')}"
    if url:
        return ApiClient(url.rstrip("/") + under, settings.key, tls_to(settings, None))
    server = running_server(settings)
    return ApiClient(server.url + under, server.own_key, tls_to(settings, server))


def tls_to(settings: Settings, server: ServerFile | None) -> "ClientTls | None":
    """How to speak TLS with our own running server, or else with one that the user names; None: as the system does."""
    options = (settings.tls_certificate, settings.tls_key, settings.tls_client_ca, settings.tls_ca)
    if not (server.certificate_file if server else any(options)):
        return None
    from web.tls.client import ClientTls, client_tls  # here: what it needs takes a while to load

    if server is None:
        return client_tls(settings)
    own = Path(server.own_client_file) if server.own_client_file else None
    return ClientTls(certificate_file=own, pinned_file=Path(server.certificate_file))


def running_server(settings: Settings) -> ServerFile:
    """The server that runs on the data directory. Raises NothingToAttachTo saying how to start or name one."""
    server = read_running(settings.data_dir)
    if server is None:
        raise NothingToAttachTo(
            f"No server runs on {settings.data_dir}. Start `rainbarrel serve` in another terminal, or pass --url with "
            "the address of one (such as http://127.0.0.1:4318) or --data-dir with its folder."
        )
    return server
