"""Reads what the start page tells of a project within a time, over whatever freely planned connection there is.

Whole days and hours come from roll-ups (`figure_reads.py`), the rest from the rows; nothing is sampled. Traces count
where they began, calls that failed where those began. With steps of less than an hour all is read as rows.
"""

from dataclasses import dataclass, field
from typing import Any

import psycopg

from trace_store.lists.issue_rows import Release
from trace_store.lists.issues import SQL as ISSUES
from trace_store.queries import load
from trace_store.rollups.figure_reads import FigureReads, Found
from trace_store.rollups.figures import Figures, percentiles
from trace_store.span_reads import plan_and_fetch

SQL = load("overview")
NANOSECONDS = 1_000_000_000
LOOPS_MAX = 5
MARKERS_MAX = 12
RELEASES_MAX = 50
ENVIRONMENT_TRACES_MAX = 10_000

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class OverviewWindow:
    """A project's time in steps; Unix nanoseconds, `until` exclusive. The first and last step may stick out of it."""

    project_id: int
    since_unix_nano: int
    until_unix_nano: int
    step_s: int
    release: str | None = None
    environment: str | None = None

    @property
    def origin_unix_nano(self) -> int:
        """Where the first step begins: a whole number of steps since 1970."""
        step_ns = self.step_s * NANOSECONDS
        return self.since_unix_nano // step_ns * step_ns

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return max(1, -(-(self.until_unix_nano - self.origin_unix_nano) // (self.step_s * NANOSECONDS)))


@dataclass(frozen=True, slots=True)
class TraceFigures:
    """Of the traces that began within a step, or the whole time."""

    traces: int = 0
    users: int = 0
    users_affected: int = 0  # with a trace in which a span or a tool call failed
    tool_calls: int = 0
    errors: int = 0  # explicit
    soft_errors: int = 0
    tokens: int = 0
    cost_nano_usd: int | None = None  # None: nothing has a price
    p50_ns: int | None = None  # of ended traces
    p95_ns: int | None = None


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """Of the loops that began within a step, or the whole time."""

    loops: int = 0
    wasted_calls: int = 0  # the repeats
    cost_nano_usd: int | None = None  # of the repeats; None: nothing of them has a price
    gave_up: int = 0


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed and unanswered calls of a step, or of the whole time: each counts once."""

    errors: int = 0
    in_loops: int = 0  # errors and soft errors that are part of a loop
    soft_errors: int = 0
    unanswered: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.errors + self.in_loops + self.soft_errors + self.unanswered


@dataclass(frozen=True, slots=True)
class LatestLoop:
    """One loop of the list."""

    trace_id: bytes
    first_call_key: str  # where it begins
    title: str
    start_unix_nano: int
    tools: list[str]
    iterations: int
    ended: str
    tokens: int | None
    cost_nano_usd: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class OverviewFigures:
    """Everything; tuples have one entry for each step."""

    window: OverviewWindow
    traces: TraceFigures
    traces_by_step: tuple[TraceFigures, ...]
    interactions_by_step: tuple[int, ...]
    failures_by_step: tuple[Failures, ...]
    loops_by_step: tuple[LoopFigures, ...]
    latest_loops: tuple[LatestLoop, ...] = ()
    markers: tuple[Release, ...] = ()  # releases that began within the time
    releases: tuple[str, ...] = field(default=())  # to choose from, the newest first
    environments: tuple[str, ...] = ()

    @property
    def interactions(self) -> int:
        """Of the whole time."""
        return sum(self.interactions_by_step)

    @property
    def failures(self) -> Failures:
        """Of the whole time."""
        steps = self.failures_by_step
        return Failures(
            sum(step.errors for step in steps),
            sum(step.in_loops for step in steps),
            sum(step.soft_errors for step in steps),
            sum(step.unanswered for step in steps),
        )

    @property
    def loops(self) -> LoopFigures:
        """Of the whole time."""
        steps = self.loops_by_step
        costs = [step.cost_nano_usd for step in steps if step.cost_nano_usd is not None]
        return LoopFigures(
            sum(step.loops for step in steps),
            sum(step.wasted_calls for step in steps),
            sum(costs) if costs else None,
            sum(step.gave_up for step in steps),
        )


async def read_overview(connection: Connection, window: OverviewWindow) -> OverviewFigures:
    """The figures of a time; all statements must see the same moment."""
    wanted = _parameters(window)
    times = (window.since_unix_nano, window.until_unix_nano, window.release, window.environment)
    reads = FigureReads(connection, window.project_id, *times)
    sorts = ("traces", "interactions", "findings", "loops")
    found = await reads.by_step(sorts, window.origin_unix_nano, window.step_s * NANOSECONDS)
    steps = range(window.steps)
    whole = Figures()
    for (sort, _, _), part in found.items():
        if sort == "traces":
            whole.add(part)
    latest = await plan_and_fetch(connection, SQL.latest_loops, wanted | {"limit": LOOPS_MAX})
    markers = await plan_and_fetch(connection, ISSUES.release_starts, wanted | {"limit": MARKERS_MAX})
    releases = await plan_and_fetch(connection, SQL.newest_releases, wanted | {"limit": RELEASES_MAX})
    recent = wanted | {"traces_max": ENVIRONMENT_TRACES_MAX}
    nothing = Figures()
    return OverviewFigures(
        window=window,
        traces=_traces(whole),
        traces_by_step=tuple(_traces(found.get(("traces", "", step), nothing)) for step in steps),
        interactions_by_step=tuple(sum(found.get(("interactions", "", step), nothing).sums) for step in steps),
        failures_by_step=tuple(_failures(found, step) for step in steps),
        loops_by_step=tuple(_loops(found.get(("loops", "", step), nothing)) for step in steps),
        latest_loops=tuple(LatestLoop(*row) for row in latest),
        markers=tuple(Release(*row) for row in markers if row[0]),
        releases=tuple(row[0] for row in releases),
        environments=tuple(row[0] for row in await plan_and_fetch(connection, SQL.recent_environments, recent)),
    )


def _traces(found: Figures) -> TraceFigures:
    if not found.sums:
        return TraceFigures()
    *counts, tokens, cost, priced = found.sums
    traces, tool_calls, errors, soft_errors = counts
    p50, p95 = percentiles(found.durations, (0.5, 0.95))
    users = (len(found.users), len(found.users_affected))
    money = cost if priced else None
    return TraceFigures(traces, *users, tool_calls, errors, soft_errors, tokens, money, p50, p95)


def _loops(found: Figures) -> LoopFigures:
    if not found.sums:
        return LoopFigures()
    loops, wasted_calls, cost, priced, gave_up = found.sums
    return LoopFigures(loops, wasted_calls, cost if priced else None, gave_up)


def _failures(found: Found, step: int) -> Failures:
    kinds = ("tool_error", "soft_error", "unanswered")
    alone, in_loops = zip(*(_pair(found.get(("findings", kind, step))) for kind in kinds), strict=True)
    return Failures(alone[0], sum(in_loops), alone[1], alone[2])


def _pair(found: Figures | None) -> tuple[int, int]:
    return (found.sums[0], found.sums[1]) if found else (0, 0)


def _parameters(window: OverviewWindow) -> dict[str, Any]:
    return {
        "project_id": window.project_id,
        "since": window.since_unix_nano,
        "until": window.until_unix_nano,
        "origin": window.origin_unix_nano,
        "step_ns": window.step_s * NANOSECONDS,
        "release": window.release,
        "environment": window.environment,
    }
