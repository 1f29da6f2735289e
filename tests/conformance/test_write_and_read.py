"""What was committed is read back byte for byte, whatever OTLP allows."""

import random
from typing import Any

import pytest

from tests.conformance.conftest import Store
from tests.spans_made import NOW, envelope, log, new_id, span
from trace_store.stored import TraceKey


async def test_reads_back_exact_bytes_with_resource_and_scope(store: Store) -> None:
    trace_id = new_id(16)
    resource, scope = envelope(b"\x0a\x02\x0a\x00", "https://a/\0"), envelope(b"\x0a\x01s", "https://b")
    spans = [span(trace_id, start_unix_nano=NOW + i, resource=resource, scope=scope) for i in range(200)]
    await store.commit(*spans)
    stored = await store.stored(trace_id)
    assert [(s.row.span_id, s.otlp) for s in stored] == [(s.span_id, s.otlp) for s in spans]
    assert {s.resource[:2] for s in stored} == {(resource.otlp, "https://a/\0")}
    assert {s.scope[:2] for s in stored} == {(scope.otlp, "https://b")}
    one = await store.reader.stored_span(TraceKey(1, trace_id), spans[77].span_id)
    assert one is not None
    assert one.otlp == spans[77].otlp


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a\0b"},
        {"name": ""},
        {"otlp": b""},
        {"otlp": b"\0" * 300_000},
        {"start_unix_nano": 0, "end_unix_nano": 0},
        {"start_unix_nano": 2**64 - 1, "end_unix_nano": 2**64 - 1},
        {"end_unix_nano": NOW - 5},
        {"parent_span_id": b"\1" * 8},
        {"kind": 2**31 - 1, "status_code": -(2**31)},
        {"name": "\U0001f980" * 5000},
        {"links": ((b"\1" * 16, b"\2" * 8), (b"short", b""), (b"\1" * 16, b"\2" * 8))},
    ],
    ids=lambda fields: ",".join(fields),
)
async def test_stores_whatever_otlp_allows(store: Store, fields: dict[str, Any]) -> None:
    sent = span(**fields)
    await store.commit(sent)
    (stored,) = await store.stored(sent.trace_id)
    assert stored.otlp == sent.otlp
    assert stored.row.name == sent.name.replace("\0", "\u2400")
    assert stored.row.start_unix_nano == min(sent.start_unix_nano, 2**63 - 1)
    assert stored.row.end_unix_nano == min(sent.end_unix_nano, 2**63 - 1)
    assert stored.row.parent_span_id == sent.parent_span_id


async def test_reads_logs_of_a_trace_and_of_one_span(store: Store) -> None:
    trace_id, span_id = new_id(16), new_id(8)
    ours = [log(trace_id, time_unix_nano=NOW + i, span_id=span_id if i % 2 else b"") for i in range(70)]
    await store.commit(*ours, log(new_id(16)), log())
    trace = TraceKey(1, trace_id)
    assert [found.otlp for found in await store.reader.logs(trace)] == [record.otlp for record in ours]
    assert [found.otlp for found in await store.reader.logs(trace, [span_id])] == [r.otlp for r in ours if r.span_id]


async def test_links_lead_both_ways(store: Store) -> None:
    target = span()
    source = span(links=((target.trace_id, target.span_id), (b"not an id", b"")))
    await store.commit(target, source)
    link = (source.trace_id, source.span_id, target.trace_id, target.span_id)
    assert await store.reader.links(TraceKey(1, source.trace_id)) == ([link], [])
    assert await store.reader.links(TraceKey(1, target.trace_id)) == ([], [link])


async def test_projects_do_not_see_each_other(store: Store) -> None:
    mine = span()
    theirs = mine._replace(project_id=2, otlp=b"theirs")
    await store.commit(mine, theirs)
    assert [s.otlp for s in await store.reader.stored_spans(TraceKey(1, mine.trace_id))] == [mine.otlp]
    assert [s.otlp for s in await store.reader.stored_spans(TraceKey(2, mine.trace_id))] == [b"theirs"]


async def test_an_unknown_trace_is_empty(store: Store) -> None:
    trace = TraceKey(1, new_id(16))
    assert await store.reader.stored_spans(trace) == []
    assert await store.reader.outline(trace) == []
    assert await store.reader.logs(trace) == []
    assert await store.reader.trace_row(trace) is None


@pytest.mark.parametrize("size", [256 * 1024, 3_000_000])
async def test_a_record_as_large_as_several_pieces_of_a_copy(store: Store, size: int) -> None:
    sent = span(otlp=random.Random(size).randbytes(size))  # zstd cannot make it smaller
    await store.commit(sent, span())
    (stored,) = await store.stored(sent.trace_id)
    assert stored.otlp == sent.otlp
