"""What every request handler needs, and the foot of the pages."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from fastapi import Request
from psycopg_pool import AsyncConnectionPool

from otlp_receiver.access import AccessControl
from trace_store.dialects_seen import DialectsSeen, read_dialects_seen
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT_ID
from trace_store.reader import Stats, TraceReader
from trace_store.stored import TraceKey
from web.errors import read_id
from web.pages.view_models import Footer
from web.reader_process import ReaderProcess
from web.version import program_version
from web.watcher import Watcher
from web.web_rules import WebRules

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]
STATS_AGE_S_MAX = 2.0


@dataclass(slots=True)
class WebContext:
    """One per application."""

    conninfo: str
    grpc_port: int | None
    reader: TraceReader
    watcher: Watcher
    reader_process: ReaderProcess
    rules: WebRules
    pool: Pool
    control: AccessControl
    price_file: str = ""  # the user's, "" without one
    _stats: Stats | None = field(default=None, init=False)
    _stats_at: float = field(default=0.0, init=False)

    async def recent_stats(self) -> Stats:
        """Totals that are at most 2 s old: every page shows them."""
        if self._stats is None or time.monotonic() - self._stats_at > STATS_AGE_S_MAX:
            self._stats = await self.reader.stats()
            self._stats_at = time.monotonic()
        return self._stats

    async def dialects_seen(self, project_id: int) -> DialectsSeen:
        """What the newest traces of a project are written in."""
        return await read_dialects_seen(self.pool, project_id)

    async def footer(self) -> Footer:
        """The foot of a page; it must not be what a page fails of."""
        with suppress(RainbarrelError):
            await self.recent_stats()
        return self.known_footer()

    def known_footer(self) -> Footer:
        """The foot with the totals read last; it asks no database."""
        stats = self._stats
        if stats is None:
            return Footer("no answer from the database yet", program_version(), 0, None)
        tier = f"{stats.database.tier.label} {stats.database.server_version}"
        return Footer(tier, program_version(), stats.spans, stats.derive_lag_s)


def context_of(request: Request) -> WebContext:
    """The application's context; a FastAPI dependency."""
    found: WebContext = request.app.state.context
    return found


def trace_key(trace_id: str) -> TraceKey:
    """A trace of the default project by its hex id; BadRequest for anything else."""
    return TraceKey(DEFAULT_PROJECT_ID, read_id(trace_id, 16, "trace"))
