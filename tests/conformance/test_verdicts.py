"""What people say of findings takes them out whenever they are derived, and lets them back in."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conformance.conftest import Store
from tests.conformance.test_derived import tool_call, trace_row
from tool_errors.finding_rows import findings_of_rows
from trace_store.claim import NewMark, Unit
from trace_store.connections import connect
from trace_store.derived_rows import ToolCallRow, TraceRow
from trace_store.flush import UNIT_TRACE
from trace_store.lists.verdicts import measured_precision, newest_verdicts, say, take_back
from trace_store.stored import TraceKey
from trace_store.upkeep.erase import erase_trace
from trace_store.work import WorkQueue

FINDINGS = "SELECT finding_key FROM findings ORDER BY trace_id, finding_key"
DISMISSED = "SELECT finding_key FROM dismissed_findings ORDER BY trace_id, finding_key"


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    yield made
    await made.close()


async def put(queue: WorkQueue, trace: TraceRow, *calls: ToolCallRow) -> TraceKey:
    """The trace as a processor writes it, as often as it is marked."""
    key = TraceKey(1, trace.trace_id)
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, trace.trace_id))])
    async with queue.claim() as claim:
        await claim.replace([key], [trace], [], calls, [], findings_of_rows([trace], calls, []))
    return key


async def told(store: Store, trace: TraceKey, key: str, verdict: str, **more: Any) -> bool:
    async with await connect(store.conninfo, "test") as connection, connection.transaction():
        return await say(connection, trace, key, verdict, **more)


async def test_a_verdict_takes_a_finding_out_and_another_lets_it_in(store: Store, queue: WorkQueue) -> None:
    trace = trace_row()
    calls = [tool_call(trace.trace_id, n, status="error", rule="status", fingerprint="f") for n in ("1", "2\0/x")]
    key = await put(queue, trace, *calls)
    assert await told(store, key, "call:3", "not_an_error") is False
    assert await told(store, key, "call:2\u2400/x", "not_an_error", note="as asked", said_by="Kim")
    marks = await store.sql("SELECT unit_id FROM dirty_marks")
    assert marks == [(trace.trace_id,)]
    for _ in range(2):
        await put(queue, trace, *calls)
        assert (await store.sql(FINDINGS), await store.sql(DISMISSED)) == ([("call:1",)], [("call:2\u2400/x",)])
    assert await told(store, key, "call:2\u2400/x", "right")
    await put(queue, trace, *calls)
    assert [row[0] for row in await store.sql(FINDINGS)] == ["call:1", "call:2\u2400/x"]
    async with await connect(store.conninfo, "test") as connection:
        ((verdict,), total) = await newest_verdicts(connection, 1)
        assert (verdict.verdict, verdict.rule, verdict.fingerprint, total) == ("right", "status", "f", 1)
        (measured,) = await measured_precision(connection, 1)
        assert (measured.kind, measured.rule, measured.right, measured.looked_at) == ("tool_error", "status", 1, 1)


async def test_a_verdict_on_an_issue_meets_every_trace_old_and_new(store: Store, queue: WorkQueue) -> None:
    traces = [trace_row() for _ in range(3)]
    calls = [tool_call(trace.trace_id, "1", status="error", rule="status", fingerprint="f") for trace in traces]
    keys = [await put(queue, trace, call) for trace, call in zip(traces[:2], calls[:2], strict=True)]
    assert await told(store, keys[0], "call:1", "not_an_error", is_of_issue=True)
    assert {row[0] for row in await store.sql("SELECT unit_id FROM dirty_marks")} == {t.trace_id for t in traces[:2]}
    for trace, call in zip(traces, calls, strict=True):
        await put(queue, trace, call)
    assert (len(await store.sql(FINDINGS)), len(await store.sql(DISMISSED))) == (0, 3)
    assert await told(store, keys[1], "call:1", "right"), "what is said of one goes before what is said of all"
    await put(queue, traces[1], calls[1])
    assert len(await store.sql(FINDINGS)) == 1
    async with await connect(store.conninfo, "test") as connection, connection.transaction():
        assert await take_back(connection, keys[0], "call:1", is_of_issue=True)
        assert not await take_back(connection, keys[0], "call:1", is_of_issue=True)
    for trace, call in zip(traces, calls, strict=True):
        await put(queue, trace, call)
    assert (len(await store.sql(FINDINGS)), len(await store.sql(DISMISSED))) == (3, 0)


async def test_what_is_erased_keeps_no_verdict(store: Store, queue: WorkQueue) -> None:
    trace = trace_row()
    key = await put(queue, trace, tool_call(trace.trace_id, "1", status="error", fingerprint="f"))
    await told(store, key, "call:1", "not_an_error")
    await put(queue, trace, tool_call(trace.trace_id, "1", status="error", fingerprint="f"))
    await erase_trace(store.conninfo, key)
    assert await store.sql("SELECT trace_id FROM verdicts UNION ALL SELECT trace_id FROM dismissed_findings") == []
