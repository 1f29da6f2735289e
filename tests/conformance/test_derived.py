"""Derived rows: replaced by difference, listed newest first."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.conftest import Store
from tests.spans_made import NOW, new_id
from trace_store.buckets import DAY_NS, date_of
from trace_store.claim import NewMark, Unit
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.derived_tables import LLM_CALLS, TOOL_CALLS, TRACE_LINKS, TRACES
from trace_store.flush import UNIT_TRACE
from trace_store.interactions.interaction_tables import CONVERSATIONS, EVENT_LINKS, INTERACTIONS, USERS
from trace_store.lists.trace_filter import Term, TraceFilter
from trace_store.migrate import schema_version
from trace_store.stored import TraceKey
from trace_store.work import WorkQueue

HOUR_NS = 3_600_000_000_000
TODAY = date_of(NOW // DAY_NS)
ALL = TraceFilter(1)


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    yield made
    await made.close()


def trace_row(number: int = 0, **fields: Any) -> TraceRow:
    row = TraceRow(1, new_id(16), NOW + number, NOW + number + 5, TODAY, TODAY, False, None, "root", "svc", "1", 3, 1)
    return replace(row, **fields)


def tool_call(trace_id: bytes, key: str, **fields: Any) -> ToolCallRow:
    times = (NOW, NOW + 1)
    row = ToolCallRow(1, trace_id, key, b"\1" * 8, None, None, *times, "search", "ok", "span_status", "status", False)
    return replace(row, **fields)


async def put(queue: WorkQueue, *rows: TraceRow, tool_calls: tuple[ToolCallRow, ...] = ()) -> None:
    keys = [TraceKey(row.project_id, row.trace_id) for row in rows]
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, row.trace_id)) for row in rows])
    async with queue.claim() as claim:
        await claim.replace(keys, rows, [], tool_calls, [])


async def test_rows_come_back_as_they_went(store: Store, queue: WorkQueue) -> None:
    row = trace_row(
        agents=["a", 'b"\\,{}'], tools=["\0"], conversation_id="c\\u0000", input_preview="{", cached_tokens=2**60
    )
    trace = TraceKey(1, row.trace_id)
    llm = LlmCallRow(1, row.trace_id, b"\1" * 8, NOW, "gpt", None, 5, None)
    call = tool_call(row.trace_id, "0101", arguments_digest=b"\0\xff", error_message="x\ny\t\u2028")
    loop = LoopRow(1, row.trace_id, "l", "same", ["a"], 3, 3, ["0101"], NOW, NOW, None, "f", "gave_up")
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, row.trace_id))])
    async with queue.claim() as claim:
        await claim.replace([trace], [row], [llm], [call], [loop])
    assert await store.reader.trace_row(trace) == replace(row, tools=["\u2400"])
    assert await store.reader.llm_calls(trace) == [llm]
    assert await store.reader.tool_calls(trace) == [call]
    assert await store.reader.loops(trace) == [loop]


async def test_only_rows_that_differ_are_written(store: Store, queue: WorkQueue) -> None:
    row = trace_row()
    calls = [tool_call(row.trace_id, f"{i:04}") for i in range(4)]
    await put(queue, row, tool_calls=tuple(calls))
    places = "SELECT call_key, ctid::text, xmin::text FROM tool_calls ORDER BY call_key"
    before = await store.sql(places)
    changed = [calls[0], replace(calls[1], status="error"), calls[3], tool_call(row.trace_id, "0009")]
    await put(queue, row, tool_calls=tuple(changed))
    after = await store.sql(places)
    assert [key for key, *_ in after] == ["0000", "0001", "0003", "0009"]
    assert set(before) & set(after) == {before[0], before[3]}
    await put(queue, row, tool_calls=tuple(changed))
    assert await store.sql(places) == after


async def test_an_update_writes_every_column(store: Store) -> None:
    tables = (TRACES, LLM_CALLS, TOOL_CALLS, TRACE_LINKS, EVENT_LINKS, INTERACTIONS, USERS, CONVERSATIONS)
    for table in tables:
        update = (table.update_query or b"").decode()
        name, written = re.findall(r"UPDATE (\w+) AS old\s+SET \((.*?)\)", update, re.DOTALL)[0]
        columns = await store.sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", [name]
        )
        key = set(re.findall(r"old\.(\w+)", update))
        assert sorted([*key, *written.replace("\n", " ").split(", ")]) == sorted(column for (column,) in columns)
        assert {"project_id", table.unit, *table.key} <= key


async def test_a_row_that_changes_marks_the_hours_where_it_was(store: Store, queue: WorkQueue) -> None:
    row = trace_row()
    await put(queue, row, tool_calls=(call := tool_call(row.trace_id, "0001"),))
    ((hour,),) = await store.sql("SELECT start_unix_nano / 3600000000000 FROM traces")
    later: dict[str, Any] = {"start_unix_nano": NOW + 5 * HOUR_NS, "end_unix_nano": NOW + 5 * HOUR_NS}
    moved, called = replace(row, **later, models=["a", "b"]), replace(call, **later)
    for trace, calls in ((moved, (call,)), (moved, (called,))):  # first the trace, then its call
        await store.sql("DELETE FROM dirty_hours")
        await put(queue, trace, tool_calls=calls)
        assert await store.sql("SELECT DISTINCT hour FROM dirty_hours ORDER BY hour") == [(hour,), (hour + 5,)]
    assert await store.reader.trace_row(TraceKey(1, row.trace_id)) == moved


async def test_a_trace_without_a_row_leaves_the_lists(store: Store, queue: WorkQueue) -> None:
    row = trace_row()
    await put(queue, row, tool_calls=(tool_call(row.trace_id, "0001"),))
    trace = TraceKey(1, row.trace_id)
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, row.trace_id))])
    async with queue.claim() as claim:
        assert await claim.trace_rows() == [row]
        await claim.replace([trace], [], [], [], [])
    assert await store.reader.list_traces(ALL) == ([], None)
    assert await store.reader.tool_calls(trace) == []


async def test_pages_follow_each_other_without_gap_or_repeat(store: Store, queue: WorkQueue) -> None:
    rows = [trace_row(number // 3) for number in range(20)]  # several with the same start
    await put(queue, *rows)
    seen, cursor = await store.reader.list_traces(ALL, limit=7)
    while cursor is not None:
        page, cursor = await store.reader.list_traces(ALL, cursor, limit=7)
        seen += page
    assert [row.trace_id for row in seen] == [
        row.trace_id for row in sorted(rows, key=lambda row: (row.start_unix_nano, row.trace_id), reverse=True)
    ]


async def test_filters(store: Store, queue: WorkQueue) -> None:
    rows = {
        "plain": trace_row(1, search_text="book 100% of_a \\ flight"),
        "failed": trace_row(2, error_count=1, search_text="100 percent ofxa"),
        "soft": trace_row(3, soft_error_count=1),
        "span": trace_row(4, failed_span_count=1),
        "loop": trace_row(5, loop_count=2, conversation_id="é" * 300),
        "other": trace_row(6, project_id=2, search_text="flight"),
    }
    await put(queue, *rows.values())
    names = {row.trace_id: name for name, row in rows.items()}

    async def found(**fields: Any) -> list[str]:
        page, cursor = await store.reader.list_traces(replace(ALL, **fields))
        assert cursor is None
        return [names[row.trace_id] for row in page]

    assert await found() == ["loop", "span", "soft", "failed", "plain"]
    assert await found(terms=(Term("", ("100% OF_A",)),)) == ["plain"]
    assert await found(terms=(Term("", ("\\",)),)) == ["plain"]
    assert await found(errors_only=True) == ["span", "soft", "failed"]
    assert await found(loops_only=True) == ["loop"]
    assert await found(errors_only=True, terms=(Term("", ("ofxa",)),)) == ["failed"]
    assert await found(since_unix_nano=NOW + 2, until_unix_nano=NOW + 4) == ["soft", "failed"]
    assert await found(conversation_id="é" * 300) == ["loop"]
    assert await found(conversation_id="é" * 299) == []
    assert await found(project_id=2) == ["other"]


async def test_stats(store: Store, queue: WorkQueue) -> None:
    await put(queue, trace_row(), trace_row())
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, new_id(16)), delay_s=-5)])
    stats = await store.reader.stats()
    assert (stats.spans, stats.traces, stats.dirty) == (0, 2, 1)
    assert 5 <= stats.derive_lag_s < 60
    assert stats.database.schema_version == schema_version()
    assert stats.database.size_bytes > 0
    assert stats.database.tier.label
    assert (stats.database.timescaledb_version is not None) == stats.database.tier.has_hypertables
