"""The floor: binary COPY of the rows that a pass stored into copies of its tables, over one connection, fsync on.

What PostgreSQL itself takes for these rows, with these indexes, in transactions of this size, when nobody receives,
decodes, encodes or derives anything. The processor has deleted its marks by then: they are made again, one per trace
and blob.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil
import psycopg

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
COLUMNS = {
    "spans": "project_id, trace_id, span_id, start_unix_nano, bucket, end_unix_nano, parent_span_id, kind, "
    "status_code, raw_length, digest, resource_id, scope_id, blob_id, blob_position, name",
    "span_blobs": "project_id, bucket, blob_id, signal, record_count, raw_bytes, body",
    "dirty_marks": "project_id, unit_kind, unit_id, bucket, blob_id",
}
ROWS = {
    "spans": "SELECT {columns} FROM rainbarrel.spans WHERE blob_id >= {first} ORDER BY blob_id, blob_position",
    "span_blobs": "SELECT {columns} FROM rainbarrel.span_blobs WHERE blob_id >= {first} ORDER BY blob_id",
    "dirty_marks": "SELECT project_id, 1::smallint, trace_id, bucket, blob_id FROM rainbarrel.spans "
    "WHERE blob_id >= {first} GROUP BY project_id, trace_id, bucket, blob_id ORDER BY blob_id, trace_id",
}
SPANS_AND_MARKS = """
SELECT count(*), count(DISTINCT trace_id) FROM rainbarrel.spans WHERE blob_id >= %s GROUP BY blob_id ORDER BY blob_id
"""


@dataclass(frozen=True)
class Batch:
    """One transaction: COPY data by table."""

    span_count: int
    data: dict[str, bytes]


@dataclass(frozen=True)
class Floor:
    """What one measurement gave."""

    spans_per_s: float
    database_us_per_span: float  # CPU of the connection's backend


def batches(connection: psycopg.Connection, first_blob_id: int, spans_per_batch: int) -> list[Batch]:
    """The rows of every blob from `first_blob_id` on, in batches of whole blobs."""
    rows = {table: _rows(connection, table, first_blob_id) for table in COLUMNS}
    blobs = connection.execute(SPANS_AND_MARKS, (first_blob_id,)).fetchall()
    found: list[Batch] = []
    counts = dict.fromkeys(COLUMNS, 0)
    for number, (span_count, mark_count) in enumerate(blobs, 1):
        counts = {
            "spans": counts["spans"] + span_count,
            "span_blobs": counts["span_blobs"] + 1,
            "dirty_marks": counts["dirty_marks"] + mark_count,
        }
        if counts["spans"] >= spans_per_batch or number == len(blobs):
            data = {table: b"".join((HEADER, *_take(rows[table], count), TRAILER)) for table, count in counts.items()}
            found.append(Batch(counts["spans"], data))
            counts = dict.fromkeys(COLUMNS, 0)
    return found


def _rows(connection: psycopg.Connection, table: str, first_blob_id: int) -> Iterator[bytes]:
    query = ROWS[table].format(columns=COLUMNS[table], first=first_blob_id)
    with connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        pieces = [
            bytes(piece) for piece in copy
        ]  # a piece is a row; the first holds the header, the last is the trailer
    pieces[0] = pieces[0].removeprefix(HEADER)
    return iter(pieces[:-1])


def _take(rows: Iterator[bytes], count: int) -> list[bytes]:
    return [next(rows) for _ in range(count)]


def measure(connection: psycopg.Connection, work: Sequence[Batch], partitioned: bool) -> Floor:
    """How fast the batches go into empty copies of the tables."""
    _make_tables(connection, partitioned)
    backend = psutil.Process(connection.info.backend_pid)
    begun, cpu_before = time.perf_counter(), sum(backend.cpu_times()[:2])
    for batch in work:
        with connection.transaction(), connection.cursor() as cursor:
            for table, data in batch.data.items():
                with cursor.copy(f"COPY floor.{table} ({COLUMNS[table]}) FROM STDIN (FORMAT BINARY)") as copy:
                    copy.write(data)
    took_s, cpu_s = time.perf_counter() - begun, sum(backend.cpu_times()[:2]) - cpu_before
    connection.execute("DROP SCHEMA floor CASCADE")
    span_count = sum(batch.span_count for batch in work)
    return Floor(span_count / took_s, cpu_s / span_count * 1e6)


def _make_tables(connection: psycopg.Connection, partitioned: bool) -> None:
    connection.execute("DROP SCHEMA IF EXISTS floor CASCADE")
    connection.execute("CREATE SCHEMA floor")
    for table in COLUMNS:
        by_bucket = partitioned and table != "dirty_marks"
        tail = "PARTITION BY RANGE (bucket)" if by_bucket else ""
        connection.execute(f"CREATE TABLE floor.{table} (LIKE rainbarrel.{table} INCLUDING ALL) {tail}")
        if by_bucket:
            for (day,) in connection.execute(f"SELECT DISTINCT bucket FROM rainbarrel.{table} ORDER BY 1").fetchall():
                name = f"floor.{table}_{day:%Y%m%d}"
                bounds = f"FROM ('{day}') TO (date '{day}' + 1)"
                connection.execute(f"CREATE TABLE {name} PARTITION OF floor.{table} FOR VALUES {bounds}")
    connection.execute("CHECKPOINT")
