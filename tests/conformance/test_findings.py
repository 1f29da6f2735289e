"""Findings follow the rows of their trace; what is known of an issue only grows."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.conformance.conftest import Store
from tests.conformance.test_derived import tool_call, trace_row
from tests.spans_made import NOW
from tool_errors.finding_rows import findings_of_rows
from trace_store.claim import NewMark, Unit
from trace_store.derived_rows import ToolCallRow, TraceRow
from trace_store.flush import UNIT_TRACE
from trace_store.stored import TraceKey
from trace_store.work import WorkQueue

FINDINGS = "SELECT finding_key, kind, title FROM findings ORDER BY finding_key"
ISSUES = "SELECT fingerprint, first_seen_unix_nano, first_release, title, status FROM issue_states ORDER BY fingerprint"


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    yield made
    await made.close()


async def put(queue: WorkQueue, trace: TraceRow, *calls: ToolCallRow) -> None:
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, trace.trace_id))])
    async with queue.claim() as claim:
        key = TraceKey(1, trace.trace_id)
        await claim.replace([key], [trace], [], calls, [], findings_of_rows([trace], calls, []))


async def test_findings_come_stay_and_go_with_their_calls(store: Store, queue: WorkQueue) -> None:
    trace = trace_row()
    failed = tool_call(trace.trace_id, "1", status="error", error_type="KeyError", error_message="x", fingerprint="f")
    asked = tool_call(trace.trace_id, "2", status="unanswered", name="mail")
    await put(queue, trace, failed, asked, tool_call(trace.trace_id, "3"))
    assert await store.sql(FINDINGS) == [
        ("call:1", "tool_error", "KeyError: x"),
        ("call:2", "unanswered", "mail was asked for and never answered"),
    ]
    found_at = "SELECT found_at FROM findings WHERE finding_key = 'call:1'"
    before = await store.sql(found_at)
    await put(queue, trace, failed, replace(asked, status="ok"))
    assert [key for key, *_ in await store.sql(FINDINGS)] == ["call:1"]
    assert await store.sql(found_at) == before, "a row that did not change is not written again"
    await put(queue, trace)
    assert await store.sql(FINDINGS) == []


async def test_an_issue_is_as_old_as_its_earliest_occurrence(store: Store, queue: WorkQueue) -> None:
    for age, release in ((0, "2"), (5, "1"), (3, "1.5")):
        trace = trace_row(release=release)
        at = NOW - age
        fields = {"status": "soft_error", "fingerprint": "f", "error_message": f"m{age}", "start_unix_nano": at}
        await put(queue, trace, tool_call(trace.trace_id, "1", **fields))
    assert await store.sql(ISSUES) == [("f", NOW - 5, "1", "m5", "open")]
    await store.sql("UPDATE issue_states SET status = 'ignored'")
    trace = trace_row()
    await put(queue, trace, tool_call(trace.trace_id, "1", status="error", fingerprint="f", start_unix_nano=NOW - 9))
    assert [(row[1], row[4]) for row in await store.sql(ISSUES)] == [(NOW - 9, "ignored")]


async def test_findings_say_whom_they_met(store: Store, queue: WorkQueue) -> None:
    trace = trace_row(user_id="u\0", conversation_id="c", interaction_ids=["i", "j"], environment="prod", release="7")
    calls = [
        tool_call(
            trace.trace_id, "1", status="error", fingerprint="f", interaction_id="j", span_id=None, asked_by=b"\1" * 8
        ),
        tool_call(trace.trace_id, "2", status="error", fingerprint="g", propagated_from=b"\1" * 8),
        tool_call(trace.trace_id, "3", status="unanswered", group_says={"is_told_elsewhere": True}),
    ]
    await put(queue, trace, *calls)
    columns = "finding_key, user_id, conversation_id, interaction_id, environment, release, span_id, fingerprint"
    assert await store.sql(f"SELECT {columns} FROM findings") == [
        ("call:1", "u\u2400", "c", "j", "prod", "7", b"\1" * 8, "f")
    ]


async def test_an_issue_is_the_same_whichever_of_its_traces_comes_first(store: Store, queue: WorkQueue) -> None:
    """Two occurrences at one time, and a later one, in every order; each again at the end."""
    traces = [trace_row(release=release) for release in ("2", "1", "3")]
    told = []
    for number, order in enumerate(itertools.permutations(range(3))):
        for index in (*order, *order):
            at = NOW + (index == 2)
            fields = {"fingerprint": f"f{number}", "error_message": f"m{index}", "start_unix_nano": at}
            key = traces[index].trace_id[:-1] + bytes([number])
            trace = replace(traces[index], trace_id=key)
            await put(queue, trace, tool_call(key, "1", status="error", **fields))
        told.append((await store.sql(ISSUES))[-1][1:])
    assert told == [(NOW, "1", "m1", "open")] * 6
    assert len(await store.sql(FINDINGS)) == 18
