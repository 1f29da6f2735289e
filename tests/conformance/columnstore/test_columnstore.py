"""Days in the columnstore still take what comes late: spans, larger versions, erasure, and at last the drop."""

import psycopg
import pytest

from tests.conformance.conftest import RETENTION_DAYS, Store
from tests.facts_stored import facts_stored
from tests.spans_made import NOW, log, new_id, span
from trace_store.buckets import DAY_NS
from trace_store.claim import NewMark, Unit
from trace_store.connections import connect
from trace_store.fact_rows import FactRow
from trace_store.flush import UNIT_TRACE, CommitBatch
from trace_store.model import AcceptedSpan
from trace_store.stored import TraceKey
from trace_store.upkeep.erase import erase_trace
from trace_store.upkeep.maintenance import maintain
from trace_store.work import WorkQueue
from trace_store.writer import SpanWriter

pytestmark = [pytest.mark.timescaledb, pytest.mark.parametrize("any_database", ["timescaledb_tsl"], indirect=True)]
OLD = NOW - 6 * DAY_NS
COMPRESSED = """
SELECT hypertable_name, count(*), bool_or(status & 8 <> 0)  -- TimescaleDB's flag of a chunk with rows in the row store
FROM timescaledb_information.chunks
JOIN _timescaledb_catalog.chunk ON (schema_name, table_name) = (chunk_schema, chunk_name)
WHERE is_compressed GROUP BY 1 ORDER BY 1"""
WHOLLY_COMPRESSED = [("spans", 1, False)]


async def derive(store: Store, mapping_version: int) -> None:
    queue = WorkQueue(store.conninfo)
    async with queue.claim() as claim:
        rows = [new.row for new in await claim.new_spans()]
        facts = {"mapping": mapping_version}
        await claim.put_facts([FactRow(row, "tool", "otel_genai", mapping_version, 1, facts) for row in rows])
    await queue.close()


async def old_day(store: Store) -> list[AcceptedSpan]:
    """Three traces of a day in the columnstore, with facts, links and logs."""
    traces = [new_id(16) for _ in range(3)]
    linked = ((new_id(16), new_id(8)),)
    sent = [span(traces[i % 3], start_unix_nano=OLD + i, end_unix_nano=OLD + i, links=linked) for i in range(60)]
    await store.commit(*sent, *(log(trace_id, time_unix_nano=OLD) for trace_id in traces))
    await derive(store, 1)
    report = await maintain(store.conninfo, RETENTION_DAYS)
    assert report is not None
    assert report.compressed_chunks == 1
    assert await store.sql(COMPRESSED) == WHOLLY_COMPRESSED
    return sent


async def test_reads_are_the_same(store: Store) -> None:
    sent = await old_day(store)
    trace = TraceKey(1, sent[0].trace_id)
    assert [found.otlp for found in await store.stored(trace.trace_id)] == [s.otlp for s in sent[::3]]
    assert {row.type for row in await store.reader.outline(trace)} == {"tool"}
    assert len(await store.reader.logs(trace)) == 1
    assert len((await store.reader.links(trace))[0]) == 20


async def test_only_days_that_ended_three_days_ago(store: Store) -> None:
    await store.commit(*(span(start_unix_nano=NOW - days * DAY_NS) for days in (5, 4, 3)))
    assert await maintain(store.conninfo, RETENTION_DAYS) is not None
    chunks = "FROM timescaledb_information.chunks WHERE hypertable_name = 'spans'"
    assert await store.sql(f"SELECT is_compressed {chunks} ORDER BY range_start") == [(True,), (True,), (False,)]


async def test_the_stated_order(store: Store) -> None:
    await old_day(store)
    settings = await store.sql(
        "SELECT hypertable::text, segmentby, orderby FROM timescaledb_information.hypertable_columnstore_settings "
        "WHERE segmentby IS NOT NULL ORDER BY 1"
    )
    by_trace = ("project_id,trace_id", "start_unix_nano,span_id,bucket DESC")
    assert settings == [("spans", *by_trace)]


async def test_days_at_rest_stay_where_they_are(store: Store) -> None:
    """A retry or a larger version of today's spans unpacks no other day, nor does maintenance."""
    await old_day(store)
    today = span(new_id(16))
    larger = today._replace(end_unix_nano=NOW + 2 * 10**9)
    for sent in (today, today, larger):
        await store.commit(sent)
        await derive(store, 1)
    assert await store.sql(COMPRESSED) == WHOLLY_COMPRESSED
    assert await maintain(store.conninfo, RETENTION_DAYS) is not None
    assert [found.row.end_unix_nano for found in await store.stored(today.trace_id)] == [larger.end_unix_nano]
    assert await store.sql(COMPRESSED) == WHOLLY_COMPRESSED


async def test_a_day_in_use_is_left_for_the_next_run(store: Store) -> None:
    sent = await old_day(store)
    await store.commit(span(sent[0].trace_id, start_unix_nano=OLD + 100))
    (chunk,) = await store.sql(
        "SELECT format('%I.%I', chunk_schema, chunk_name) FROM timescaledb_information.chunks "
        "WHERE hypertable_name = 'spans' AND is_compressed"
    )
    async with await connect(store.conninfo, "a late writer") as other, other.transaction():
        await other.execute(f"LOCK TABLE {chunk[0]} IN ROW EXCLUSIVE MODE".encode())
        report = await maintain(store.conninfo, RETENTION_DAYS)
        assert report is not None
        assert report.compressed_chunks == 0
    assert await maintain(store.conninfo, RETENTION_DAYS) is not None
    assert await store.sql(COMPRESSED) == WHOLLY_COMPRESSED


async def test_a_late_span_and_a_redelivery(store: Store) -> None:
    sent = await old_day(store)
    late = span(sent[0].trace_id, start_unix_nano=OLD + 100)
    result = await store.commit(late, *sent)
    total = result.total("traces")
    assert (total.accepted, total.duplicate) == (1, 60)
    assert len(await store.stored(late.trace_id)) == 21
    assert await maintain(store.conninfo, RETENTION_DAYS) is not None
    assert len(await store.stored(late.trace_id)) == 21
    assert (await store.commit(late)).total("traces").duplicate == 1


async def test_a_larger_version(store: Store) -> None:
    sent = await old_day(store)
    larger = sent[0]._replace(end_unix_nano=OLD + 10**9, otlp=sent[0].otlp + sent[0].otlp)
    await store.commit(larger)
    stored = {found.row.span_id: found.otlp for found in await store.stored(larger.trace_id)}
    assert stored[larger.span_id] == larger.otlp
    assert len(stored) == 20


async def test_a_new_derivation(store: Store) -> None:
    sent = await old_day(store)
    queue = WorkQueue(store.conninfo)
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, sent[0].trace_id))])
    await queue.close()
    await derive(store, 2)
    rows = await store.reader.outline(TraceKey(1, sent[0].trace_id))
    assert [row.facts for row in rows] == [{"mapping": 2}] * 20
    with psycopg.connect(store.conninfo) as connection:
        assert len(facts_stored(connection)) == 60


async def test_an_erasure(store: Store) -> None:
    sent = await old_day(store)
    gone, kept = sent[0].trace_id, sent[1].trace_id
    assert await erase_trace(store.conninfo, TraceKey(1, gone)) == 20
    assert await store.stored(gone) == []
    assert await store.reader.logs(TraceKey(1, gone)) == []
    assert [found.otlp for found in await store.stored(kept)] == [s.otlp for s in sent[1::3]]
    assert await store.sql("SELECT sum(record_count)::int, sum(dead_count)::int FROM span_blobs") == [(42, 0)]


async def test_more_rows_than_the_server_likes_to_unpack(store: Store) -> None:
    sent = await old_day(store)
    limit = "timescaledb.max_tuples_decompressed_per_dml_transaction"
    await store.sql(f"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {limit} = 1', current_database()); END $$")
    assert await erase_trace(store.conninfo, TraceKey(1, sent[0].trace_id)) == 20
    larger = [one._replace(end_unix_nano=OLD + 10**9) for one in sent[1::3]]
    writer = SpanWriter(store.conninfo, RETENTION_DAYS)
    await writer.open()
    await writer.commit(CommitBatch(larger, []))
    await writer.close()
    assert {found.row.end_unix_nano for found in await store.stored(larger[0].trace_id)} == {OLD + 10**9}


async def test_the_drop(store: Store) -> None:
    sent = await old_day(store)
    report = await maintain(store.conninfo, 5)
    assert report is not None
    assert report.dropped.days_or_chunks >= 4
    assert await store.stored(sent[0].trace_id) == []
