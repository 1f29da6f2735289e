"""What became of the calls of each tool within a time, from derived rows; over whatever connection the caller holds."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch

SQL = load("tools")
CALLS_MAX = 200_000
LOOPS_MAX = 10_000
TOOLS_MAX = 200


@dataclass(frozen=True, slots=True)
class ToolStats:
    """One tool."""

    name: str
    calls: int
    errors: int  # explicit
    soft_errors: int
    unanswered: int
    p50_ns: int | None  # None: no call of it has a span
    p95_ns: int | None
    retries: int  # calls after one that failed in the same trace
    traces: int
    looping_calls: int = 0
    callers: tuple[str, ...] = ()  # agents of these traces, those of most traces first
    issues: int = 0  # of failed and unanswered calls


@dataclass(frozen=True, slots=True)
class ToolList:
    """The tools with most calls."""

    tools: tuple[ToolStats, ...]
    total: int
    calls_looked_at: int
    is_cut: bool  # older calls were not looked at


async def count_tool_calls(connection: psycopg.AsyncConnection[Any], project_id: int, up_to: int) -> int:
    """How many calls of the project are stored, counted no further than `up_to`."""
    rows = await plan_and_fetch(connection, SQL.count_tool_calls, {"project_id": project_id, "limit": up_to})
    return int(rows[0][0])


@dataclass(frozen=True, slots=True)
class ToolWindow:
    """Which calls of a project are looked at; times in Unix nanoseconds, `until` exclusive."""

    project_id: int
    since_unix_nano: int
    until_unix_nano: int
    release: str | None = None
    environment: str | None = None


async def read_tool_stats(
    connection: psycopg.AsyncConnection[Any], wanted_calls: ToolWindow, tools_max: int = TOOLS_MAX
) -> ToolList:
    """At most 200 tools, of at most the newest 200,000 calls that began within the time."""
    window: dict[str, Any] = {
        "project_id": wanted_calls.project_id,
        "since": wanted_calls.since_unix_nano,
        "until": wanted_calls.until_unix_nano,
        "release": wanted_calls.release,
        "environment": wanted_calls.environment,
    }
    limits = {"calls_max": CALLS_MAX, "loops_max": LOOPS_MAX, "limit": min(tools_max, TOOLS_MAX)}
    rows = await plan_and_fetch(connection, SQL.tool_stats, window | limits)
    wanted = window | limits | {"names": [row[0] for row in rows]}
    looping: dict[str, int] = dict(await plan_and_fetch(connection, SQL.looping_calls, wanted))
    issues: dict[str, int] = dict(await plan_and_fetch(connection, SQL.tool_issues, wanted))
    callers: dict[str, list[str]] = defaultdict(list)
    for name, agent, _ in await plan_and_fetch(connection, SQL.tool_callers, wanted):
        callers[name].append(agent)
    tools = [
        replace(
            ToolStats(*row[:9]),
            looping_calls=looping.get(row[0], 0),
            callers=tuple(callers[row[0]]),
            issues=issues.get(row[0], 0),
        )
        for row in rows
    ]
    total, looked_at = rows[0][9:] if rows else (0, 0)
    return ToolList(tuple(tools), total, looked_at, looked_at >= CALLS_MAX)
