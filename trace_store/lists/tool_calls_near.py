"""One tool from near: how long its calls took in steps of time, and how much the newest of them gave back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg

from trace_store.buckets import DAY_NS, date_of
from trace_store.lists.tool_stats import SQL, ToolWindow
from trace_store.rollups.figure_reads import FigureReads
from trace_store.span_reads import plan_and_fetch

RETURNS_MAX = 200  # of the newest calls that are looked at

Connection = psycopg.AsyncConnection[Any]


class ReturnedResult(NamedTuple):
    """What a call gave back, as its row keeps it."""

    trace_id: bytes
    span_id: bytes | None
    start_unix_nano: int
    preview: str | None  # None: nothing that is known of
    span_bytes: int | None = None  # of the whole span, where that was asked for


async def read_durations(
    connection: Connection, wanted: ToolWindow, tool: str, origin_unix_nano: int, step_ns: int
) -> dict[int, list[Sequence[int]]]:
    """Durations in ns by step from the origin, as sorted runs; all statements must see the same moment."""
    times = (wanted.since_unix_nano, wanted.until_unix_nano, wanted.release, wanted.environment)
    reads = FigureReads(connection, wanted.project_id, *times)
    found = await reads.by_step(["tools"], origin_unix_nano, step_ns, [tool])
    return {step: figures.durations for (_, _, step), figures in found.items() if figures.durations}


async def read_returned(connection: Connection, wanted: ToolWindow, tool: str) -> list[ReturnedResult]:
    """The newest RETURNS_MAX calls of a tool within the time, without those of other releases or environments."""
    asked: dict[str, Any] = {
        "project_id": wanted.project_id,
        "name": tool,
        "since": wanted.since_unix_nano,
        "until": wanted.until_unix_nano,
        "release": wanted.release,
        "environment": wanted.environment,
        "limit": RETURNS_MAX,
    }
    return [ReturnedResult(*row) for row in await plan_and_fetch(connection, SQL.newest_results, asked)]


async def with_span_bytes(
    connection: Connection, project_id: int, results: Sequence[ReturnedResult]
) -> list[ReturnedResult]:
    """These with the bytes of their spans, as far as these are stored under the day on which they began."""
    known = [result for result in results if result.span_id is not None]
    asked = {
        "project_id": project_id,
        "trace_ids": [result.trace_id for result in known],
        "span_ids": [result.span_id for result in known],
        "buckets": [date_of(result.start_unix_nano // DAY_NS) for result in known],
    }
    rows = await plan_and_fetch(connection, SQL.span_bytes, asked) if known else []
    sizes = {(trace_id, span_id): size for trace_id, span_id, size in rows}
    return [result._replace(span_bytes=sizes.get((result.trace_id, result.span_id))) for result in results]
