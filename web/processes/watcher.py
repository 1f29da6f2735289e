"""Tells open pages when something new was derived: one poll per process and tick, however many pages are open."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson

from trace_store.derived_rows import TraceRow
from trace_store.exceptions import RainbarrelError
from trace_store.lists.trace_filter import TraceFilter
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.trace.trace_view import trace_version

POLL_INTERVAL_S = 0.5
KEEP_ALIVE_S = 15.0  # a comment line: proxies close what stays silent
LIST_LENGTH = 50

log = logging.getLogger(__name__)

Watched = TraceKey | int  # int: the list of the project with this id


class Watcher:
    """Polls what is watched and hands each change on as the data of a `changed` event."""

    def __init__(self, reader: TraceReader, stop: asyncio.Event) -> None:
        self._reader = reader
        self._stop = stop
        self._watched: Counter[Watched] = Counter()
        self._said: dict[Watched, bytes] = {}
        self._changed = asyncio.Condition()
        self._polling: asyncio.Task[None] | None = None

    async def events(self, watched: Watched) -> AsyncIterator[bytes]:
        """Server-sent events until the server stops or the client goes; the state of now comes first."""
        self._watched[watched] += 1
        if self._polling is None or self._polling.done():  # done: it failed
            self._polling = asyncio.create_task(self._poll())
        sent = b""
        try:
            while not self._stop.is_set():
                said = self._said.get(watched, b"")
                if said and said != sent:
                    sent = said
                    yield b"event: changed\ndata: " + said + b"\n\n"
                    continue
                if not await self._next_change():
                    yield b": still here\n\n"
        finally:
            self._watched[watched] -= 1
            if not self._watched[watched]:
                del self._watched[watched]
                self._said.pop(watched, None)

    async def close(self) -> None:
        """Stops polling."""
        if self._polling is not None:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling

    async def _next_change(self) -> bool:
        """Waits for news of anything; False when there was none for so long that the line needs a sign of life."""
        try:
            async with asyncio.timeout(KEEP_ALIVE_S), self._changed:
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _poll(self) -> None:
        while self._watched and not self._stop.is_set():
            try:
                await self._look()
            except RainbarrelError as error:
                log.warning("Open pages are not updated: %s", error)
            async with self._changed:
                self._changed.notify_all()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), POLL_INTERVAL_S)
        self._polling = None  # from here on a new page needs a new task
        async with self._changed:
            self._changed.notify_all()

    async def _look(self) -> None:
        traces = [watched for watched in self._watched if not isinstance(watched, int)]
        if traces:
            for row in await self._reader.trace_rows(traces):
                self._say(TraceKey(row.project_id, row.trace_id), trace_state(row))
        for project_id in [watched for watched in self._watched if isinstance(watched, int)]:
            rows, _ = await self._reader.list_traces(TraceFilter(project_id), limit=LIST_LENGTH)
            self._say(project_id, orjson.dumps({"version": list_version(rows)}))

    def _say(self, watched: Watched, state: bytes) -> None:
        if watched in self._watched:  # its last page may have gone during the look
            self._said[watched] = state


def trace_state(row: TraceRow) -> bytes:
    """What a trace page needs to know of a change."""
    derived_ms = round(row.derived_at.timestamp() * 1000) if row.derived_at is not None else 0
    return orjson.dumps(
        {
            "version": trace_version(row),
            "span_count": row.span_count,
            "live": row.live,
            "derived_unix_ms": derived_ms,
        }
    )


def list_version(rows: list[TraceRow]) -> str:
    """Changes when a trace of the list's first page came, went or was derived again."""
    parts = "".join(row.trace_id.hex() + trace_version(row) for row in rows[:LIST_LENGTH])
    return hashlib.sha256(parts.encode()).hexdigest()[:16]
