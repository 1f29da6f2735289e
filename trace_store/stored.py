"""What the store gives back: rows of spans and log records, and with them the exact bytes that were sent."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from trace_store.model import SpanVersion


class TraceKey(NamedTuple):
    """A trace: trace ids are unique within a project only."""

    project_id: int
    trace_id: bytes


class StoredEnvelope(NamedTuple):
    """The exact Resource or InstrumentationScope message that a record came in."""

    otlp: bytes
    schema_url: str
    service_name: str = ""  # of a Resource, as the next one
    release: str = ""


class SpanRow(NamedTuple):
    """The narrow row of a span; times are clamped at 2^63-1."""

    project_id: int
    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes  # empty for none
    start_unix_nano: int
    end_unix_nano: int  # 0: not ended
    bucket: date
    name: str
    kind: int
    status_code: int
    raw_length: int
    digest: bytes

    @property
    def trace(self) -> TraceKey:
        """The trace it belongs to."""
        return TraceKey(self.project_id, self.trace_id)

    @property
    def version(self) -> SpanVersion:
        """Orders the versions of one span."""
        return SpanVersion(self.end_unix_nano, self.raw_length, self.digest)


class TreeRow(NamedTuple):
    """A span as the trace tree needs it: no bytes, but what its dialect made of exactly this version."""

    row: SpanRow
    type: str | None  # None: no dialect claims it, or the processor has not seen it yet
    dialect: str | None
    facts: dict[str, Any] | None  # JSON of a FactRow
    service_name: str = ""  # of the span's resource
    release: str = ""


class StoredSpan(NamedTuple):
    """A span with the exact bytes that were accepted."""

    row: SpanRow
    otlp: bytes
    resource: StoredEnvelope
    scope: StoredEnvelope


class StoredLog(NamedTuple):
    """A log record with the exact bytes that were accepted."""

    project_id: int
    trace_id: bytes  # empty for none
    span_id: bytes
    time_unix_nano: int
    event_name: str
    bucket: date
    digest: bytes
    otlp: bytes
    resource: StoredEnvelope
    scope: StoredEnvelope


class Link(NamedTuple):
    """A link from one span to another."""

    trace_id: bytes
    span_id: bytes
    linked_trace_id: bytes
    linked_span_id: bytes


def newest(rows: Iterable[SpanRow]) -> dict[bytes, SpanRow]:
    """The winning version of each span of one trace: largest (end, length, digest), whatever its start or bucket."""
    winners: dict[bytes, SpanRow] = {}
    for row in rows:
        known = winners.get(row.span_id)
        if known is None or _rank(row) > _rank(known):
            winners[row.span_id] = row
    return winners


def _rank(row: SpanRow) -> tuple[SpanVersion, int, date]:
    return row.version, row.start_unix_nano, row.bucket


def newest_stored(spans: Iterable[StoredSpan]) -> list[StoredSpan]:
    """The winning version of each span of one trace, with its bytes; ordered by start, then span id."""
    known = list(spans)
    winners = set(newest(span.row for span in known).values())
    return sorted(
        (span for span in known if span.row in winners), key=lambda span: (span.row.start_unix_nano, span.row.span_id)
    )
