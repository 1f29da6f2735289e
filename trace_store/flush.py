"""Encodes what one transaction will store; pure CPU, so that the next flush is encoded while the last one commits.

Records are sorted by project, bucket and trace, cut into blobs in that order, and packed into COPY rows. Every row
keeps its place (blob id, position), because a flush that meets known records stores only part of itself.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from trace_store.blobs import BlobPacker, fill
from trace_store.buckets import DAY_NS, BucketWindow
from trace_store.interaction_flush import EncodedEvents, encode_events
from trace_store.interaction_rows import AcceptedFeedback, AcceptedUpdate, AcceptedUser
from trace_store.model import AcceptedLog, AcceptedSpan, Envelope
from trace_store.rows import NANO_MAX, blob_row, column_enum, link_row, log_row, mark_row, span_row

UNIT_TRACE, UNIT_INTERACTION, UNIT_CONVERSATION, UNIT_LOG_BATCH, UNIT_TRACE_GROUP = 1, 2, 3, 4, 5
UNIT_USER, UNIT_CONVERSATION_SUMS = 6, 7
SIGNAL_SPANS, SIGNAL_LOGS = 1, 2
DIGEST_BYTES = 16

AcceptedRecord = AcceptedSpan | AcceptedLog | AcceptedUpdate | AcceptedFeedback | AcceptedUser
Place = tuple[int, int]  # blob id, position


@dataclass(slots=True)
class CommitBatch:
    """What concurrent requests hand in for one transaction."""

    spans: list[AcceptedSpan] = field(default_factory=list)
    logs: list[AcceptedLog] = field(default_factory=list)
    updates: list[AcceptedUpdate] = field(default_factory=list)
    feedback: list[AcceptedFeedback] = field(default_factory=list)
    users: list[AcceptedUser] = field(default_factory=list)
    metric_point_counts: dict[int, int] = field(default_factory=dict)  # per project: counted, not stored
    rejected: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)  # (project, signal): reason, count

    def add(self, records: Iterable[AcceptedRecord]) -> None:
        """Takes records of any kind."""
        lists: dict[type, list[Any]] = {
            AcceptedSpan: self.spans,
            AcceptedLog: self.logs,
            AcceptedUpdate: self.updates,
            AcceptedFeedback: self.feedback,
            AcceptedUser: self.users,
        }
        for record in records:
            lists[type(record)].append(record)


class EncodedBlob(NamedTuple):
    """A blob and its row; `sizes` are the raw lengths of its records by position."""

    project_id: int
    blob_id: int
    sizes: Sequence[int]
    row: bytes


class EncodedMark(NamedTuple):
    """A dirty mark for the records at `first` up to `end` of one blob."""

    row: bytes
    blob_id: int
    first: int
    end: int


@dataclass(slots=True)
class EncodedSignal:
    """The distinct records of one signal: rows in key order, and what goes with them."""

    number: int  # SIGNAL_SPANS or SIGNAL_LOGS
    rows: list[bytes] = field(default_factory=list)
    blobs: list[EncodedBlob] = field(default_factory=list)
    marks: list[EncodedMark] = field(default_factory=list)
    links: list[tuple[Place, bytes]] = field(default_factory=list)
    late: set[Place] = field(default_factory=set)  # kept under the day of receipt instead of their own
    repeated: Counter[int] = field(default_factory=Counter)  # per project: records that the flush holds twice


@dataclass(slots=True)
class EncodedFlush:
    """Everything that `SpanWriter.store` sends."""

    day_of_receipt: int
    days: set[int] = field(default_factory=set)
    spans: EncodedSignal = field(default_factory=lambda: EncodedSignal(SIGNAL_SPANS))
    logs: EncodedSignal = field(default_factory=lambda: EncodedSignal(SIGNAL_LOGS))
    events: EncodedEvents = field(default_factory=EncodedEvents)
    resources: dict[tuple[int, int], Envelope] = field(default_factory=dict)
    scopes: dict[tuple[int, int], Envelope] = field(default_factory=dict)
    metric_point_counts: Mapping[int, int] = field(default_factory=dict)
    rejected: Mapping[tuple[int, str], Mapping[str, int]] = field(default_factory=dict)


class _Span(NamedTuple):
    version: tuple[int, int, bytes]  # end, length, digest: orders the versions of one span
    record: AcceptedSpan
    late: bool


class _Log(NamedTuple):
    version: tuple[int, int, bytes]  # 0, length, digest: a log record has one version
    record: AcceptedLog
    late: bool


_Distinct = TypeVar("_Distinct", _Span, _Log)
_Key = tuple[bytes, bytes, int]  # trace id first: records are sorted by it; then span id and start, or the log's digest
_Groups = dict[tuple[int, int], dict[_Key, _Distinct]]  # by project and bucket
_RowOf = Callable[[EncodedSignal, _Distinct, _Key, int, Place], bytes]


def encode_flush(batch: CommitBatch, window: BucketWindow, blob_ids: Iterator[int]) -> EncodedFlush:
    """Encodes a batch; takes as many ids from `blob_ids` as it makes blobs."""
    flush = EncodedFlush(window.day_of_receipt, metric_point_counts=batch.metric_point_counts, rejected=batch.rejected)
    packer = BlobPacker()
    _pack(flush, flush.spans, _distinct_spans(batch.spans, window, flush.spans.repeated), packer, blob_ids, _span_row)
    _pack(flush, flush.logs, _distinct_logs(batch.logs, window, flush.logs.repeated), packer, blob_ids, _log_row)
    flush.events = encode_events(batch.updates, batch.feedback, batch.users, window.day_of_receipt)
    flush.days.add(window.day_of_receipt)  # of the receipts
    return flush


def digest_of_log(log: AcceptedLog) -> bytes:
    """What tells log records of one project and bucket apart."""
    return hashlib.sha256(log.resource.digest + log.scope.digest + log.otlp).digest()[:DIGEST_BYTES]


def _distinct_spans(spans: Sequence[AcceptedSpan], window: BucketWindow, repeated: Counter[int]) -> "_Groups[_Span]":
    groups: _Groups[_Span] = {}
    sha256, bucket_of = hashlib.sha256, window.bucket
    for span in spans:
        start, end, otlp = span.start_unix_nano, span.end_unix_nano, span.otlp
        bucket = bucket_of(start)
        key = (span.trace_id, span.span_id, start if start < NANO_MAX else NANO_MAX)
        version = (end if end < NANO_MAX else NANO_MAX, len(otlp), sha256(otlp).digest()[:DIGEST_BYTES])
        group = groups.get((span.project_id, bucket))
        if group is None:
            group = groups[span.project_id, bucket] = {}
        known = group.get(key)
        if known is not None:
            repeated[span.project_id] += 1
            if version <= known.version:
                continue
        group[key] = _Span(version, span, start // DAY_NS != bucket)
    return groups


def _distinct_logs(logs: Sequence[AcceptedLog], window: BucketWindow, repeated: Counter[int]) -> "_Groups[_Log]":
    groups: _Groups[_Log] = {}
    for log in logs:
        time = log.time_unix_nano
        bucket = window.bucket(time)
        digest = digest_of_log(log)
        group = groups.setdefault((log.project_id, bucket), {})
        key = (log.trace_id, digest, 0)
        if key in group:
            repeated[log.project_id] += 1
        else:  # time 0 means that the sender gave none, which is not late
            group[key] = _Log((0, len(log.otlp), digest), log, bool(time) and time // DAY_NS != bucket)
    return groups


def _pack(
    flush: EncodedFlush,
    signal: EncodedSignal,
    groups: "_Groups[_Distinct]",
    packer: BlobPacker,
    blob_ids: Iterator[int],
    row_of: "_RowOf[_Distinct]",
) -> None:
    for project_id, bucket in sorted(groups):
        flush.days.add(bucket)
        records = sorted(groups[project_id, bucket].items())
        begin = 0
        for count in fill([distinct.version[1] for _, distinct in records]):
            chunk = records[begin : begin + count]
            begin += count
            blob_id = next(blob_ids)
            raw = [distinct.record.otlp for _, distinct in chunk]
            sizes = list(map(len, raw))
            row = blob_row(project_id, bucket, blob_id, signal.number, count, sum(sizes), packer.pack(raw))
            signal.blobs.append(EncodedBlob(project_id, blob_id, sizes, row))
            signal.marks.extend(_marks(chunk, project_id, bucket, blob_id))
            _collect_envelopes(flush, chunk, project_id)
            for position, (key, distinct) in enumerate(chunk):
                place = (blob_id, position)
                signal.rows.append(row_of(signal, distinct, key, bucket, place))
                if distinct.late:
                    signal.late.add(place)


def _span_row(signal: EncodedSignal, distinct: _Span, key: _Key, bucket: int, place: Place) -> bytes:
    (trace_id, span_id, start), span, (end, raw_length, digest) = key, distinct.record, distinct.version
    if span.links:
        for position, (linked_trace_id, linked_span_id) in enumerate(span.links):
            if len(linked_trace_id) == 16 and len(linked_span_id) == 8:  # other links stay exact in the blob
                ids = (trace_id, span_id, linked_trace_id, linked_span_id)
                signal.links.append((place, link_row(span.project_id, start, bucket, position, *ids)))
    return span_row(
        span.project_id,
        start,
        bucket,
        end,
        column_enum(span.kind),
        column_enum(span.status_code),
        raw_length,
        span.resource.envelope_id,
        span.scope.envelope_id,
        *place,
        trace_id,
        span_id,
        digest,
        span.parent_span_id,
        span.name,
    )


def _log_row(_: EncodedSignal, distinct: _Log, __: _Key, bucket: int, place: Place) -> bytes:
    log = distinct.record
    return log_row(
        log.project_id,
        bucket,
        min(log.time_unix_nano, NANO_MAX),
        column_enum(log.severity_number),
        log.resource.envelope_id,
        log.scope.envelope_id,
        *place,
        distinct.version[2],
        log.trace_id,
        log.span_id,
        log.event_name,
    )


def _marks(
    chunk: "Sequence[tuple[_Key, _Distinct]]", project_id: int, bucket: int, blob_id: int
) -> Iterator[EncodedMark]:
    """One mark per trace of a blob; the log records of no trace are a unit, the log batch, named by their blob."""
    first = 0
    for end in range(1, len(chunk) + 1):
        trace_id = chunk[first][0][0]
        if end < len(chunk) and chunk[end][0][0] == trace_id:
            continue
        unit = (UNIT_TRACE, trace_id) if trace_id else (UNIT_LOG_BATCH, blob_id.to_bytes(8))
        yield EncodedMark(mark_row(project_id, *unit, bucket, blob_id), blob_id, first, end)
        first = end


def _collect_envelopes(flush: EncodedFlush, chunk: "Sequence[tuple[_Key, _Distinct]]", project_id: int) -> None:
    resource = scope = None
    for _, distinct in chunk:
        record = distinct.record
        if record.resource is not resource:  # records of one request share the object
            resource = record.resource
            flush.resources[project_id, resource.envelope_id] = resource
        if record.scope is not scope:
            scope = record.scope
            flush.scopes[project_id, scope.envelope_id] = scope
