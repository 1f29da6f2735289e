"""Reads issues and keeps what people say of them; over whatever connection the caller holds, planned freely."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import psycopg
from psycopg.rows import class_row

from trace_store.finding_rows import FindingRow
from trace_store.lists.issue_figures import IssueFigures, Met, issues_of_rows, window_parameters
from trace_store.lists.issue_rows import (
    Example,
    FailingCall,
    IssueChange,
    IssueCounts,
    IssueDetail,
    IssueFilter,
    IssueRow,
    LoopWaste,
    Release,
    Top,
    Trend,
    ValueCount,
)
from trace_store.lists.list_text import like_pattern
from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch

SQL = load("issues")
ISSUES_MAX = 10_000  # of one list, before statuses are looked at
EXAMPLES_MAX = 20
CALLS_MAX = 200  # of an issue whose arguments are looked at
VALUES_MAX = 20
MARKERS_MAX = 12
HOUR_S, DAY_S = 3600, 86_400
HOURLY_UP_TO_S = 3 * DAY_S
STEPS_MIN, STEPS_MAX = 24, 400  # of a trend; more than a year of days
NANOSECONDS = 1_000_000_000

Connection = psycopg.AsyncConnection[Any]
_ISSUE_COLUMNS = len(fields(IssueRow))
_FINDING_COLUMNS = len(fields(FindingRow))


async def rank_issues(figures: IssueFigures, order: str = "last_seen") -> tuple[list[IssueRow], int]:
    """At most 10,000 issues with events in the window, by `last_seen`, `events` or `users`, and how many there are."""
    met = await figures.met(with_users=order == "users")
    return await _ranked(figures.connection, figures.wanted, met, order)


async def _ranked(
    connection: Connection, wanted: IssueFilter, met: Met, order: str = "last_seen"
) -> tuple[list[IssueRow], int]:
    events, last_seen, users = map(list, zip(*met.values(), strict=True)) if met else ([], [], [])
    counted = {"fingerprints": list(met), "events": events, "last_seen": last_seen, "users": users}
    asked: dict[str, Any] = {"project_id": wanted.project_id, "order": order, "limit": ISSUES_MAX}
    asked |= {"kind": wanted.kind, "tool": wanted.tool, "pattern": like_pattern(wanted.text)}
    rows = await plan_and_fetch(connection, SQL.rank_issues, asked | counted)
    return [IssueRow(*row[:_ISSUE_COLUMNS]) for row in rows], rows[0][_ISSUE_COLUMNS] if rows else 0


async def count_issues(
    connection: Connection, wanted: IssueFilter, fingerprints: Sequence[str]
) -> dict[str, IssueCounts]:
    """Whom these issues met within the window; reads every event of them."""
    await connection.execute(SQL.count_in_memory)
    parameters = window_parameters(wanted) | {"fingerprints": list(fingerprints)}
    return {row[0]: IssueCounts(*row[1:]) for row in await plan_and_fetch(connection, SQL.issue_counts, parameters)}


async def read_issue(
    connection: Connection, wanted: IssueFilter, fingerprint: str, until_unix_nano: int
) -> IssueDetail | None:
    """One issue; None when it was never seen. Its trend has hours, or days when the window is longer than three."""
    one = window_parameters(wanted) | {"fingerprint": fingerprint}
    ranked, _ = await _ranked(connection, wanted, await issues_of_rows(connection, wanted, [fingerprint]))
    row = ranked[0] if ranked else await _state(connection, wanted, one)
    if row is None:
        return None
    counts = (await count_issues(connection, wanted, [fingerprint])).get(fingerprint, IssueCounts())
    (first,) = (await plan_and_fetch(connection, SQL.first_finding, one))[0]
    since = wanted.since_unix_nano if wanted.since_unix_nano is not None else first or until_unix_nano
    step_s = HOUR_S if until_unix_nano - since <= HOURLY_UP_TO_S * NANOSECONDS else DAY_S
    last = until_unix_nano // (step_s * NANOSECONDS)
    steps = min(max(last - since // (step_s * NANOSECONDS) + 1, STEPS_MIN), STEPS_MAX)
    origin = last - steps + 1
    start = origin * step_s * NANOSECONDS
    within = one | {"since": start, "until": until_unix_nano, "limit": MARKERS_MAX}
    markers = tuple(Release(*found) for found in await plan_and_fetch(connection, SQL.release_starts, within))
    return IssueDetail(
        row=row,
        counts=counts,
        trend=await _trend(connection, one, start, step_s, steps),
        releases=await _top(connection, one, "release"),
        users=await _top(connection, one, "user_id"),
        environments=await _top(connection, one, "environment"),
        markers=markers,
        examples=await _examples(connection, one),
        waste=await _waste(connection, one) if row.kind == "loop" else None,
        calls=() if row.kind == "loop" else await _calls(connection, one),
    )


async def change_issue(connection: Connection, project_id: int, fingerprint: str, change: IssueChange) -> bool:
    """Keeps what a person says; False when the issue was never seen."""
    parameters = {field.name: getattr(change, field.name) for field in fields(change)}
    parameters |= {"project_id": project_id, "fingerprint": fingerprint}
    return bool(await plan_and_fetch(connection, SQL.change_issue, parameters))


async def _state(connection: Connection, wanted: IssueFilter, one: dict[str, Any]) -> IssueRow | None:
    """An issue without an event in the window; what stands against a person's word is asked without one."""
    ever = IssueFilter(wanted.project_id)
    anywhere, _ = await _ranked(connection, ever, await issues_of_rows(connection, ever, [one["fingerprint"]]))
    if anywhere:
        return replace(anywhere[0], events=0, last_seen_unix_nano=0)
    async with connection.cursor(binary=True, row_factory=class_row(IssueRow)) as cursor:
        await cursor.execute(SQL.issue_state, one)
        return await cursor.fetchone()


async def _trend(connection: Connection, one: dict[str, Any], origin: int, step_s: int, steps: int) -> Trend:
    counts = [0] * steps
    of_steps = {"origin": origin, "since": origin, "step_ns": step_s * NANOSECONDS}
    for step, events in await plan_and_fetch(connection, SQL.issue_trend, one | of_steps):
        counts[min(step, steps - 1)] += events
    return Trend(origin, step_s, tuple(counts))


async def _top(connection: Connection, one: dict[str, Any], column: str) -> Top:
    rows = await plan_and_fetch(connection, SQL.issue_values, one | {"column": column, "limit": VALUES_MAX})
    return Top(tuple(ValueCount(*row[:5]) for row in rows), rows[0][5] if rows else 0)


async def _examples(connection: Connection, one: dict[str, Any]) -> tuple[Example, ...]:
    rows = await plan_and_fetch(connection, SQL.issue_examples, one | {"limit": EXAMPLES_MAX})
    return tuple(Example(FindingRow(*row[:_FINDING_COLUMNS]), *row[_FINDING_COLUMNS:]) for row in rows)


async def _calls(connection: Connection, one: dict[str, Any]) -> tuple[FailingCall, ...]:
    rows = await plan_and_fetch(connection, SQL.issue_calls, one | {"limit": CALLS_MAX})
    return tuple(FailingCall(*row) for row in rows)


async def _waste(connection: Connection, one: dict[str, Any]) -> LoopWaste:
    return LoopWaste(*(await plan_and_fetch(connection, SQL.issue_waste, one))[0])
