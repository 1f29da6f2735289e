"""What running traces are doing: their newest tool calls."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg

from trace_store.queries import load
from trace_store.span_reads import fetch

SQL = load("live")
CALLS_MAX = 3


class LatestCall(NamedTuple):
    """A tool call of a trace that may still run."""

    name: str
    status: str
    start_unix_nano: int
    end_unix_nano: int


async def read_latest_calls(
    connection: psycopg.AsyncConnection[Any], project_id: int, trace_ids: Sequence[bytes]
) -> dict[bytes, list[LatestCall]]:
    """The newest three of each trace, the newest first."""
    found: dict[bytes, list[LatestCall]] = defaultdict(list)
    asked = {"project_id": project_id, "trace_ids": list(trace_ids), "calls_max": CALLS_MAX}
    for trace_id, *call in await fetch(connection, SQL.latest_calls, asked):
        found[trace_id].append(LatestCall(*call))
    return found
