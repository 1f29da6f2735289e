"""What the database holds in the end, compared with what senders were told."""

import asyncio
from collections.abc import Mapping

import psycopg

from tests.faults.retrying_sender import SpanKey
from trace_store.connections import connect
from trace_store.span_reads import SpanReads
from trace_store.stored import StoredSpan, TraceKey


def assert_each_is_stored_once(conninfo: str, acknowledged: Mapping[SpanKey, bytes]) -> None:
    """Every acknowledged span is there once, with its exact bytes; receipts agree with the rows."""
    assert acknowledged, "nothing was acknowledged, so nothing was tested"
    traces = {TraceKey(1, trace_id) for trace_id, _ in acknowledged}
    stored = asyncio.run(read(conninfo, traces))
    found = {(span.row.trace_id, span.row.span_id): span.otlp for span in stored}
    missing = acknowledged.keys() - found.keys()
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged spans are missing"
    assert len(stored) == len(found), f"{len(stored) - len(found)} spans are stored twice"
    assert {key: found[key] for key in acknowledged} == acknowledged
    assert accepted_by_receipts(conninfo) == count_spans(conninfo)


async def read(conninfo: str, traces: set[TraceKey]) -> list[StoredSpan]:
    connection = await connect(conninfo, "test")
    async with connection:
        return await SpanReads().stored_spans(connection, traces)


def accepted_by_receipts(conninfo: str) -> int:
    return ask(conninfo, "SELECT coalesce(sum(accepted), 0)::bigint FROM rainbarrel.ingest_receipts")


def duplicates_by_receipts(conninfo: str) -> int:
    return ask(conninfo, "SELECT coalesce(sum(duplicate), 0)::bigint FROM rainbarrel.ingest_receipts")


def count_spans(conninfo: str) -> int:
    return ask(conninfo, "SELECT count(*) FROM rainbarrel.spans")


def ask(conninfo: str, query: str) -> int:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])
