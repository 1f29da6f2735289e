"""Repacks small blobs into full ones, by trace, and leaves behind bytes that no row refers to.

A flush of few spans makes small blobs, and a trace that arrives bit by bit lies in many. Each step is one transaction
over some blobs of one project, bucket and signal, during which nobody else changes span rows of the project.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import psycopg
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from trace_store.blobs import Blob, BlobPacker, fill
from trace_store.buckets import day_of
from trace_store.flush import SIGNAL_SPANS
from trace_store.queries import load
from trace_store.rows import HEADER, TRAILER, blob_row
from trace_store.writer import SQL as WRITER_SQL
from trace_store.writer import lock_rewrites, take_blob_ids

SQL = load("repack")
BLOBS_MAX = 256  # of one step


class _Slice(NamedTuple):
    project_id: int
    bucket: date
    signal: int


class _Row(NamedTuple):
    trace_id: bytes
    key: bytes  # span id, or the digest of a log record
    start_unix_nano: int
    blob_id: int
    position: int


async def repack(connection: psycopg.AsyncConnection[Any]) -> int:
    """Repacks whatever is worth it; returns how many blobs went. `connection` is in autocommit mode."""
    blob_ids: Iterator[int] | None = None
    gone = 0
    for found in await (await connection.execute(SQL.slices)).fetchall():
        blob_ids = blob_ids or await take_blob_ids(connection)
        after: int | None = 0
        while after is not None:
            moved, after = await _step(connection, _Slice(*found), after, blob_ids)
            gone += moved
    return gone


async def _step(
    connection: psycopg.AsyncConnection[Any], where: _Slice, after: int, blob_ids: Iterator[int]
) -> tuple[int, int | None]:
    """One transaction; how many blobs went, and after which blob the next step begins."""
    gone = 0
    async with connection.transaction() as transaction:
        await lock_rewrites(connection, [where.project_id])
        parameters: dict[str, Any] = {**where._asdict(), "after": after, "blobs_max": BLOBS_MAX}
        candidates = await _fetch(connection, SQL.candidates, parameters)
        if not candidates:
            return 0, None
        last: int = candidates[-1][0]
        blobs = {blob_id: Blob(body) for blob_id, _, body in candidates}
        blobs, rows = await _settled(connection, where, blobs)
        any_dead = any(dead for blob_id, dead, _ in candidates if blob_id in blobs)
        new_blobs, moves = _packed(where, blobs, rows, blob_ids)
        if not any_dead and len(new_blobs) >= len(blobs):
            return gone, last
        async with connection.cursor() as cursor, cursor.copy(WRITER_SQL.copy_blobs) as copy:
            await copy.write(b"".join((HEADER, *new_blobs, TRAILER)))
        query = SQL.move_spans if where.signal == SIGNAL_SPANS else SQL.move_logs
        cursor = await connection.execute(query, {**where._asdict(), **moves}, prepare=False)
        if cursor.rowcount != len(rows):  # never delete bytes that a row may still need
            raise psycopg.Rollback(transaction)
        await connection.execute(SQL.delete_blobs, {**where._asdict(), "blob_ids": list(blobs)})
        gone = len(blobs)
    return gone, last


async def _settled(
    connection: psycopg.AsyncConnection[Any], where: _Slice, blobs: dict[int, Blob]
) -> tuple[dict[int, Blob], list[_Row]]:
    """The blobs without a record of a live trace, and the rows that refer to them."""
    traces = {blob_id: _trace_ids(blob, where.signal) for blob_id, blob in blobs.items()}
    every = sorted(frozenset().union(*traces.values()))
    parameters: dict[str, Any] = {**where._asdict(), "trace_ids": every}
    live = {trace_id for (trace_id,) in await _fetch(connection, SQL.live_traces, parameters)}
    settled = {blob_id: blob for blob_id, blob in blobs.items() if not traces[blob_id] & live}
    query = SQL.span_rows if where.signal == SIGNAL_SPANS else SQL.log_rows
    rows = await _fetch(connection, query, {**parameters, "blob_ids": list(settled)})
    return settled, [_Row(*row) for row in rows]


def _trace_ids(blob: Blob, signal: int) -> frozenset[bytes]:
    message = Span if signal == SIGNAL_SPANS else LogRecord
    return frozenset(message.FromString(blob.record(position)).trace_id for position in range(len(blob)))


def _packed(
    where: _Slice, blobs: dict[int, Blob], rows: Sequence[_Row], blob_ids: Iterator[int]
) -> tuple[list[bytes], dict[str, list[Any]]]:
    """Rows of the new blobs for COPY, and the columns of the move."""
    records = [blobs[row.blob_id].record(row.position) for row in rows]
    new_blobs: list[bytes] = []
    places: list[tuple[int, int]] = []
    packer, begin = BlobPacker(), 0
    for count in fill(list(map(len, records))):
        raw = records[begin : begin + count]
        begin += count
        blob_id = next(blob_ids)
        places.extend((blob_id, position) for position in range(count))
        raw_bytes = sum(map(len, raw))
        key = (where.project_id, day_of(where.bucket), blob_id)
        new_blobs.append(blob_row(*key, where.signal, count, raw_bytes, packer.pack(raw)))
    moves: dict[str, list[Any]] = {
        "trace_ids": [row.trace_id for row in rows],
        "keys": [row.key for row in rows],
        "starts": [row.start_unix_nano for row in rows],
        "old_blob_ids": [row.blob_id for row in rows],
        "blob_ids": [blob_id for blob_id, _ in places],
        "positions": [position for _, position in places],
    }
    return new_blobs, moves


async def _fetch(connection: psycopg.AsyncConnection[Any], query: bytes, parameters: dict[str, Any]) -> list[Any]:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(query, parameters, prepare=False)
        return await cursor.fetchall()
