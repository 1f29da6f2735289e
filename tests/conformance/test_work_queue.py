"""The processor's queue: every mark leads to exactly one committed derivation, whoever claims, dies or arrives late."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conformance.conftest import Store
from tests.spans_made import NOW, log, new_id, span
from trace_store.claim import NewMark, Unit
from trace_store.exceptions import StoreUnavailable
from trace_store.fact_rows import FactRow
from trace_store.flush import UNIT_CONVERSATION, UNIT_LOG_BATCH, UNIT_TRACE
from trace_store.stored import TraceKey
from trace_store.work import WorkQueue

MARKS = "SELECT count(*) FROM dirty_marks"


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    await made.open()
    yield made
    await made.close()


def trace_unit(trace_id: bytes) -> Unit:
    return Unit(1, UNIT_TRACE, trace_id)


async def test_a_claim_sees_the_new_spans_and_takes_its_marks_away(store: Store, queue: WorkQueue) -> None:
    first, second = span(), span()
    await store.commit(first, second)
    async with queue.claim() as claim:
        assert set(claim.traces) == {TraceKey(1, first.trace_id), TraceKey(1, second.trace_id)}
        assert {new.otlp for new in await claim.new_spans()} == {first.otlp, second.otlp}
    assert await store.sql(MARKS) == [(0,)]
    async with queue.claim() as claim:
        assert claim.marks == {}


async def test_only_what_arrived_since_is_new(store: Store, queue: WorkQueue) -> None:
    trace_id = new_id(16)
    await store.commit(span(trace_id))
    async with queue.claim():
        pass
    late = span(trace_id, start_unix_nano=NOW + 1)
    await store.commit(late)
    async with queue.claim() as claim:
        assert [new.otlp for new in await claim.new_spans()] == [late.otlp]
        assert len(await claim.tree_rows()) == 2
        assert len(await claim.stored_spans(claim.traces)) == 2


async def test_an_exception_leaves_every_mark(store: Store, queue: WorkQueue) -> None:
    await store.commit(span(), span())
    with pytest.raises(RuntimeError, match="bug"):
        async with queue.claim():
            raise RuntimeError("bug")
    assert await store.sql(MARKS) == [(2,)]


async def test_two_claimers_share_no_unit_and_miss_none(store: Store, queue: WorkQueue) -> None:
    traces = {new_id(16) for _ in range(30)}
    await store.commit(*(span(trace_id) for trace_id in traces))
    other = WorkQueue(store.conninfo)
    async with queue.claim(units_max=10) as first, other.claim(units_max=10) as second:
        assert (len(first.traces), len(second.traces)) == (10, 10)  # and the second is not kept waiting by the first
    async with queue.claim(units_max=10) as third:
        assert {key.trace_id for key in first.traces + second.traces + third.traces} == traces
    assert await store.sql(MARKS) == [(0,)]
    await other.close()


async def test_a_mark_that_arrives_during_a_claim_survives_it(store: Store, queue: WorkQueue) -> None:
    trace_id = new_id(16)
    await store.commit(span(trace_id))
    late = span(trace_id, start_unix_nano=NOW + 1)
    async with queue.claim():
        await asyncio.wait_for(store.commit(late), 60)  # a derivation never makes a client wait
    async with queue.claim() as claim:
        assert [new.otlp for new in await claim.new_spans()] == [late.otlp]


async def test_marks_wait_for_their_time_and_are_taken_with_due_ones(store: Store, queue: WorkQueue) -> None:
    trace_id = new_id(16)
    await store.commit(span(trace_id))
    async with queue.claim() as claim:
        await claim.add_marks([NewMark(trace_unit(trace_id), delay_s=3600)])
    async with queue.claim() as claim:
        assert claim.marks == {}
    assert (await store.reader.stats()).dirty == 0
    await store.commit(span(trace_id, start_unix_nano=NOW + 1))
    async with queue.claim() as claim:
        assert [len(marks) for marks in claim.marks.values()] == [2]
    assert await store.sql(MARKS) == [(0,)]


async def test_a_mark_without_a_blob_makes_the_whole_unit_new(store: Store, queue: WorkQueue) -> None:
    spans = [span(trace_id := new_id(16)), span(trace_id)]
    await store.commit(*spans)
    async with queue.claim():
        pass
    await queue.mark([NewMark(trace_unit(trace_id)), NewMark(Unit(1, UNIT_CONVERSATION, "c\0é".encode()))])
    async with queue.claim() as claim:
        assert {new.otlp for new in await claim.new_spans()} == {sent.otlp for sent in spans}
        assert {unit.unit_id for unit in claim.marks} == {trace_id, "c\0é".encode()}


async def test_a_log_record_brings_back_its_span(store: Store, queue: WorkQueue) -> None:
    trace_id = new_id(16)
    told, other = span(trace_id), span(trace_id)
    await store.commit(told, other)
    async with queue.claim():
        pass
    record = log(trace_id, span_id=told.span_id)
    await store.commit(record, log())
    async with queue.claim() as claim:
        new = await claim.new_spans()
        assert [found.otlp for found in new] == [told.otlp]
        assert [found.otlp for found in await claim.logs(new)] == [record.otlp]
        assert sorted(unit.kind for unit in claim.marks) == [UNIT_TRACE, UNIT_LOG_BATCH]


async def test_an_id_that_is_too_long_for_the_queue_is_refused(queue: WorkQueue) -> None:
    with pytest.raises(ValueError, match="1024 bytes"):
        await queue.mark([NewMark(Unit(1, UNIT_CONVERSATION, b"x" * 1025))])


async def test_facts_come_back_as_they_went(store: Store, queue: WorkQueue) -> None:
    await store.commit(span())
    facts = {"text": "a\0\\u0000\\\0", "deep": {"list": [1, 2.5, None, True, "é\u2028"]}}
    async with queue.claim() as claim:
        (new,) = await claim.new_spans()
        await claim.put_facts([FactRow(new.row, "tool", "otel_genai", 1, 2, facts)])
        (row,) = await claim.tree_rows()
    assert (row.type, row.dialect) == ("tool", "otel_genai")
    assert row.facts == facts | {"text": "a\u2400\\u0000\\\u2400"}


async def test_facts_of_an_older_version_never_cover_a_newer_one(store: Store, queue: WorkQueue) -> None:
    small = span(otlp=b"a")
    large = small._replace(end_unix_nano=NOW + 2_000_000_000, otlp=b"b")
    await store.commit(small)
    async with queue.claim() as claim:
        (old,) = await claim.new_spans()
        await claim.put_facts([FactRow(old.row, "tool", "d", 1, 1, {"name": "old"})])
    await store.commit(large)
    assert (await store.reader.outline(TraceKey(1, small.trace_id)))[0].type is None
    async with queue.claim() as claim:
        (new,) = await claim.new_spans()
        await claim.put_facts([FactRow(new.row, "tool", "d", 2, 1, {"name": "new"})])
        await claim.put_facts([FactRow(old.row, "tool", "d", 9, 9, {"name": "old"})])
        await claim.put_facts([FactRow(new.row, "tool", "d", 1, 1, {"name": "older mapping"})])
    (row,) = await store.reader.outline(TraceKey(1, small.trace_id))
    assert row.facts == {"name": "new"}


async def test_a_lost_connection_leaves_the_marks_and_the_next_claim_works(store: Store, queue: WorkQueue) -> None:
    await store.commit(span())
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rainbarrel processor'"

    async def interrupted() -> None:
        async with queue.claim() as claim:
            await store.sql(kill + " AND datname = current_database()")
            await claim.new_spans()

    with pytest.raises(StoreUnavailable):
        await interrupted()
    assert await store.sql(MARKS) == [(1,)]
    async with queue.claim() as claim:
        assert len(claim.traces) == 1
