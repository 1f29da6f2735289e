"""The write path: `encode` a batch, `store` it in one transaction, and only then say that it is kept.

A flush of unknown records is copied straight into the tables. When a key is known already (a retry, a second receiver)
the transaction is undone and the flush goes through staging tables, which tell new records from known ones.
"""

import asyncio
import logging
import struct
import time
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from trace_store.buckets import AHEAD_DAYS, DAY_NS, bucket_window
from trace_store.connections import connect
from trace_store.copies import Copy, copy_all
from trace_store.database_errors import translate_errors
from trace_store.envelopes import EnvelopeWriter
from trace_store.exceptions import SpanRejected, StoreUnavailable
from trace_store.failpoints import reach
from trace_store.flush import CommitBatch, EncodedFlush, EncodedSignal, Place, encode_flush
from trace_store.interactions.interaction_writer import EventReceipt, store_events
from trace_store.queries import load
from trace_store.receipts import LOGS, TRACES, CommitResult, ReceiptKey, receipt_rows, receipts
from trace_store.upkeep.partitions import ensure_partitions

SQL = load("writer")
STORE_TIMEOUT_S = 60.0  # a database that answers nothing for so long is treated as gone
STAGED_FLUSHES_AFTER_DUPLICATE = 1  # docs/decisions/write_path.md has the measurement
ATTEMPTS_MAX = 4
BLOB_IDS = 2**32
_T = TypeVar("_T")

log = logging.getLogger(__name__)


class SpanWriter:
    """Stores batches over one connection of its own, which it opens again after a failure."""

    def __init__(self, conninfo: str, retention_days: int, store_timeout_s: float = STORE_TIMEOUT_S) -> None:
        self._conninfo = conninfo
        self._retention_days = retention_days
        self._store_timeout_s = store_timeout_s
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._blob_ids: Iterator[int] | None = None
        self._envelopes = EnvelopeWriter()
        self._days: set[int] = set()  # whose partitions exist
        self._staged_flushes = 0  # how many of the next flushes go through staging at once
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        """Connects; raises StoreUnavailable when that fails, and may then be called again."""
        async with self._one_at_a_time:
            await self._guarded(self._connected())

    async def close(self) -> None:
        """Waits for a running `store` and closes the connection."""
        async with self._one_at_a_time:
            await self._disconnect()

    async def commit(self, batch: CommitBatch) -> CommitResult:
        """Encodes and stores."""
        return await self.store(self.encode(batch))

    def encode(self, batch: CommitBatch, received_unix_nano: int | None = None) -> EncodedFlush:
        """Encodes a batch without touching the database; may run in another thread, one at a time.

        Raises StoreUnavailable before the first successful `open`, and SpanRejected when a record fits no column.
        """
        if self._blob_ids is None:
            raise StoreUnavailable
        received = time.time_ns() if received_unix_nano is None else received_unix_nano
        try:
            return encode_flush(batch, bucket_window(received, self._retention_days), self._blob_ids)
        except (UnicodeEncodeError, struct.error) as error:
            raise SpanRejected(f"A record cannot be stored: {error}.") from error

    async def store(self, flush: EncodedFlush) -> CommitResult:
        """Stores a flush in one transaction; returns after COMMIT.

        Raises StoreUnavailable when the flush is not known to be stored: send it again, records that were kept after
        all count as duplicates then. Raises SpanRejected when the database refuses a value of it; nothing is stored.
        """
        async with self._one_at_a_time:
            was_idle = self._connection is not None
            try:
                return await self._guarded(self._store(flush))
            except StoreUnavailable as error:
                if not was_idle or not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                log.info("The database connection was lost; trying a new one: %s", error)
                return await self._guarded(self._store(flush))

    async def _guarded(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Runs `work`; whatever goes wrong leaves no half-open transaction behind."""
        try:
            with translate_errors():
                async with asyncio.timeout(self._store_timeout_s):
                    return await work
        except TimeoutError as error:
            await self._disconnect()
            raise StoreUnavailable(f"The database did not answer for {self._store_timeout_s:.0f} s.") from error
        except SpanRejected:
            await self._roll_back()
            raise
        except BaseException:
            await self._disconnect()
            raise

    async def _roll_back(self) -> None:
        assert self._connection is not None
        try:
            await self._connection.execute(SQL.rollback)
        except psycopg.Error:  # a server whose line is gone rolls back by itself
            await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            self._connection = connection = await connect(self._conninfo, "rainbarrel writer")
            self._envelopes.forget()
            self._days.clear()
            await connection.execute(SQL.create_staging)
            self._blob_ids = self._blob_ids or await take_blob_ids(connection)
            today = time.time_ns() // DAY_NS
            await self._ensure_days(connection, range(today, today + AHEAD_DAYS + 1))
        return self._connection

    async def _ensure_days(self, connection: psycopg.AsyncConnection[Any], days: Iterable[int]) -> None:
        missing = set(days) - self._days
        if missing:
            await ensure_partitions(connection, missing)
            self._days |= missing

    async def _store(self, flush: EncodedFlush) -> CommitResult:
        connection = await self._connected()
        staged = self._staged_flushes > 0
        for _ in range(ATTEMPTS_MAX):
            await self._ensure_days(connection, flush.days)
            await self._envelopes.add(connection, flush.resources, flush.scopes)
            try:
                if not staged:
                    return await _store_directly(connection, flush)
                result = await _store_staged(connection, flush)
            except errors.UniqueViolation:
                staged = True
            except errors.CheckViolation as error:
                if error.diag.constraint_name:
                    raise
                self._days.clear()  # no partition: retention dropped a day that this flush brings back
            except (errors.DeadlockDetected, errors.SerializationFailure) as error:
                log.info("A flush is stored again: %s", error)
            else:
                known = result.total(TRACES).duplicate + result.total(LOGS).duplicate > 0
                self._staged_flushes = STAGED_FLUSHES_AFTER_DUPLICATE if known else max(self._staged_flushes - 1, 0)
                return result
            await connection.execute(SQL.rollback)
        raise StoreUnavailable(f"The database gave way {ATTEMPTS_MAX} times.")


async def take_blob_ids(connection: psycopg.AsyncConnection[Any]) -> Iterator[int]:
    """Blob ids that nobody else has: a block of 2^32."""
    row = await (await connection.execute(SQL.take_blob_ids)).fetchone()
    assert row is not None
    return iter(range(row[0], row[0] + BLOB_IDS))


async def _store_directly(connection: psycopg.AsyncConnection[Any], flush: EncodedFlush) -> CommitResult:
    """Copies everything; a known key raises UniqueViolation."""
    signals = (flush.spans, flush.logs)
    blobs = [blob.row for signal in signals for blob in signal.blobs]
    links = [row for signal in signals for _, row in signal.links]
    marks = [mark.row for signal in signals for mark in signal.marks]
    spans, logs = Copy(SQL.copy_spans, flush.spans.rows), Copy(SQL.copy_logs, flush.logs.rows)
    return await _finish(connection, flush, None, None, [spans, logs, *_parts(blobs, links, marks)], SQL.begin)


def _parts(blobs: Collection[bytes], links: Collection[bytes], marks: Collection[bytes]) -> list[Copy]:
    """What belongs to records that are written."""
    return [Copy(SQL.copy_blobs, blobs), Copy(SQL.copy_links, links), Copy(SQL.copy_marks, marks, are_marks=True)]


async def _store_staged(connection: psycopg.AsyncConnection[Any], flush: EncodedFlush) -> CommitResult:
    """Stores what is new or a larger version, with the blobs, links and marks of exactly that."""
    spans, logs = Copy(SQL.copy_staged_spans, flush.spans.rows), Copy(SQL.copy_staged_logs, flush.logs.rows)
    await copy_all(connection, [spans, logs], SQL.begin_staged)
    new_spans: set[Place] = set()
    new_logs: set[Place] = set()
    if flush.spans.rows:
        new_spans = set(await _fetch(connection, SQL.insert_staged_spans))
        replaced: set[Place] = set()
        if len(new_spans) < len(flush.spans.rows):
            replaced = await _replace_older(connection)
        await _copy_parts(connection, flush.spans, new_spans | replaced)
    if flush.logs.rows:
        new_logs = set(await _fetch(connection, SQL.insert_staged_logs))
        await _copy_parts(connection, flush.logs, new_logs)
    return await _finish(connection, flush, new_spans, new_logs)


async def lock_rewrites(connection: psycopg.AsyncConnection[Any], project_ids: Sequence[int]) -> None:
    """Keeps others from changing span rows of these projects until the transaction ends; see the query."""
    await connection.execute(SQL.lock_rewrites, {"project_ids": project_ids})


async def _replace_older(connection: psycopg.AsyncConnection[Any]) -> set[Place]:
    """Overwrites smaller versions, with their links, notes their bytes as dead; the places of the new versions."""
    project_ids = [row[0] for row in await _fetch(connection, SQL.projects_with_larger_versions)]
    if not project_ids:
        return set()
    await lock_rewrites(connection, project_ids)
    replaced = await _fetch(connection, SQL.larger_versions)
    if not replaced:
        return set()
    await connection.execute(SQL.replace_older_spans, prepare=True)
    blob_ids, positions, old_blob_ids, *keys = map(list, zip(*replaced, strict=True))
    await connection.execute(SQL.delete_links, keys, prepare=True)
    await connection.execute(SQL.count_dead_records, (keys[0], keys[-1], old_blob_ids), prepare=True)
    return set(zip(blob_ids, positions, strict=True))


async def _copy_parts(
    connection: psycopg.AsyncConnection[Any], signal: EncodedSignal, stored: Collection[Place]
) -> None:
    """What belongs to the stored records: a blob that nothing refers to would be garbage."""
    used = {blob_id for blob_id, _ in stored}
    blobs = [blob.row for blob in signal.blobs if blob.blob_id in used]
    links = [row for place, row in signal.links if place in stored]
    marks = [
        mark.row
        for mark in signal.marks
        if mark.blob_id in used and any((mark.blob_id, position) in stored for position in range(mark.first, mark.end))
    ]
    await copy_all(connection, _parts(blobs, links, marks))


async def _finish(
    connection: psycopg.AsyncConnection[Any],
    flush: EncodedFlush,
    new_spans: Collection[Place] | None,
    new_logs: Collection[Place] | None,
    copies: Sequence[Copy] = (),
    begin: bytes = b"",
) -> CommitResult:
    """What is left of a flush: `copies` after `begin`, what was posted of interactions, receipts and COMMIT."""
    events: Mapping[ReceiptKey, EventReceipt] = {}
    if flush.events:
        await copy_all(connection, copies, begin)
        copies, begin = (), b""
        events = await store_events(connection, flush.events)
    found = receipts(flush, new_spans, new_logs, events)
    await copy_all(connection, [*copies, Copy(SQL.copy_receipts, receipt_rows(flush, found))], begin, SQL.commit)
    reach("committed")
    return CommitResult(found, flush.rejected)


async def _fetch(connection: psycopg.AsyncConnection[Any], statement: bytes) -> list[Any]:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(statement, prepare=True)
        return await cursor.fetchall()
