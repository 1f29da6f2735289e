"""Facts of a trace are few parts, whatever it grew by, and what is read of them stays the same."""

from collections.abc import AsyncIterator, Sequence

import pytest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from tests.agent_run import attributes
from tests.conformance.conftest import Store
from tests.conformance.test_derived import put, trace_row
from tests.spans_made import NOW, envelope, new_id, span
from trace_store.buckets import DAY_NS
from trace_store.claim import NewMark, Unit
from trace_store.fact_rows import FactRow
from trace_store.fact_writer import SMALL_PARTS_MAX
from trace_store.flush import UNIT_TRACE
from trace_store.span_reads import tree_rows_of
from trace_store.stored import SpanRow, TraceKey, TreeRow
from trace_store.work import WorkQueue

PARTS = "SELECT bucket, span_count FROM fact_parts ORDER BY part_id"


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    yield made
    await made.close()


def facts(rows: Sequence[SpanRow], said: str, mapping_version: int = 1) -> list[FactRow]:
    return [FactRow(row, "tool", "otel_genai", mapping_version, 1, {"said": said}) for row in rows]


async def put_new(queue: WorkQueue, said: str, mapping_version: int = 1) -> list[SpanRow]:
    """What the processor does with new spans; returns their rows."""
    async with queue.claim() as claim:
        rows = [new.row for new in await claim.new_spans()]
        await claim.put_facts(facts(rows, said, mapping_version))
        await claim.tree_rows_by_trace(claim.traces)
    return rows


async def said(store: Store, trace: TraceKey) -> list[str | None]:
    (rows, _), outline = await store.reader.steps_of_traces([trace]), await store.reader.outline(trace)
    assert [(row.row, row.type, row.facts, row.service_name, row.release) for row in outline] == [
        (row.row, row.type, row.facts, row.service_name, row.release) for row in rows
    ]
    return [None if row.facts is None else row.facts["said"] for row in rows]


async def test_a_growing_trace_is_merged_when_it_has_many_parts_and_when_it_settles(
    store: Store, queue: WorkQueue
) -> None:
    trace = TraceKey(1, new_id(16))
    for number in range(SMALL_PARTS_MAX + 3):
        await store.commit(span(trace.trace_id, start_unix_nano=NOW + number))
        await put_new(queue, str(number))
    sizes = [count for _, count in await store.sql(PARTS)]
    assert sizes == [SMALL_PARTS_MAX + 1, 1, 1]
    numbers = [str(number) for number in range(SMALL_PARTS_MAX + 3)]
    assert await said(store, trace) == numbers
    await settle(store, queue, trace)
    assert [count for _, count in await store.sql(PARTS)] == [SMALL_PARTS_MAX + 3]
    assert await said(store, trace) == numbers


async def test_what_a_claim_has_at_hand_is_what_would_be_read(store: Store, queue: WorkQueue) -> None:
    names = Resource(attributes=attributes({"service.name": "shop", "service.version": "1.2"}))
    resource = envelope(names.SerializeToString())
    traces = [new_id(16), new_id(16)]
    sent = [span(traces[number % 40 == 0], resource=resource, start_unix_nano=NOW + number) for number in range(300)]
    await store.commit(*sent)
    await store.commit(*(span(traces[0], start_unix_nano=start) for start in (NOW - DAY_NS, NOW)))
    async with queue.claim() as claim:
        spans = await claim.new_spans()
        told = {"said": "x\0", "many": (1, float("nan")), "user_id": "u"}
        rows = [FactRow(each.row, "tool", "otel_genai", 1, 1, told) for each in spans if each.row.start_unix_nano % 5]
        parts = await claim.put_facts(rows)
        at_hand = tree_rows_of(claim.traces, spans, parts)
        read = await claim.tree_rows_by_trace(claim.traces)
        assert tree_rows_of(claim.traces[:1], spans, parts).keys() == set(claim.traces[:1])
    assert at_hand.keys() == read.keys() == {TraceKey(1, trace) for trace in traces}
    for trace, expected in read.items():
        assert sorted(at_hand[trace], key=_by_span) == sorted(expected, key=_by_span)
    assert {(row.service_name, row.release) for row in at_hand[TraceKey(1, traces[0])]} == {("shop", "1.2"), ("", "")}


def _by_span(row: TreeRow) -> bytes:
    return row.row.span_id


async def settle(store: Store, queue: WorkQueue, trace: TraceKey) -> None:
    """What the processor does with the facts of a trace that has come to rest."""
    ((first, last),) = await store.sql("SELECT min(bucket), max(bucket) FROM spans")
    await put(queue, trace_row(trace_id=trace.trace_id, bucket_min=first, bucket_max=last))
    async with queue.claim() as claim:
        await claim.merge_settled_facts([trace])


async def test_each_day_of_a_trace_has_parts_of_its_own(store: Store, queue: WorkQueue) -> None:
    trace = TraceKey(1, new_id(16))
    for _ in range(2):
        for start in (NOW - DAY_NS, NOW):
            await store.commit(span(trace.trace_id, start_unix_nano=start))
        await put_new(queue, "x")
    await settle(store, queue, trace)
    parts = await store.sql(PARTS)
    assert [count for _, count in parts] == [2, 2]
    assert len({bucket for bucket, _ in parts}) == 2
    assert await said(store, trace) == ["x"] * 4


async def test_a_version_that_was_replaced_is_left_out(store: Store, queue: WorkQueue) -> None:
    small = span()
    trace = TraceKey(1, small.trace_id)
    for version, name in enumerate(("first", "second")):
        await store.commit(small._replace(end_unix_nano=NOW + version, otlp=small.otlp + small.otlp * version))
        await put_new(queue, name)
    assert [count for _, count in await store.sql(PARTS)] == [1, 1]
    assert await said(store, trace) == ["second"]
    await settle(store, queue, trace)
    assert [count for _, count in await store.sql(PARTS)] == [1]
    assert await said(store, trace) == ["second"]


async def test_a_trace_that_is_made_anew_forgets_what_is_not_claimed_any_more(store: Store, queue: WorkQueue) -> None:
    trace = TraceKey(1, new_id(16))
    await store.commit(*(span(trace.trace_id, start_unix_nano=NOW + number) for number in range(3)))
    rows = sorted(await put_new(queue, "old", 3), key=lambda row: row.start_unix_nano)
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, trace.trace_id))])
    async with queue.claim() as claim:
        await claim.drop_facts([trace], 2, 9)
        await claim.put_facts(facts(rows[:1], "older rules", 2))
    assert await said(store, trace) == ["old", "old", "old"]
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, trace.trace_id))])
    async with queue.claim() as claim:
        await claim.drop_facts([trace], 3, 1)
        await claim.put_facts(facts(rows[:1], "anew", 3))
    assert await said(store, trace) == ["anew", None, None]
    assert [count for _, count in await store.sql(PARTS)] == [1]
