"""Issues on every tier: what is counted, what contradicts a person's word, and what stays."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conformance.conftest import Store
from tests.conformance.test_derived import tool_call, trace_row
from tool_errors.finding_rows import findings_of_rows
from tool_errors.issue_status import issue_status
from trace_store.claim import NewMark, Unit
from trace_store.connections import connect
from trace_store.derived_rows import LoopRow
from trace_store.flush import UNIT_TRACE
from trace_store.lists.issue_figures import IssueFigures
from trace_store.lists.issue_rows import IssueChange, IssueDetail, IssueFilter, IssueRow
from trace_store.lists.issues import change_issue, count_issues, rank_issues, read_issue
from trace_store.lists.trace_filter import Term, TraceFilter
from trace_store.stored import TraceKey
from trace_store.tiers import read_tier
from trace_store.upkeep.retention import drop_expired
from trace_store.work import WorkQueue

ALL = IssueFilter(1)
SECOND = 1_000_000_000


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    yield made
    await made.close()


async def fail(
    queue: WorkQueue,
    at: int,
    fingerprint: str = "f",
    user: str | None = None,
    release: str = "1",
    loops: int = 0,
    **fields: Any,
) -> bytes:
    """A trace with one failed call at a time, or with a loop."""
    trace = trace_row(start_unix_nano=at, end_unix_nano=at + 5, user_id=user, release=release, environment="prod")
    told = {"status": "error", "fingerprint": fingerprint, "error_type": "KeyError", "error_message": "date"}
    calls = [tool_call(trace.trace_id, "1", start_unix_nano=at, end_unix_nano=at + 1, **(told | fields))]
    found = [
        LoopRow(
            *(1, trace.trace_id, str(n), "cycle", ["a", "b"], 4, 4, ["1"] * 8, at, at + SECOND, 10, "l", "gave_up"),
            wasted_calls=6,
            wasted_ns=SECOND // 2,
        )
        for n in range(loops)
    ]
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, trace.trace_id))])
    async with queue.claim() as claim:
        findings = findings_of_rows([trace], calls, found)
        await claim.replace([TraceKey(1, trace.trace_id)], [trace], [], calls, found, findings)
    return trace.trace_id


async def ranked(store: Store, wanted: IssueFilter = ALL, order: str = "last_seen") -> list[IssueRow]:
    async with store.reader.freely_planned() as connection:
        rows, total = await rank_issues(IssueFigures(connection, wanted), order)
    assert total == len(rows)
    return rows


async def one(store: Store, fingerprint: str = "f", wanted: IssueFilter = ALL) -> IssueDetail | None:
    async with store.reader.freely_planned() as connection:
        return await read_issue(connection, wanted, fingerprint, time.time_ns())


async def say(store: Store, fingerprint: str = "f", **said: Any) -> bool:
    async with store.reader.freely_planned() as connection:
        return await change_issue(connection, 1, fingerprint, IssueChange(**said))


async def status(store: Store, fingerprint: str = "f") -> str:
    detail = await one(store, fingerprint)
    assert detail is not None
    return issue_status(detail.row, datetime.now(UTC))


async def test_issues_are_ordered_and_filtered(store: Store, queue: WorkQueue) -> None:
    now = time.time_ns()
    for age, user in ((9, "u"), (8, "u"), (7, None)):
        await fail(queue, now - age * SECOND, "often", user)
    await fail(queue, now - 6 * SECOND, "users", "a", name="mail", release="2")
    await fail(queue, now - 5 * SECOND, "users", "b", name="mail", release="2")
    await fail(queue, now - 4 * SECOND, "late", status="soft_error", loops=2)
    orders = {
        order: [row.fingerprint for row in await ranked(store, order=order)]
        for order in ("last_seen", "events", "users")
    }
    assert orders["last_seen"] == ["l", "late", "users", "often"]
    assert orders["events"] == ["often", "l", "users", "late"]
    assert orders["users"] == ["users", "often", "l", "late"]
    filters = {
        "late": IssueFilter(1, kind="soft_error"),
        "users": IssueFilter(1, tool="mail"),
        "l": IssueFilter(1, tool="b"),
        "often": IssueFilter(1, until_unix_nano=now - 7 * SECOND),
    }
    for expected, wanted in filters.items():
        assert [row.fingerprint for row in await ranked(store, wanted)] == [expected]
    assert [row.fingerprint for row in await ranked(store, IssueFilter(1, release="2", user_id="a"))] == ["users"]
    assert [row.fingerprint for row in await ranked(store, IssueFilter(1, text="AGAIN and"))] == ["l"]
    assert await ranked(store, IssueFilter(1, text="%")) == []
    assert await ranked(store, IssueFilter(1, environment="other")) == []
    assert await ranked(store, IssueFilter(2)) == []
    async with store.reader.freely_planned() as connection:
        counts = await count_issues(connection, ALL, ["often", "users"])
        figures = IssueFigures(connection, ALL)
        trends = await figures.trends(["often", "users"], now)
        met = await figures.met(["often", "users"], with_users=True)
    assert (counts["often"].users, counts["often"].traces, counts["users"].users) == (1, 3, 2)
    assert {name: users for name, (_, _, users) in met.items()} == {"often": 1, "users": 2}
    assert [sum(trends[name].counts) for name in ("often", "users")] == [3, 2]
    assert len(trends["often"].counts) == 24


async def test_an_issue_from_near(store: Store, queue: WorkQueue) -> None:
    now = time.time_ns()
    for age, user, release in ((900, "u", "1"), (600, "v", "2"), (300, "u", "2")):
        trace_id = await fail(queue, now - age * SECOND, user=user, release=release, loops=1, rule="error_key")
    detail = await one(store)
    assert detail is not None
    assert [(item.value, item.events, item.users) for item in detail.releases.values] == [("2", 2, 2), ("1", 1, 1)]
    assert [(item.value, item.events) for item in detail.users.values] == [("u", 2), ("v", 1)]
    assert ([item.value for item in detail.environments.values], detail.users.total) == (["prod"], 2)
    assert [release.name for release in detail.markers][-2:] == ["1", "2"]
    assert sum(detail.trend.counts) == 3
    assert (detail.row.first_release, detail.row.events, detail.trend.step_s) == ("1", 3, 3600)
    newest = detail.examples[0]
    assert (newest.finding.trace_id, newest.rule, newest.message, len(detail.examples)) == (
        *(trace_id, "error_key", "date", 3),
    )
    loop = await one(store, "l")
    assert loop is not None
    assert loop.waste is not None
    assert (loop.waste.loops, loop.waste.calls, loop.waste.seconds, loop.waste.tokens) == (3, 18, 1.5, 30)
    assert [(example.iterations, example.loop_kind, example.first_call_key) for example in loop.examples] == [
        (4, "cycle", "1")
    ] * 3
    assert await one(store, "unheard of") is None
    older = await one(store, wanted=IssueFilter(1, until_unix_nano=now - 3600 * SECOND))
    assert older is not None
    assert (older.row.events, older.examples, older.row.title) == (0, (), "KeyError: date")
    rows, _ = await store.reader.list_traces(TraceFilter(1, issue="l", terms=(Term("release", ("2",)),)))
    assert {row.release for row in rows} == {"2"}
    assert (await store.reader.list_traces(TraceFilter(1, issue="unheard of")))[0] == []
    assert (await store.reader.list_traces(TraceFilter(1, terms=(Term("tool", ("search",)),))))[0] == []


async def test_resolved_until_it_happens_again(store: Store, queue: WorkQueue) -> None:
    now = time.time_ns()
    await fail(queue, now - 5 * SECOND)
    assert await status(store) == "new"
    assert await say(store, status="resolved", note="fixed")
    assert await status(store) == "resolved"
    await fail(queue, now - 3 * SECOND)
    assert await status(store) == "resolved", "a late span of before is no regression"
    await fail(queue, time.time_ns() + SECOND)
    assert await status(store) == "regressed"
    assert await say(store, status="ongoing")
    assert await status(store) == "ongoing"
    detail = await one(store)
    assert detail is not None
    assert (detail.row.resolved_at, detail.row.note) == (None, "fixed")
    assert not await say(store, "unheard of", status="resolved")


async def test_resolved_in_a_release_goes_on_in_earlier_ones(store: Store, queue: WorkQueue) -> None:
    now = time.time_ns()
    later = now + 60 * SECOND
    await fail(queue, now - 9 * SECOND, release="1.9")
    await fail(queue, now - 8 * SECOND, "other", release="1.10")
    await say(store, status="resolved", resolved_in_release="1.11")
    for release in ("1.9", "1.10", "", "hotfix of 1.9"):
        await fail(queue, later, release=release)
        assert await status(store) == "resolved", release
    await fail(queue, later + 5 * SECOND, "other", release="1.11")
    assert await status(store) == "resolved"
    await fail(queue, later + 6 * SECOND, release="2")
    assert await status(store) == "regressed"
    await say(store, status="resolved", resolved_in_release="3")
    assert await status(store) == "resolved"
    await fail(queue, later + 7 * SECOND, release="3")
    assert await status(store) == "regressed"


async def test_ignored_until_enough_users(store: Store, queue: WorkQueue) -> None:
    await fail(queue, time.time_ns() - SECOND, user="before")
    await say(store, status="ignored", ignored_until_user_count=2)
    later = time.time_ns() + 60 * SECOND
    for number, user in enumerate(("before", "before", None)):
        await fail(queue, later + number, user=user)
    assert await status(store) == "ignored"
    await fail(queue, later + 5, user="second")
    assert await status(store) == "ongoing"
    await say(store, status="ignored")
    assert await status(store) == "ignored"


async def test_issues_outlive_their_findings(store: Store, queue: WorkQueue) -> None:
    await fail(queue, time.time_ns(), user="u", release="5")
    await say(store, assignee="Kim", note="known")
    await store.sql("UPDATE traces SET bucket_min = '2001-01-01', bucket_max = '2001-01-01'")
    async with await connect(store.conninfo, "test") as connection:
        tier = await read_tier(connection)
        assert tier is not None
        await connection.commit()
        await drop_expired(connection, tier, 30, datetime.now(UTC).date())
    assert await store.sql("SELECT count(*) FROM findings") == [(0,)]
    assert await ranked(store) == []
    detail = await one(store)
    assert detail is not None
    assert (detail.row.assignee, detail.row.note, detail.row.events, detail.examples) == ("Kim", "known", 0, ())
    assert await store.sql("SELECT release FROM releases") == [("5",)]


async def test_a_release_is_as_old_as_its_first_trace(store: Store, queue: WorkQueue) -> None:
    now = time.time_ns()
    for age in (1, 5, 3):
        await fail(queue, now - age, release="7")
    assert await store.sql("SELECT release, first_seen_unix_nano FROM releases") == [("7", now - 5)]
