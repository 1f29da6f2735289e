"""Figures of a group of traces: those of a release, an environment, an agent, or with a property."""

from dataclasses import dataclass, replace
from typing import Any

import psycopg

from trace_store.lists.overview import SQL as OVERVIEW_SQL
from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch

SQL = load("cohorts")
COHORT_TRACES_MAX = 20_000
COHORT_TOOLS_MAX = 100
RELEASES_MAX = 50


@dataclass(frozen=True, slots=True)
class CohortWindow:
    """Which traces of a project are looked at; times in Unix nanoseconds, `until` exclusive."""

    project_id: int
    since_unix_nano: int
    until_unix_nano: int
    by: str  # release, environment, service, user, agent, model, tool, property
    property: str = ""  # its name, where by is "property"


@dataclass(frozen=True, slots=True)
class CohortTool:
    """What became of the calls of a tool."""

    name: str
    calls: int
    failed: int
    p50_ns: int | None
    p95_ns: int | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """Figures of one group."""

    traces: int
    failed_traces: int  # with a failed span or call
    looping_traces: int
    tool_calls: int
    failed_calls: int  # errors and soft errors
    unanswered_calls: int
    p50_ns: int | None
    p95_ns: int | None
    tokens_p50: int | None
    tokens: int
    cost_nano_usd: int | None  # of the traces with a price
    priced_traces: int
    tools: tuple[CohortTool, ...] = ()
    tools_total: int = 0

    @property
    def is_cut(self) -> bool:
        """Older traces were not looked at."""
        return self.traces >= COHORT_TRACES_MAX


async def read_cohort(connection: psycopg.AsyncConnection[Any], window: CohortWindow, value: str) -> Cohort:
    """The newest 20,000 traces within the time that have this value."""
    asked: dict[str, Any] = {
        "project_id": window.project_id,
        "since": window.since_unix_nano,
        "until": window.until_unix_nano,
        "by": window.by,
        "property": window.property,
        "value": value,
        "traces_max": COHORT_TRACES_MAX,
        "tools_max": COHORT_TOOLS_MAX,
    }
    (figures,) = await plan_and_fetch(connection, SQL.cohort_figures, asked)
    tools = await plan_and_fetch(connection, SQL.cohort_tools, asked)
    total = tools[0][5] if tools else 0
    return replace(Cohort(*figures), tools=tuple(CohortTool(*row[:5]) for row in tools), tools_total=total)


async def newest_releases(connection: psycopg.AsyncConnection[Any], project_id: int) -> list[str]:
    """At most 50, the newest first."""
    asked = {"project_id": project_id, "limit": RELEASES_MAX}
    return [release for (release,) in await plan_and_fetch(connection, OVERVIEW_SQL.newest_releases, asked)]
