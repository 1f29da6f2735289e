"""The pages and the query API in the loop of the test, over a real store that the real writer and processor fill."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg
from fastapi import FastAPI

from otlp_receiver.access import AccessControl, KeyRules
from otlp_receiver.decode_events import EventKind, decode_events
from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from otlp_receiver.key_ring import KeyRing
from tool_errors.processor import Pace, Processor
from trace_store.access_keys import add_key
from trace_store.connections import connect
from trace_store.flush import CommitBatch
from trace_store.model import DEFAULT_PROJECT_ID, AcceptedLog, AcceptedSpan
from trace_store.projects import add_project, read_projects
from trace_store.writer import SpanWriter
from web.app import create_app

RETENTION_DAYS = 30
AT_ONCE = Pace(settle_delay_s=0.0, orphan_settle_delay_s=0.0, heavy_wait_factor=0.0)
BROWSER = {"accept": "text/html,application/xhtml+xml"}


@dataclass
class Records:
    """What one capture holds."""

    spans: list[AcceptedSpan]
    logs: list[AcceptedLog]

    @property
    def trace_ids(self) -> set[bytes]:
        return {span.trace_id for span in self.spans}


def read_records(capture: Path) -> Records:
    """The spans and log records of a capture, through the decoder of OTLP files."""
    records = Records([], [])
    for path in sorted(path for path in capture.iterdir() if path.name[:3].isdigit()):
        for decoded in decode_file(path.read_bytes()):
            if isinstance(decoded, DecodedTraces):
                records.spans += decoded.spans
            else:
                records.logs += decoded.logs
    return records


@dataclass
class Pages:
    """A client of the application, and the way for spans into its store."""

    conninfo: str
    app: FastAPI
    client: httpx.AsyncClient
    stop: asyncio.Event

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def json(self, path: str) -> Any:
        response = await self.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    async def html(self, path: str, part: str = "") -> str:
        """A page, or what htmx gets for the element of this id."""
        response = await self.get(path, headers=BROWSER | ({"hx-target": part} if part else {}))
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        return response.text

    async def store(self, spans: Iterable[AcceptedSpan], logs: Iterable[AcceptedLog] = ()) -> None:
        await store(self.conninfo, spans, logs)

    async def post_events(self, kind: EventKind, *items: dict[str, Any]) -> None:
        """Stores and derives what an application posts to one of Raindrop's paths."""
        decoded = decode_events(kind, orjson.dumps(items if kind != "track_partial" else items[0]), DEFAULT_PROJECT_ID)
        assert not decoded.rejections.counts
        writer = SpanWriter(self.conninfo, RETENTION_DAYS)
        await writer.open()
        batch = CommitBatch(updates=decoded.updates, feedback=decoded.feedback, users=decoded.users)
        await writer.commit(batch)
        await writer.close()
        await self.derive()

    async def derive(self, pace: Pace = AT_ONCE) -> None:
        await Processor(self.conninfo, pace).drain()

    async def store_and_derive(self, spans: Iterable[AcceptedSpan], logs: Iterable[AcceptedLog] = ()) -> None:
        await self.store(spans, logs)
        await self.derive()

    async def stored_trace_ids(self) -> set[bytes]:
        """Of all that was sent, and of what was derived: runs of agents that send only log records are traces too."""
        async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
            found = await connection.execute("SELECT DISTINCT trace_id FROM rainbarrel.spans")
            return {trace_id for (trace_id,) in await found.fetchall()}

    async def forget_everything(self) -> None:
        """Empties the tables of spans and of what is derived of them."""
        async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
            await connection.execute(
                "TRUNCATE rainbarrel.spans, rainbarrel.span_blobs, rainbarrel.span_links, rainbarrel.log_records,"
                " rainbarrel.fact_parts, rainbarrel.traces, rainbarrel.llm_calls, rainbarrel.tool_calls,"
                " rainbarrel.loops, rainbarrel.dirty_marks"
            )


async def store(conninfo: str, spans: Iterable[AcceptedSpan], logs: Iterable[AcceptedLog] = ()) -> None:
    """Commits the records, as a receiver does."""
    writer = SpanWriter(conninfo, RETENTION_DAYS)
    await writer.open()
    await writer.commit(CommitBatch(list(spans), list(logs)))
    await writer.close()


@asynccontextmanager
async def pages_with_keys(conninfo: str, password_hash: str = "", **options: Any) -> AsyncIterator[Pages]:
    """The same where every request needs a key or a session."""
    ring = KeyRing(conninfo)
    ring.open()
    control = AccessControl(ring, KeyRules(are_required=True))
    try:
        await ring.fresh()
        async with running_pages(conninfo, access=control, password_hash=password_hash, **options) as pages:
            yield pages
    finally:
        await ring.close()


async def new_key(conninfo: str, kind: str, *slugs: str) -> str:
    """A key for these projects, which are made if need be; for all projects without any."""
    async with await connect(conninfo, "test") as connection:
        for slug in slugs:
            await add_project(connection, slug, 100)
        known = {project.slug: project.project_id for project in await read_projects(connection)}
        return (await add_key(connection, kind, f"test {kind}", [known[slug] for slug in slugs] or None))[0]


@asynccontextmanager
async def running_pages(conninfo: str, **options: Any) -> AsyncIterator[Pages]:
    """The application over `conninfo`; requests reach it without a socket. `options` go to create_app."""
    stop = asyncio.Event()
    app = create_app(conninfo, stop, grpc_port=4317, **options)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4318", timeout=60) as client,
    ):
        yield Pages(conninfo, app, client, stop)
        stop.set()


async def body_parts(pages: Pages, path: str) -> list[str]:
    """The body of a page in the parts in which it is sent, not compressed."""
    path, _, query = path.partition("?")
    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path}
    scope |= {"raw_path": path.encode(), "query_string": query.encode(), "headers": [], "root_path": ""}
    parts: list[str] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # nobody leaves
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            parts.append(message["body"].decode())

    await pages.app(scope | {"server": ("127.0.0.1", 4318), "client": ("127.0.0.1", 1)}, receive, send)
    return parts


class EventStream:
    """An open answer that never ends by itself, as a browser holds it."""

    def __init__(self, app: FastAPI, path: str) -> None:
        self.started: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()  # its headers
        self.is_over = asyncio.Event()
        self._gone = asyncio.Event()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        path, _, query = path.partition("?")
        scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path}
        scope |= {"raw_path": path.encode(), "query_string": query.encode(), "headers": [(b"accept-encoding", b"gzip")]}
        scope |= {"server": ("127.0.0.1", 4318), "client": ("127.0.0.1", 1), "root_path": ""}
        self._task = asyncio.create_task(app(scope, self._receive, self._send))

    async def next_event(self, timeout_s: float = 60.0) -> str:
        """The next event that is no comment."""
        async with asyncio.timeout(timeout_s):
            while (text := (await self._chunks.get()).decode()).startswith(":"):
                pass
        return text

    async def leave(self) -> None:
        """What happens when the page is closed."""
        self._gone.set()
        await asyncio.wait_for(self._task, 60)

    async def _receive(self) -> dict[str, str]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started.set_result({name.decode(): value.decode() for name, value in message["headers"]})
        elif message.get("body"):
            self._chunks.put_nowait(message["body"])
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.is_over.set()
