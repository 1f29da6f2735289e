"""Which dialects the newest traces are written in, and the scopes of spans that none claims."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.connections import SQL as CONNECTION_SQL
from trace_store.database_errors import translate_errors
from trace_store.queries import load
from trace_store.span_reads import fetch

SQL = load("dialects_seen")
TRACES_MAX = 500
SPANS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class SpanGroup:
    """Spans of one dialect, or of one scope that no dialect claims."""

    dialect: str | None
    scope: str | None  # where `dialect` is None
    span_count: int
    first_unix_nano: int
    last_unix_nano: int
    mapping_version_min: int | None
    mapping_version_max: int | None
    trace_id: bytes  # of the newest span
    span_id: bytes


@dataclass(frozen=True, slots=True)
class DialectsSeen:
    """The spans of the newest traces; at most 500 traces and 50,000 spans are looked at."""

    trace_count: int
    span_count: int
    claimed: tuple[SpanGroup, ...]  # most spans first
    unclaimed: tuple[SpanGroup, ...]  # likewise, by scope


async def read_dialects_seen(pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]], project_id: int) -> DialectsSeen:
    """One bounded read."""
    parameters = {"project_id": project_id, "traces_max": TRACES_MAX, "spans_max": SPANS_MAX}
    with translate_errors():
        async with pool.connection() as connection, connection.transaction():
            await connection.execute(CONNECTION_SQL.plan_freely)
            groups = [SpanGroup(*row) for row in await fetch(connection, SQL.dialects_seen, parameters)]
            ((traces,),) = await fetch(connection, SQL.recent_count, parameters)
    claimed = tuple(group for group in groups if group.dialect is not None)
    unclaimed = tuple(group for group in groups if group.dialect is None)
    return DialectsSeen(traces, sum(group.span_count for group in groups), claimed, unclaimed)
