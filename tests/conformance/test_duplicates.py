"""Redelivery changes nothing, and of several versions of a span the largest wins, whatever came first."""

import asyncio
import itertools

import pytest

from tests.conformance.conftest import RETENTION_DAYS, Store
from tests.spans_made import NOW, log, new_id, span
from trace_store.buckets import DAY_NS
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedSpan
from trace_store.receipts import CommitResult, Receipt
from trace_store.stored import TraceKey
from trace_store.writer import SpanWriter

TABLES = "SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM span_blobs), (SELECT count(*) FROM dirty_marks)"
RECEIPTS = "SELECT sum(accepted)::int, sum(duplicate)::int FROM ingest_receipts WHERE signal = %s"


def counts(result: CommitResult, signal: str = "traces") -> tuple[int, int]:
    total = result.total(signal)
    return total.accepted, total.duplicate


async def test_a_redelivered_flush_leaves_nothing_behind(store: Store) -> None:
    spans = [span(links=((new_id(16), new_id(8)),)) for _ in range(100)]
    assert counts(await store.commit(*spans)) == (100, 0)
    before = await store.sql(TABLES)
    assert counts(await store.commit(*spans)) == (0, 100)
    assert counts(await store.commit(*reversed(spans))) == (0, 100)
    assert await store.sql(TABLES) == before
    assert await store.sql(RECEIPTS, ["traces"]) == [(100, 200)]


async def test_a_flush_that_is_known_in_part_stores_the_rest(store: Store) -> None:
    trace_id = new_id(16)
    spans = [span(trace_id, start_unix_nano=NOW + i) for i in range(300)]
    await store.commit(*spans[:120])
    assert counts(await store.commit(*spans)) == (180, 120)
    assert [found.otlp for found in await store.stored(trace_id)] == [sent.otlp for sent in spans]


async def test_a_span_twice_in_one_flush_counts_once(store: Store) -> None:
    spans = [span() for _ in range(10)]
    result = await store.commit(*spans, *spans[:4])
    assert result.receipts == {(1, "traces"): Receipt(10, 4, 0, sum(len(sent.otlp) for sent in spans))}


def versions() -> list[AcceptedSpan]:
    running = span(end_unix_nano=0, otlp=b"running")
    return [
        running,
        running._replace(end_unix_nano=NOW + 5, otlp=b"ended"),
        running._replace(end_unix_nano=NOW + 5, otlp=b"ended, longer", links=((new_id(16), new_id(8)),)),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_largest_version_wins_in_any_order(store: Store, order: tuple[int, ...]) -> None:
    sent = versions()
    for index in order:
        await store.commit(sent[index], span())
    (stored,) = await store.stored(sent[0].trace_id)
    assert stored.otlp == b"ended, longer"
    assert stored.row.end_unix_nano == NOW + 5
    links, _ = await store.reader.links(TraceKey(1, sent[0].trace_id))
    assert [(link.linked_trace_id, link.linked_span_id) for link in links] == list(sent[2].links)
    assert await store.sql(RECEIPTS, ["traces"]) == [(4, 2)]


async def test_versions_within_one_flush(store: Store) -> None:
    sent = versions()
    assert counts(await store.commit(sent[1], sent[2], sent[0])) == (1, 2)
    assert [found.otlp for found in await store.stored(sent[0].trace_id)] == [b"ended, longer"]


async def test_a_larger_version_is_marked_dirty_and_a_smaller_one_is_not(store: Store) -> None:
    small, large, _ = versions()
    marks = "SELECT count(*) FROM dirty_marks"
    await store.commit(small)
    await store.commit(large)
    assert await store.sql(marks) == [(2,)]
    await store.commit(small)
    assert await store.sql(marks) == [(2,)]


async def test_versions_with_different_starts_and_days_read_as_one_span(store: Store) -> None:
    small = span(end_unix_nano=NOW, otlp=b"first")
    large = small._replace(start_unix_nano=NOW - 3 * DAY_NS, end_unix_nano=NOW + 1, otlp=b"second")
    await store.commit(large)
    await store.commit(small)
    assert [found.otlp for found in await store.stored(small.trace_id)] == [b"second"]
    (row,) = await store.reader.outline(TraceKey(1, small.trace_id))
    assert row.row.start_unix_nano == large.start_unix_nano


async def test_a_log_record_is_kept_once(store: Store) -> None:
    trace_id = new_id(16)
    logs = [log(trace_id if i % 2 else b"") for i in range(50)]
    assert counts(await store.commit(*logs, *logs[:5]), "logs") == (50, 5)
    assert counts(await store.commit(*logs[:20], log(trace_id)), "logs") == (1, 20)
    assert len(await store.reader.logs(TraceKey(1, trace_id))) == 26


async def test_concurrent_writers_count_every_span_once(store: Store) -> None:
    traces = [new_id(16) for _ in range(20)]
    spans = [span(traces[i % 20], start_unix_nano=NOW + i) for i in range(600)]
    writers = [SpanWriter(store.conninfo, RETENTION_DAYS) for _ in range(3)]

    async def send(writer: SpanWriter, first: int) -> tuple[int, int]:
        await writer.open()
        accepted = duplicate = 0
        for begin in range(first, 600 + first, 60):
            batch = CommitBatch([spans[(begin + i) % 600] for i in range(100)])
            got = counts(await writer.commit(batch))
            accepted, duplicate = accepted + got[0], duplicate + got[1]
        await writer.close()
        return accepted, duplicate

    results = await asyncio.gather(*(send(writer, first) for writer, first in zip(writers, (0, 30, 300), strict=True)))
    assert sum(accepted for accepted, _ in results) == 600
    assert await store.sql(RECEIPTS, ["traces"]) == [(600, 3 * 10 * 100 - 600)]
    assert await store.sql("SELECT count(*) FROM spans") == [(600,)]
    for trace_id in traces:
        assert {found.otlp for found in await store.stored(trace_id)} == {
            s.otlp for s in spans if s.trace_id == trace_id
        }
