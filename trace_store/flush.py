"""Encodes what one transaction will store; pure CPU, so that the next flush is encoded while the last one commits.

Records are sorted by project, bucket and trace, cut into blobs in that order, and packed into COPY rows. Every row
keeps its place (blob id, position), because a flush that meets known records stores only part of itself.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from trace_store.blobs import BlobPacker, fill
from trace_store.buckets import DAY_NS, BucketWindow
from trace_store.interactions.interaction_flush import EncodedEvents, encode_events
from trace_store.interactions.interaction_rows import AcceptedFeedback, AcceptedUpdate, AcceptedUser
from trace_store.model import AcceptedLog, AcceptedSpan, Envelope
from trace_store.rows import NANO_MAX, SMALLINT_MAX, blob_row, column_enum, link_row, log_row, mark_row, span_row

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


# What a flush keeps of a record: its version, the record, and whether it is late. Plain tuples, since a flush makes
# thousands of them; a log record has one version.
_Version = tuple[int, int, bytes]  # end (0 of a log), length, digest: orders the versions of one span
_Span = tuple[_Version, AcceptedSpan, bool]
_Log = tuple[_Version, AcceptedLog, bool]
_Distinct = TypeVar("_Distinct", _Span, _Log)
_Key = tuple[bytes, bytes, int]  # trace id first: records are sorted by it; then span id and start, or the log's digest
_Groups = dict[tuple[int, int], dict[_Key, _Distinct]]  # by project and bucket
_Chunk = Sequence[tuple[_Key, _Distinct]]  # the records of one blob
_RowsOf = Callable[[EncodedSignal, _Chunk[_Distinct], int, int], None]


def encode_flush(batch: CommitBatch, window: BucketWindow, blob_ids: Iterator[int]) -> EncodedFlush:
    """Encodes a batch; takes as many ids from `blob_ids` as it makes blobs."""
    flush = EncodedFlush(window.day_of_receipt, metric_point_counts=batch.metric_point_counts, rejected=batch.rejected)
    packer = BlobPacker()
    spans = _distinct_spans(batch.spans, window, flush.spans.repeated)
    _pack(flush, flush.spans, spans, packer, blob_ids, _add_span_rows)
    logs = _distinct_logs(batch.logs, window, flush.logs.repeated)
    _pack(flush, flush.logs, logs, packer, blob_ids, _add_log_rows)
    flush.events = encode_events(batch.updates, batch.feedback, batch.users, window.day_of_receipt)
    flush.days.add(window.day_of_receipt)  # of the receipts
    return flush


def digest_of_log(log: AcceptedLog) -> bytes:
    """What tells log records of one project and bucket apart."""
    return hashlib.sha256(log.resource.digest + log.scope.digest + log.otlp).digest()[:DIGEST_BYTES]


def _distinct_spans(spans: Sequence[AcceptedSpan], window: BucketWindow, repeated: Counter[int]) -> "_Groups[_Span]":
    groups: _Groups[_Span] = {}
    sha256, bucket_of = hashlib.sha256, window.bucket
    for span in spans:  # unpacked, since reading fields by name takes a tenth of all encoding
        project_id, trace_id, span_id, _, start, end, _, _, _, _, _, _, otlp = span
        bucket = bucket_of(start)
        key = (trace_id, span_id, start if start < NANO_MAX else NANO_MAX)
        version = (end if end < NANO_MAX else NANO_MAX, len(otlp), sha256(otlp).digest()[:DIGEST_BYTES])
        group = groups.get((project_id, bucket))
        if group is None:
            group = groups[project_id, bucket] = {}
        known = group.get(key)
        if known is not None:
            repeated[project_id] += 1
            if version <= known[0]:
                continue
        group[key] = (version, span, start // DAY_NS != bucket)
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
            group[key] = ((0, len(log.otlp), digest), log, bool(time) and time // DAY_NS != bucket)
    return groups


def _pack(
    flush: EncodedFlush,
    signal: EncodedSignal,
    groups: "_Groups[_Distinct]",
    packer: BlobPacker,
    blob_ids: Iterator[int],
    add_rows: "_RowsOf[_Distinct]",
) -> None:
    for project_id, bucket in sorted(groups):
        flush.days.add(bucket)
        records = sorted(groups[project_id, bucket].items())
        begin = 0
        for count in fill([version[1] for _, (version, _, _) in records]):
            chunk = records[begin : begin + count]
            begin += count
            blob_id = next(blob_ids)
            raw = [record.otlp for _, (_, record, _) in chunk]
            sizes = list(map(len, raw))
            row = blob_row(project_id, bucket, blob_id, signal.number, count, sum(sizes), packer.pack(raw))
            signal.blobs.append(EncodedBlob(project_id, blob_id, sizes, row))
            signal.marks.extend(_marks([key[0] for key, _ in chunk], project_id, bucket, blob_id))
            signal.late.update((blob_id, position) for position, (_, (_, _, late)) in enumerate(chunk) if late)
            _collect_envelopes(flush, chunk, project_id)
            add_rows(signal, chunk, bucket, blob_id)


def _add_span_rows(signal: EncodedSignal, chunk: "_Chunk[_Span]", bucket: int, blob_id: int) -> None:
    add = signal.rows.append
    for position, ((trace_id, span_id, start), ((end, raw_length, digest), span, _)) in enumerate(chunk):
        project_id, _, _, parent_span_id, _, _, name, kind, status_code, links, resource, scope, _ = span
        if links:
            _add_links(signal, span, (trace_id, span_id, start), bucket, (blob_id, position))
        add(
            span_row(
                project_id,
                start,
                bucket,
                end,
                kind if 0 <= kind <= SMALLINT_MAX else 0,
                status_code if 0 <= status_code <= SMALLINT_MAX else 0,
                raw_length,
                resource[0],
                scope[0],
                blob_id,
                position,
                trace_id,
                span_id,
                digest,
                parent_span_id,
                name,
            )
        )


def _add_links(signal: EncodedSignal, span: AcceptedSpan, key: _Key, bucket: int, place: Place) -> None:
    trace_id, span_id, start = key
    for position, (linked_trace_id, linked_span_id) in enumerate(span.links):
        if len(linked_trace_id) == 16 and len(linked_span_id) == 8:  # other links stay exact in the blob
            ids = (trace_id, span_id, linked_trace_id, linked_span_id)
            signal.links.append((place, link_row(span.project_id, start, bucket, position, *ids)))


def _add_log_rows(signal: EncodedSignal, chunk: "_Chunk[_Log]", bucket: int, blob_id: int) -> None:
    for position, (_, (version, log, _)) in enumerate(chunk):
        signal.rows.append(
            log_row(
                log.project_id,
                bucket,
                min(log.time_unix_nano, NANO_MAX),
                column_enum(log.severity_number),
                log.resource.envelope_id,
                log.scope.envelope_id,
                blob_id,
                position,
                version[2],
                log.trace_id,
                log.span_id,
                log.event_name,
            )
        )


def _marks(trace_ids: Sequence[bytes], project_id: int, bucket: int, blob_id: int) -> Iterator[EncodedMark]:
    """One mark per trace of a blob; the log records of no trace are a unit, the log batch, named by their blob."""
    first = 0
    for trace_id, of_trace in groupby(trace_ids):
        end = first + sum(1 for _ in of_trace)
        unit = (UNIT_TRACE, trace_id) if trace_id else (UNIT_LOG_BATCH, blob_id.to_bytes(8))
        yield EncodedMark(mark_row(project_id, *unit, bucket, blob_id), blob_id, first, end)
        first = end


def _collect_envelopes(flush: EncodedFlush, chunk: "_Chunk[_Distinct]", project_id: int) -> None:
    resource = scope = None
    for _, (_, record, _) in chunk:
        if record.resource is not resource:  # records of one request share the object
            resource = record.resource
            flush.resources[project_id, resource.envelope_id] = resource
        if record.scope is not scope:
            scope = record.scope
            flush.scopes[project_id, scope.envelope_id] = scope
