"""What became of the calls of each tool within a time, from derived rows; over whatever connection the caller holds."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg

from trace_store.lists.issue_figures import finding_name
from trace_store.queries import load
from trace_store.rollups.figure_reads import FigureReads
from trace_store.rollups.figures import Figures, percentiles
from trace_store.span_reads import plan_and_fetch

SQL = load("tools")
CALLED_BY = "\x1f"  # between a tool and an agent, as sql/figures.sql joins them
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
    traces: int  # whose first call of it was within the time
    looping_calls: int = 0
    callers: tuple[str, ...] = ()  # agents of the traces that call it, those of most traces first
    issues: int = 0  # of failed and unanswered calls


@dataclass(frozen=True, slots=True)
class ToolList:
    """The tools with most calls."""

    tools: tuple[ToolStats, ...]
    total: int
    calls: int


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
    connection: psycopg.AsyncConnection[Any], wanted: ToolWindow, tools_max: int = TOOLS_MAX, only: str | None = None
) -> ToolList:
    """At most 200 tools, those with most calls that began within the time, or `only` that one.

    All statements must see the same moment.
    """
    times = (wanted.since_unix_nano, wanted.until_unix_nano, wanted.release, wanted.environment)
    reads = FigureReads(connection, wanted.project_id, *times)
    names = None if only is None else [only]
    calls = {
        name: found.sums[0] for (_, name, _), found in (await reads.sums(["tools"], names)).items() if found.sums[0]
    }
    shown = sorted(calls, key=lambda name: (-calls[name], name))[: min(tools_max, TOOLS_MAX)]
    figures = {name: found for (_, name, _), found in (await reads.whole(["tools"], shown)).items()}
    callers: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (_, both, _), found in (await reads.sums(["callers"], shown)).items():
        name, _, agent = both.rpartition(CALLED_BY)
        callers[name].append((-found.sums[0], agent))
    issues: dict[str, set[str]] = defaultdict(set)
    for _, about, _ in await reads.sums(["issues"]):
        finding = finding_name(about)
        if finding.sort != "loop":
            issues[finding.tool].add(finding.fingerprint)
    tools = [_stats(name, figures[name], sorted(callers[name]), len(issues[name])) for name in shown]
    return ToolList(tuple(tools), len(calls), sum(calls.values()))


def _stats(name: str, found: Figures, callers: list[tuple[int, str]], issues: int) -> ToolStats:
    calls, errors, soft_errors, unanswered, retries, traces, looping = found.sums
    p50, p95 = percentiles(found.durations, (0.5, 0.95))
    agents = tuple(agent for _, agent in callers)
    outcome = (calls, errors, soft_errors, unanswered, p50, p95, retries, traces)
    return ToolStats(name, *outcome, looping, agents, issues)
