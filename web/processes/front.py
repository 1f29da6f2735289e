"""A front process: gRPC and HTTP on one event loop, with one commit queue between them and the store.

`serve` runs it with everything, `rainbarrel receive` only the receivers, `rainbarrel web` only pages and query API.
A stop lets requests under way finish, drains the commit queue and closes the writer, in this order.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from otlp_receiver.access import AccessControl, KeyRules
from otlp_receiver.export import Exporter
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.grpc_receiver import GrpcReceiver
from otlp_receiver.http_protocol import StrictHttpProtocol
from otlp_receiver.http_receiver import HttpReceiver
from otlp_receiver.key_ring import KeyRing
from otlp_receiver.raindrop_receiver import RaindropReceiver
from trace_store.embedded.last_words import last_words
from trace_store.exceptions import RainbarrelError, StoreUnavailable
from trace_store.failpoints import arm_failpoints
from trace_store.migrate import check_schema
from trace_store.writer import SpanWriter
from web.processes.garbage import collect_garbage_less_often
from web.processes.metrics import METRICS_PATH, MetricsApp
from web.processes.own_traces import own_traces
from web.processes.ports import needs_keys
from web.processes.readiness import HEALTH_PATHS, HealthApp, respond
from web.processes.shared_counts import SharedCounts
from web.settings import Settings

if TYPE_CHECKING:
    from web.tls.server import ServerTls

KEEP_ALIVE_S = 75  # longer than the idle time of common collectors and proxies, which then close first

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Asgi = Callable[[Scope, Receive, Callable[[Any], Awaitable[None]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FrontPlan:
    """What a front process serves and where."""

    settings: Settings
    conninfo: str
    listener: socket.socket  # HTTP, already listening
    grpc_port: int | None  # None: no receivers
    has_pages: bool
    pid: int  # of the process that a user would stop
    own_key_sha256: bytes = b""  # of the key that `serve` makes for the commands of its own user
    own_client_file: Path | None = None  # certificate of the same commands, where clients have to show one
    counts_file: Path | None = None  # what /metrics says, shared with the other front processes of `serve`


class HttpConfig(uvicorn.Config):
    """How uvicorn serves; over TLS if there is any, with a context that takes a new certificate while it serves."""

    def __init__(self, app: Asgi, settings: Settings, tls: "ServerTls | None") -> None:
        super().__init__(
            app,
            http=StrictHttpProtocol,
            ws="none",
            lifespan="auto",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, round(settings.drain_timeout_s)),
        )
        self._tls = tls

    def load(self) -> None:
        """uvicorn calls it before it listens."""
        super().load()
        self.ssl = self._tls.context if self._tls else None


class HttpServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: the role's stop event decides."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone."""
        yield


class Dispatcher:
    """The ASGI application of a front process: health and metrics, then what receives, then everything else."""

    def __init__(
        self,
        health: HealthApp,
        metrics: MetricsApp,
        receivers: Sequence[HttpReceiver | RaindropReceiver],
        pages: Asgi | None,
    ) -> None:
        self._health, self._metrics, self._receivers = health, metrics, receivers
        self._rest: Asgi = pages or _not_found

    async def __call__(self, scope: Scope, receive: Receive, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
        elif scope["path"] in HEALTH_PATHS:
            await self._health(scope, send)
        elif scope["path"] == METRICS_PATH:
            await self._metrics(scope, send)
        elif receiver := next((each for each in self._receivers if each.handles(scope)), None):
            await receiver(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


async def serve_front(plan: FrontPlan, stop: asyncio.Event) -> None:
    """Serve until `stop`; returns when everything accepted is committed."""
    arm_failpoints(plan.settings.failpoints)
    async with AsyncExitStack() as stack:
        stack.enter_context(own_traces(plan.settings, "front", plan.conninfo))
        await _serve(plan, stop, stack)


async def _serve(plan: FrontPlan, stop: asyncio.Event, stack: AsyncExitStack) -> None:
    settings = plan.settings
    grpc_receiver = commits = None
    receivers: list[HttpReceiver | RaindropReceiver] = []
    access, tls = _open_access(plan, stack), _open_tls(plan, stack)
    if plan.grpc_port is not None:
        commits = _open_commits(plan, stack)
        exporter = Exporter(commits, access, settings.request_bytes_max, settings.ingest_bytes_per_minute)
        credentials = tls.grpc_credentials() if tls else None
        receivers = [HttpReceiver(exporter), RaindropReceiver(exporter)]
        grpc_receiver = GrpcReceiver(exporter, settings.host, plan.grpc_port, reuse_port=True, credentials=credentials)
    health = HealthApp(partial(_check, plan.conninfo, commits), plan.pid, plan.grpc_port)
    pages = _pages(plan, stop, access) if plan.has_pages else None
    if grpc_receiver is not None:
        await grpc_receiver.start()
        stack.push_async_callback(grpc_receiver.stop, 0.0)  # for an error on the way; else it has stopped by then
    collect_garbage_less_often()
    metrics = MetricsApp(access, _open_counts(plan, commits, stack), plan.conninfo)
    server = HttpServer(HttpConfig(Dispatcher(health, metrics, receivers, pages), settings, tls))
    serving = asyncio.create_task(server.serve([plan.listener]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    health.is_draining = True
    server.should_exit = True
    ended_by_itself = serving.done()
    await asyncio.gather(serving, *([grpc_receiver.stop(settings.drain_timeout_s)] if grpc_receiver else []))
    if ended_by_itself:
        raise RainbarrelError("The HTTP server could not start; the reason stands above.")


def _pages(plan: FrontPlan, stop: asyncio.Event, access: AccessControl) -> Asgi:
    from web.app import create_app  # a receiver does without the web framework
    from web.requests.query_limits import QueryLimits
    from web.rules.mapping_files import read_mapping_files

    settings = plan.settings
    limits = QueryLimits(settings.queries_per_minute, settings.search_days_max)
    files = read_mapping_files(settings.mappings)
    app: Asgi = create_app(
        plan.conninfo,
        stop,
        plan.grpc_port,
        settings.prices,
        files,
        settings.tool_rules,
        access,
        settings.password_hash,
        limits,
        settings.trace_links,
        settings.oidc,
        settings.public_url,
        settings.retention_days,
    )
    return app


def _open_access(plan: FrontPlan, stack: AsyncExitStack) -> AccessControl:
    """Who may do what; keys are read as soon as the database is there."""
    ring = KeyRing(plan.conninfo)
    stack.push_async_callback(ring.close)
    ring.open()
    settings = plan.settings
    are_required = needs_keys(settings.host, insecure=settings.insecure)
    rules = KeyRules(are_required, settings.keyless_loopback, plan.own_key_sha256)
    return AccessControl(ring, rules, settings.projects_max)


def _open_tls(plan: FrontPlan, stack: AsyncExitStack) -> "ServerTls | None":
    """TLS of both ports, which looks out for a new certificate; None without any."""
    if plan.settings.tls_certificate is None:
        return None
    from web.tls.files import read_tls_files  # what they need takes a while to load
    from web.tls.server import ServerTls

    files = read_tls_files(plan.settings)
    assert files is not None, "there is a certificate"
    tls = ServerTls(plan.settings, files, plan.own_client_file)
    watching = asyncio.create_task(tls.watch(), name="certificates")
    stack.callback(watching.cancel)
    return tls


def _open_commits(plan: FrontPlan, stack: AsyncExitStack) -> GroupCommit:
    """The commit queue; while its writer cannot reach the database, requests get retryable answers."""
    writer = SpanWriter(plan.conninfo, plan.settings.retention_days)
    stack.push_async_callback(writer.close)
    commits = GroupCommit(writer, queue_bytes_max=plan.settings.queue_bytes_max)
    stack.push_async_callback(commits.close)
    commits.start()
    return commits


def _open_counts(plan: FrontPlan, commits: GroupCommit | None, stack: AsyncExitStack) -> SharedCounts:
    """What is counted here, told to the other front processes twice a second."""
    counts = SharedCounts(commits, plan.counts_file)
    publishing = asyncio.create_task(counts.run(), name="counts")
    stack.callback(publishing.cancel)
    return counts


async def _check(conninfo: str, commits: GroupCommit | None) -> None:
    """Raises RainbarrelError while spans cannot be stored: no database, another schema, a disk that is full."""
    try:
        await asyncio.to_thread(check_schema, conninfo)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} {last_words(conninfo)}".rstrip()) from error
    if commits is not None and commits.failure is not None:
        raise commits.failure


async def _not_found(scope: Scope, receive: Receive, send: Callable[[Any], Awaitable[None]]) -> None:
    """This process serves no pages."""
    if scope["type"] == "http":
        await respond(
            send, 404, {"error": "This process receives OTLP only; the pages are served by `rainbarrel web`."}
        )
