"""What every request handler needs, and the foot of the pages."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from fastapi import Request
from psycopg_pool import AsyncConnectionPool

from otlp_receiver.access import Access, AccessControl
from trace_store.exceptions import RainbarrelError
from trace_store.lists.dialects_seen import DialectsSeen, read_dialects_seen
from trace_store.reader import Stats, TraceReader
from trace_store.stored import TraceKey
from web.pages.view_models import Footer, Visitor
from web.processes.reader_process import ReaderProcess
from web.processes.watcher import Watcher
from web.requests.errors import read_id
from web.rules.web_rules import WebRules
from web.trace.trace_links import LinkTemplate
from web.version import program_version

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]
STATS_AGE_S_MAX = 2.0
MANY_TRACES = 100_000  # counting a million takes 0.2 s
BIG_STATS_AGE_S_MAX = 30.0


@dataclass(slots=True)
class WebContext:
    """One per application; handlers get it with the access of their request, and read that project alone."""

    conninfo: str
    grpc_port: int | None
    reader: TraceReader
    watcher: Watcher
    reader_process: ReaderProcess
    rules: WebRules
    pool: Pool
    control: AccessControl
    price_file: str = ""  # the user's, "" without one
    search_days_max: int = 0  # 0: no limit
    retention_days: int = 30
    link_templates: tuple[LinkTemplate, ...] = ()  # the same trace in other backends
    access: Access | None = None  # of the request
    stats_read: dict[int, tuple[float, Stats]] = field(default_factory=dict)  # by project, with when it was

    @property
    def project_id(self) -> int:
        """The project of the request."""
        if self.access is None:
            raise RuntimeError("a handler that reads a project is not behind the gate")
        return self.access.project_id

    def trace_key(self, trace_id: str) -> TraceKey:
        """A trace of the request's project by its hex id; BadRequest for anything else."""
        return TraceKey(self.project_id, read_id(trace_id, 16, "trace"))

    async def recent_stats(self) -> Stats:
        """Totals of the project that are at most 2 s old (30 s where counting takes long): every page shows them.

        That there is nothing is asked each time: it costs nothing, and pages say so until the first span is there.
        """
        read_at, stats = self.stats_read.get(self.project_id, (0.0, None))
        age_s_max = STATS_AGE_S_MAX if stats is None or stats.traces < MANY_TRACES else BIG_STATS_AGE_S_MAX
        if stats is None or stats.spans == 0 or time.monotonic() - read_at > age_s_max:
            stats = await self.reader.stats(self.project_id)
            self.stats_read[self.project_id] = (time.monotonic(), stats)
        return stats

    async def dialects_seen(self, project_id: int) -> DialectsSeen:
        """What the newest traces of a project are written in."""
        return await read_dialects_seen(self.pool, project_id)

    async def footer(self) -> Footer:
        """The foot of a page; it must not be what a page fails of."""
        if self.access is not None:
            with suppress(RainbarrelError):
                await self.recent_stats()
        return self.known_footer()

    def known_footer(self) -> Footer:
        """The foot with the totals read last; it asks no database, and tells nothing to whom the gate refused."""
        if self.access is None:
            return Footer("", program_version(), None, None)
        _, stats = self.stats_read.get(self.project_id, (0.0, None))
        if stats is None:
            return Footer("no answer from the database yet", program_version(), 0, None, self.visitor())
        tier = f"{stats.database.tier.label} {stats.database.server_version}"
        return Footer(tier, program_version(), stats.spans, stats.derive_lag_s, self.visitor())

    def visitor(self) -> Visitor:
        """Who looks at the page, and at which of the projects that they may see."""
        assert self.access is not None
        holder, ring = self.access.holder, self.control.ring.now
        slugs = [
            project.slug
            for project in (ring.projects.values() if ring else ())
            if not project.is_archived and (holder.project_ids is None or project.project_id in holder.project_ids)
        ]
        return Visitor(self.access.project, tuple(slugs), holder.name if holder.by == "session" else "")


def request_context(request: Request) -> WebContext:
    """The application's context with the access of the request."""
    found: WebContext = request.app.state.context
    return replace(found, access=getattr(request.state, "access", None))


async def context_of(request: Request) -> WebContext:
    """The same as a FastAPI dependency: a plain function would run in a thread, which takes longer than all it does."""
    return request_context(request)
