"""Repacking changes where bytes lie and nothing else; erased and replaced bytes do not survive it."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.conformance.conftest import RETENTION_DAYS, Store
from tests.spans_made import NOW, log, new_id, span
from trace_store.blobs import Blob
from trace_store.connections import connect
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedSpan
from trace_store.stored import TraceKey
from trace_store.upkeep.erase import erase_trace
from trace_store.upkeep.repack import repack
from trace_store.writer import SpanWriter

BLOBS = "SELECT count(*)::int FROM span_blobs"
DERIVED = "DELETE FROM dirty_marks"  # what remains when a processor has seen everything


async def run_repack(store: Store) -> int:
    async with await connect(store.conninfo, "test") as connection:
        return await repack(connection)


async def drip(store: Store, traces: int = 4, rounds: int = 20) -> list[AcceptedSpan]:
    """Spans of several traces, one of each per commit."""
    ids = [new_id(16) for _ in range(traces)]
    sent = [span(trace_id, start_unix_nano=NOW + i) for i in range(rounds) for trace_id in ids]
    for begin in range(0, len(sent), traces):
        await store.commit(*sent[begin : begin + traces])
    return sent


async def read_all(store: Store, sent: list[AcceptedSpan]) -> dict[bytes, list[bytes]]:
    return {i: [found.otlp for found in await store.stored(i)] for i in {s.trace_id for s in sent}}


async def test_small_blobs_become_full_ones_and_every_byte_stays(store: Store) -> None:
    sent = await drip(store)  # 80 spans: two blobs
    logs = [log(trace_id) for trace_id in {s.trace_id for s in sent}] + [log() for _ in range(5)]
    for record in logs:
        await store.commit(record)
    before = await read_all(store, sent)
    await store.sql(DERIVED)
    assert await run_repack(store) == 20 + len(logs)
    assert await store.sql(BLOBS) == [(2 + 1,)]
    assert await read_all(store, sent) == before
    for record in logs[:4]:
        assert [found.otlp for found in await store.reader.logs(TraceKey(1, record.trace_id))] == [record.otlp]
    assert await store.sql(
        "SELECT count(DISTINCT blob_id)::int FROM spans WHERE trace_id = %s", [sent[0].trace_id]
    ) <= [(2,)]
    assert await run_repack(store) == 0


async def test_blobs_that_a_mark_names_stay_where_they_are(store: Store) -> None:
    await drip(store)
    assert await run_repack(store) == 0
    await store.sql("DELETE FROM dirty_marks WHERE mark_id > (SELECT min(mark_id) + 3 FROM dirty_marks)")
    assert await run_repack(store) == 19


async def test_spans_of_live_traces_wait(store: Store) -> None:
    sent = await drip(store, traces=1)
    await store.sql(DERIVED)
    await store.sql(
        "INSERT INTO traces SELECT * FROM jsonb_populate_recordset(NULL::traces, jsonb_build_array(jsonb_build_object("
        "'project_id', 1, 'trace_id', %s::bytea, 'live', true, 'start_unix_nano', 0, 'end_unix_nano', 0,"
        "'bucket_min', now()::date, 'bucket_max', now()::date, 'root_name', '', 'service_name', '', 'release', '',"
        "'agents', '[]'::jsonb, 'tools', '[]'::jsonb, 'models', '[]'::jsonb, 'span_count', 1, 'root_count', 1,"
        "'llm_call_count', 0, 'tool_call_count', 0, 'error_count', 0, 'soft_error_count', 0, 'unanswered_count', 0,"
        "'failed_span_count', 0, 'loop_count', 0, 'input_tokens', 0, 'output_tokens', 0, 'cached_tokens', 0,"
        "'derived_by', '', 'reasoning_tokens', 0, 'interaction_ids', '[]'::jsonb, 'steps', '', 'search_text', '',"
        "'derived_at', now())))",
        [sent[0].trace_id],
    )
    assert await run_repack(store) == 0
    await store.sql("UPDATE traces SET live = false")
    assert await run_repack(store) == 20


async def test_replaced_bytes_are_rewritten_away(store: Store) -> None:
    secret = span(end_unix_nano=0, name="secret")
    others = [span() for _ in range(40)]
    await store.commit(secret, *others)
    final = secret._replace(end_unix_nano=NOW, otlp=span(secret.trace_id, span_id=secret.span_id).otlp)
    await store.commit(final)
    assert secret.otlp in await all_records(store)
    await store.sql(DERIVED)
    assert await run_repack(store) == 2
    assert sorted(await all_records(store)) == sorted([final.otlp, *(other.otlp for other in others)])


async def all_records(store: Store) -> list[bytes]:
    blobs = [Blob(body) for (body,) in await store.sql("SELECT body FROM span_blobs")]
    return [blob.record(position) for blob in blobs for position in range(len(blob))]


async def test_an_erased_trace_leaves_rows_and_bytes(store: Store) -> None:
    gone, kept = span(links=((new_id(16), new_id(8)),)), span()
    record = log(gone.trace_id)
    await store.commit(gone, kept, record, log())
    await store.sql(DERIVED)
    assert await erase_trace(store.conninfo, TraceKey(1, gone.trace_id)) == 1
    assert await store.stored(gone.trace_id) == []
    assert await store.reader.logs(TraceKey(1, gone.trace_id)) == []
    assert await store.reader.links(TraceKey(1, gone.trace_id)) == ([], [])
    records = await all_records(store)
    assert gone.otlp not in records
    assert record.otlp not in records
    assert [found.otlp for found in await store.stored(kept.trace_id)] == [kept.otlp]


async def test_repacking_beside_writers_and_readers_loses_nothing(store: Store) -> None:
    sent = await drip(store, traces=2, rounds=30)
    await store.sql(DERIVED)
    expected = {s.span_id: s.otlp for s in sent}
    newer = [s._replace(end_unix_nano=s.end_unix_nano + 1) for s in sent]

    async def update() -> None:
        for version in newer:
            await store.commit(version)

    async def read() -> None:
        for _ in range(20):
            for trace_id in {s.trace_id for s in sent}:
                assert {found.row.span_id: found.otlp for found in await store.stored(trace_id)} == {
                    s.span_id: s.otlp for s in sent if s.trace_id == trace_id
                }

    async def pack() -> None:
        for _ in range(10):
            await run_repack(store)

    await asyncio.gather(update(), read(), pack())
    await store.sql(DERIVED)
    await run_repack(store)
    found = {found.row.span_id: found for i in {s.trace_id for s in sent} for found in await store.stored(i)}
    assert {span_id: got.otlp for span_id, got in found.items()} == expected
    assert {got.row.end_unix_nano for got in found.values()} == {newer[0].end_unix_nano}
    assert sorted(await all_records(store)) == sorted(expected.values())


async def test_a_larger_version_waits_for_a_running_step(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer replaces a span between the look at the rows and their move."""
    sent = await drip(store, traces=1, rounds=3)
    await store.sql(DERIVED)
    execute = psycopg.AsyncConnection.execute
    larger = sent[0]._replace(end_unix_nano=NOW + 2 * 10**9)
    commits: list[asyncio.Task[Any]] = []

    async def slow(connection: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(query, bytes) and query.startswith(b"UPDATE spans AS old SET blob_id") and not commits:
            commits.append(asyncio.create_task(store.commit(larger)))
            await asyncio.sleep(0.3)
            assert not commits[0].done()
        return await execute(connection, query, *arguments, **options)

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", slow)
    assert await run_repack(store) >= 3
    await commits[0]
    stored = await store.stored(larger.trace_id)
    assert [found.otlp for found in stored] == [s.otlp for s in sent]
    assert stored[0].row.end_unix_nano == larger.end_unix_nano


async def test_writers_that_replace_the_same_spans_at_once_leave_the_largest(store: Store) -> None:
    base = [span() for _ in range(20)]
    await store.commit(*base)
    writers = [SpanWriter(store.conninfo, RETENTION_DAYS) for _ in range(3)]

    async def replace(writer: SpanWriter, first: int) -> None:
        await writer.open()
        for step in range(first, 30, 3):
            batch = [sent._replace(end_unix_nano=sent.end_unix_nano + 1 + step) for sent in base[step % 5 :]]
            await writer.commit(CommitBatch(batch))
        await writer.close()

    await asyncio.gather(*(replace(writer, first) for first, writer in enumerate(writers)))
    for i, sent in enumerate(base):
        expected = max(step for step in range(30) if step % 5 <= i) + 1
        (stored,) = await store.stored(sent.trace_id)
        assert stored.row.end_unix_nano == sent.end_unix_nano + expected
