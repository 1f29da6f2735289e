"""Step commit: concurrent requests share transactions, and each is answered only after its own records are committed.

One flush commits while the next one gathers; nobody waits for a timer. What is gathered when the last commit ends is
the next flush, and as soon as it is large it is encoded ahead, while the last one still commits.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from otlp_receiver.byte_budget import ByteBudget, Reservation
from otlp_receiver.commit_counts import CommitCounts
from otlp_receiver.decoded import Decoded, DecodedEvents, DecodedLogs, DecodedMetrics, DecodedTraces
from otlp_receiver.isolation import store_all_but_refused
from trace_store.exceptions import SpanRejected, StoreUnavailable
from trace_store.flush import AcceptedRecord, CommitBatch
from trace_store.interactions.interaction_rows import AcceptedUser
from trace_store.model import AcceptedLog, AcceptedSpan
from trace_store.own_spans import own_span
from trace_store.receipts import CommitResult

QUEUE_BYTES_MAX = 256 * 1024 * 1024
FLUSH_BYTES_MAX = 2 * 1024 * 1024  # a larger queue is several flushes, the next encoded while the last one commits
ENCODE_AHEAD_BYTES = 512 * 1024
INLINE_ENCODE_BYTES_MAX = FLUSH_BYTES_MAX  # about 15 ms; only a single larger request is encoded in a thread
PAUSE_AFTER_FAILURE_S = 1.0  # how long a failed database is left alone
FAILURE_COUNTS_S = 10.0  # how long a failure is told to those who ask, when no request has come since

_log = logging.getLogger(__name__)


class BatchWriter(Protocol):
    """What group commit needs of `trace_store.writer.SpanWriter`."""

    async def open(self) -> None:
        """Connect; raises StoreUnavailable."""

    def encode(self, batch: CommitBatch) -> Any:
        """Encode a batch without the database; may run in a thread."""

    async def store(self, flush: Any) -> CommitResult:
        """Store an encoded batch in one transaction; raises StoreUnavailable or SpanRejected."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """One request between submit and its answer."""

    decoded: Decoded
    size: int
    reservation: Reservation
    answer: asyncio.Future[None]

    def finish(self, error: StoreUnavailable | None = None) -> None:
        """Answer, once and for all, and give the bytes back."""
        self.reservation.release()
        if self.answer.done():  # the client has gone
            return
        if error is None:
            self.answer.set_result(None)
        else:
            self.answer.set_exception(type(error)(str(error)))  # each waiter raises one of its own


class GroupCommit:
    """The one commit queue of a process. Use `start`, any number of concurrent `submit`s, `close`."""

    def __init__(
        self,
        writer: BatchWriter,
        queue_bytes_max: int = QUEUE_BYTES_MAX,
        flush_bytes_max: int = FLUSH_BYTES_MAX,
        pause_after_failure_s: float = PAUSE_AFTER_FAILURE_S,
    ) -> None:
        self.budget = ByteBudget(queue_bytes_max)
        self.counts = CommitCounts()
        self._writer = writer
        self._flush_bytes_max = flush_bytes_max
        self._pause_after_failure_s = pause_after_failure_s
        self._queue: deque[_Waiting] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()
        self._one_encode = asyncio.Lock()
        self._is_open = False
        self._closing = False
        self._failure: StoreUnavailable | None = None
        self._failed_until = 0.0  # event loop time
        self._storing: asyncio.Task[None] | None = None
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to flush; the database need not be there yet."""
        self._runner = asyncio.create_task(self._run(), name="group commit")

    async def close(self) -> None:
        """Refuse new requests, commit everything that waits, and return."""
        self._closing = True
        self._wake.set()
        if self._runner is not None:
            await self._runner

    @property
    def failure(self) -> StoreUnavailable | None:
        """Why nothing can be stored now; None once a flush was stored, or 10 s after the last one failed.

        The limit lets a load balancer, which sends nothing to a process that is not ready, find out again.
        """
        if self._failure is not None and self._loop_time() < self._failed_until + FAILURE_COUNTS_S:
            return self._failure
        return None

    async def submit(self, decoded: Decoded) -> None:
        """Return once the records of a request are committed; what the store refuses goes to `decoded.rejections`.

        Raises Overloaded when too many bytes wait and StoreUnavailable when nothing is known to be stored; after both
        the same request may be sent again, duplicates are harmless.
        """
        if not decoded.has_anything:
            return
        if self._closing:
            raise StoreUnavailable("Rainbarrel is shutting down.")
        if self._failure is not None and self._loop_time() < self._failed_until:
            raise type(self._failure)(str(self._failure))
        size = decoded.memory_bytes
        reservation = self.budget.reservation()
        reservation.resize(size)
        waiting = _Waiting(decoded, size, reservation, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._queued_bytes += size
        self._wake.set()
        await waiting.answer

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue and (not self._is_storing() or self._queued_bytes >= ENCODE_AHEAD_BYTES):
                await self._flush(self._take())
            if self._closing and not self._queue:
                await self._until_stored()
                return

    def _take(self) -> list[_Waiting]:
        """The requests of the next flush: as many as fit, at least one; without those whose client has gone."""
        taken: list[_Waiting] = []
        size = 0
        while self._queue and (not taken or size + self._queue[0].size <= self._flush_bytes_max):
            waiting = self._queue.popleft()
            self._queued_bytes -= waiting.size
            if waiting.answer.done():
                waiting.finish()
                continue
            taken.append(waiting)
            size += waiting.size
        return taken

    async def _flush(self, taken: list[_Waiting]) -> None:
        """Encode at once, then start to store as soon as the store is free."""
        if not taken:
            return
        try:
            encoded = await self._encode(_batch(taken), sum(waiting.size for waiting in taken))
        except Exception as error:
            await self._until_stored()
            await self._recover(taken, error)
            return
        await self._until_stored()
        if self._failure is not None and self._loop_time() < self._failed_until:
            _finish_all(taken, self._failure)
            return
        self._storing = asyncio.create_task(self._store(taken, encoded), name="commit")
        self._storing.add_done_callback(lambda _: self._wake.set())

    async def _encode(self, batch: CommitBatch, size: int) -> Any:
        if not self._is_open:
            await self._writer.open()
            self._is_open = True
        async with self._one_encode:
            if size <= INLINE_ENCODE_BYTES_MAX:
                return self._writer.encode(batch)
            return await asyncio.to_thread(self._writer.encode, batch)

    async def _store(self, taken: list[_Waiting], encoded: Any) -> None:
        try:
            await self._store_counted(encoded)
        except Exception as error:
            await self._recover(taken, error)
        else:
            self._failure = None
            _finish_all(taken, None)

    async def _recover(self, taken: list[_Waiting], error: Exception) -> None:
        """Answer a flush that failed: isolate refused records, or tell everybody to come back."""
        self.counts.failed()
        try:
            if isinstance(error, SpanRejected):
                await self._isolate(taken)
                _finish_all(taken, None)
            elif isinstance(error, StoreUnavailable):
                self._fail(taken, error)
            elif len(taken) > 1:
                _log.error("a flush failed; its requests are tried one by one", exc_info=error)
                for waiting in taken:
                    await self._commit_alone(waiting)
            else:
                _log.error("a request cannot be stored", exc_info=error)
                _finish_all(taken, StoreUnavailable(f"The request was not stored: {error}"))
        except StoreUnavailable as unavailable:
            self._fail(taken, unavailable)
        except Exception as unexpected:
            _log.exception("a failed flush could not be recovered")
            _finish_all(taken, StoreUnavailable(f"The request was not stored: {unexpected}"))

    async def _commit_alone(self, waiting: _Waiting) -> None:
        try:
            await self._commit(_batch([waiting]))
        except Exception as error:
            await self._recover([waiting], error)
        else:
            waiting.finish()

    async def _isolate(self, taken: list[_Waiting]) -> None:
        """Store all but the refused records of a flush, and then the receipts of its requests."""
        records = [(waiting, record) for waiting in taken for record in _records(waiting.decoded)]

        async def commit(part: Sequence[tuple[_Waiting, AcceptedRecord]]) -> None:
            batch = CommitBatch()
            batch.add(record for _, record in part)
            await self._commit(batch)

        for (waiting, record), error in await store_all_but_refused(commit, records):
            name = _name(record)
            _log.warning("a record was refused: %s", error)
            waiting.decoded.rejections.add("refused_by_store", f"{name[:80]!r}: {error}"[:300])
        await self._commit(_batch(taken, with_records=False))

    async def _commit(self, batch: CommitBatch) -> None:
        async with self._one_encode:
            encoded = self._writer.encode(batch)
        await self._store_counted(encoded)

    async def _store_counted(self, encoded: Any) -> None:
        began_at = self._loop_time()
        with own_span("commit"):
            result = await self._writer.store(encoded)
        self.counts.stored(self._loop_time() - began_at, result)

    def _fail(self, taken: list[_Waiting], error: StoreUnavailable) -> None:
        """The database is away: everybody who waits, and for a while everybody who comes, is told so at once."""
        self._failure = error
        self._failed_until = self._loop_time() + self._pause_after_failure_s
        _log.warning("%d requests were refused: %s", len(taken) + len(self._queue), error)
        _finish_all(taken, error)
        _finish_all(self._queue, error)
        self._queue.clear()
        self._queued_bytes = 0

    def _is_storing(self) -> bool:
        return self._storing is not None and not self._storing.done()

    async def _until_stored(self) -> None:
        if self._storing is not None:
            await self._storing

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


def _finish_all(waiting: Sequence[_Waiting] | deque[_Waiting], error: StoreUnavailable | None) -> None:
    for one in waiting:
        one.finish(error)


def _records(decoded: Decoded) -> Sequence[AcceptedRecord]:
    if isinstance(decoded, DecodedTraces):
        return decoded.spans
    if isinstance(decoded, DecodedEvents):
        return [*decoded.updates, *decoded.feedback, *decoded.users]
    return decoded.logs if isinstance(decoded, DecodedLogs) else ()


def _name(record: AcceptedRecord) -> str:
    """How a record that was refused is named to its sender."""
    if isinstance(record, AcceptedSpan):
        return record.name
    if isinstance(record, AcceptedUser):
        return record.user_id
    return record.event_name if isinstance(record, AcceptedLog) else record.event_id


def _batch(taken: Sequence[_Waiting], with_records: bool = True) -> CommitBatch:
    """One transaction for several requests: records, counted metrics, and what decode rejected (for the receipts)."""
    batch = CommitBatch()
    for decoded in (waiting.decoded for waiting in taken):
        project_id = decoded.project_id
        if isinstance(decoded, DecodedMetrics):
            counts = batch.metric_point_counts
            counts[project_id] = counts.get(project_id, 0) + decoded.point_count
        elif with_records and isinstance(decoded, DecodedTraces):
            batch.spans.extend(decoded.spans)
        elif with_records:
            batch.add(_records(decoded))
        for reason, count in decoded.rejections.counts.items():
            reasons = batch.rejected.setdefault((project_id, decoded.signal), {})
            reasons[reason] = reasons.get(reason, 0) + count
    return batch
