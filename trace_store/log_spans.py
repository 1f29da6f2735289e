"""Spans that stand for log records: rows among the others, with kind -1, made by the processor.

They make agents that send only log records look like any other to lists, pages and detectors. They are derived, never
exported, and carry the digest of their record in place of one of their own; they go when the day of the record goes,
or when a span arrives that the record tells about.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import psycopg

from trace_store.blobs import BlobPacker, fill
from trace_store.buckets import day_of
from trace_store.flush import SIGNAL_SPANS
from trace_store.model import KIND_FROM_LOG
from trace_store.queries import load
from trace_store.rows import HEADER, TRAILER, blob_row
from trace_store.span_reads import SpanReads, fetch
from trace_store.stored import StoredLog, StoredSpan, TraceKey
from trace_store.writer import SQL as WRITER_SQL
from trace_store.writer import lock_rewrites, take_blob_ids

SQL = load("log_spans")

Connection = psycopg.AsyncConnection[Any]
SpanPlace = tuple[TraceKey, date, int]  # trace, bucket, blob id
_Key = tuple[int, bytes, bytes, int, date]  # primary key of spans


class _Placed(NamedTuple):
    span: StoredSpan
    blob_id: int
    position: int


class LogSpanWriter:
    """Writes and removes such spans inside a claim's transaction."""

    def __init__(self) -> None:
        self._blob_ids: Iterator[int] | None = None

    async def put(self, connection: Connection, spans: Sequence[StoredSpan]) -> list[SpanPlace]:
        """Adds those that are missing; where the new ones of each trace lie."""
        by_key = {_key(span): span for span in spans}
        known = {tuple(row[:5]) for row in await _known(connection, list(by_key))}
        missing = sorted((key, span) for key, span in by_key.items() if key not in known)
        if not missing:
            return []
        self._blob_ids = self._blob_ids or await take_blob_ids(connection)
        placed, blobs = _packed([span for _, span in missing], self._blob_ids)
        async with connection.cursor() as cursor, cursor.copy(WRITER_SQL.copy_blobs) as copy:
            await copy.write(b"".join((HEADER, *blobs, TRAILER)))
        await connection.execute(SQL.insert_spans, _columns(placed))
        return sorted({(TraceKey(*item.span.row[:2]), item.span.row.bucket, item.blob_id) for item in placed})

    async def outdated(
        self, connection: Connection, reads: SpanReads, records: Sequence[StoredLog], spans: Sequence[StoredSpan]
    ) -> list[StoredSpan]:
        """The stored spans of these records that are not among `spans` exactly as they are."""
        if not records:
            return []
        columns = zip(*((record.project_id, record.digest, record.bucket) for record in records), strict=True)
        found = await fetch(connection, SQL.spans_of_records, [list(column) for column in columns])
        if not found:
            return []
        traces = {TraceKey(*row[:2]) for row in found}
        wanted = {(_key(span), span.otlp) for span in spans}
        digests = {(record.project_id, record.digest) for record in records}
        stored = await reads.stored_spans(connection, traces, [row[2] for row in found])
        return [
            span
            for span in stored
            if span.row.kind == KIND_FROM_LOG
            and (span.row.project_id, span.row.digest) in digests
            and (_key(span), span.otlp) not in wanted
        ]

    async def remove(self, connection: Connection, spans: Sequence[StoredSpan]) -> None:
        """Removes those that are stored; their facts are no longer read, and go when these are merged."""
        known = await _known(connection, [_key(span) for span in spans])
        if not known:
            return
        await lock_rewrites(connection, sorted({row[0] for row in known}))
        known = await _known(connection, [_key(span) for span in spans])  # repacking may have moved them meanwhile
        columns = [list(column) for column in zip(*known, strict=True)]
        await connection.execute(SQL.delete_spans, columns[:5])
        await connection.execute(WRITER_SQL.count_dead_records, (columns[0], columns[4], columns[5]))


def _key(span: StoredSpan) -> _Key:
    row = span.row
    return (row.project_id, row.trace_id, row.span_id, row.start_unix_nano, row.bucket)


async def _known(connection: Connection, keys: Sequence[_Key]) -> list[Any]:
    if not keys:
        return []
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(SQL.known_spans, [list(column) for column in zip(*keys, strict=True)], prepare=True)
        return await cursor.fetchall()


def _packed(spans: Sequence[StoredSpan], blob_ids: Iterator[int]) -> tuple[list[_Placed], list[bytes]]:
    """The spans in their blobs, and the rows of these for COPY."""
    groups: dict[tuple[int, date], list[StoredSpan]] = defaultdict(list)
    for span in spans:
        groups[span.row.project_id, span.row.bucket].append(span)
    packer = BlobPacker()
    placed: list[_Placed] = []
    blobs: list[bytes] = []
    for (project_id, bucket), members in groups.items():
        begin = 0
        for count in fill([len(span.otlp) for span in members]):
            chunk = members[begin : begin + count]
            begin += count
            blob_id = next(blob_ids)
            raw = [span.otlp for span in chunk]
            key = (project_id, day_of(bucket), blob_id)
            blobs.append(blob_row(*key, SIGNAL_SPANS, count, sum(map(len, raw)), packer.pack(raw)))
            placed.extend(_Placed(span, blob_id, position) for position, span in enumerate(chunk))
    return placed, blobs


def _columns(placed: Sequence[_Placed]) -> list[list[Any]]:
    rows = [
        (
            *_key(span),
            *(span.row.end_unix_nano, span.row.parent_span_id, span.row.raw_length, span.row.digest),
            *(blob_id, position, span.row.name),
        )
        for span, blob_id, position in placed
    ]
    return [list(column) for column in zip(*rows, strict=True)]
