"""Both receivers over a real store, on free ports, in the loop of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from otlp_receiver.access import AccessControl, KeyRules
from otlp_receiver.export import Exporter
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.grpc_receiver import GrpcReceiver
from otlp_receiver.http_protocol import StrictHttpProtocol
from otlp_receiver.http_receiver import HttpReceiver
from otlp_receiver.key_ring import KeyRing
from otlp_receiver.raindrop_receiver import RaindropReceiver
from trace_store.connections import connect
from trace_store.writer import SpanWriter

RETENTION_DAYS = 30
LOCAL = "127.0.0.1"


@dataclass
class RunningReceivers:
    """Where they listen, and what lies in the store."""

    conninfo: str
    group_commit: GroupCommit
    access: AccessControl
    grpc_port: int
    http_port: int

    @property
    def url(self) -> str:
        return f"http://{LOCAL}:{self.http_port}"

    @property
    def grpc_target(self) -> str:
        return f"{LOCAL}:{self.grpc_port}"

    async def sql(self, statement: str) -> list[tuple[Any, ...]]:
        async with await connect(self.conninfo, "test") as connection:
            cursor = await connection.execute(statement.encode())
            return await cursor.fetchall() if cursor.description else []

    async def span_names(self) -> list[str]:
        return sorted(name for (name,) in await self.sql("SELECT name FROM spans"))

    @asynccontextmanager
    async def stalled(self) -> AsyncIterator[None]:
        """While the block runs, no commit ends."""
        async with await connect(self.conninfo, "test") as connection, connection.transaction():
            await connection.execute(b"LOCK TABLE spans, interaction_updates IN ACCESS EXCLUSIVE MODE")
            yield


@asynccontextmanager
async def running_receivers(conninfo: str, **options: Any) -> AsyncIterator[RunningReceivers]:
    """Start both receivers; `options` go to GroupCommit, but limits of requests and keys, `rules` of keys, `http`."""
    http_options, rules = options.pop("http", {}), options.pop("rules", KeyRules())
    limits = {name: options.pop(name) for name in ("request_bytes_max", "bytes_per_minute") if name in options}
    writer = SpanWriter(conninfo, RETENTION_DAYS)
    group_commit = GroupCommit(writer, **options)
    group_commit.start()
    ring = KeyRing(conninfo)
    ring.open()
    exporter = Exporter(group_commit, AccessControl(ring, rules), **limits)
    grpc_receiver = GrpcReceiver(exporter, LOCAL, 0)
    grpc_port = await grpc_receiver.start()
    otlp, raindrop = HttpReceiver(exporter, **http_options), RaindropReceiver(exporter, **http_options)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (raindrop if raindrop.handles(scope) else otlp)(scope, receive, send)

    config = uvicorn.Config(
        app, LOCAL, 0, http=StrictHttpProtocol, ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        http_port = server.servers[0].sockets[0].getsockname()[1]
        yield RunningReceivers(conninfo, group_commit, exporter.access, grpc_port, http_port)
    finally:
        server.should_exit = True
        await serving
        await grpc_receiver.stop(1.0)
        await group_commit.close()
        await ring.close()
        await writer.close()
