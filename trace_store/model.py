"""What passes between the steps of the data path: values without behaviour.

`AcceptedSpan` and `AcceptedLog` go from decode to commit and carry only structure and the exact bytes. `Span` and
`LogRecord` are what normalise reads: the same messages with their attributes decoded. Names are OTLP's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from trace_store.quickly_made import quickly_made

DEFAULT_PROJECT_ID = 1
DEFAULT_PROJECT = "default"

KIND_FROM_LOG = -1  # in the row of a span that stands for a log record; no sender's kind is negative
STATUS_UNSET, STATUS_OK, STATUS_ERROR = 0, 1, 2


class Envelope(NamedTuple):
    """A Resource or an InstrumentationScope as it came: one row per distinct (message bytes, schema URL)."""

    envelope_id: int  # first 8 bytes of the digest as a signed integer: the same everywhere, needs no round trip
    digest: bytes  # sha256 over the length-prefixed message and schema URL, 32 bytes
    otlp: bytes  # exact Resource / InstrumentationScope message
    schema_url: str


class AcceptedSpan(NamedTuple):
    """One span that passed decode: structure, and the exact bytes that will be stored."""

    project_id: int
    trace_id: bytes  # 16 bytes, never all zero
    span_id: bytes  # 8 bytes, never all zero
    parent_span_id: bytes  # 8 bytes, or empty for none
    start_unix_nano: int  # 0 .. 2^64-1 as sent; columns clamp at 2^63-1
    end_unix_nano: int
    name: str
    kind: int
    status_code: int
    links: tuple[tuple[bytes, bytes], ...]  # (trace_id, span_id) of each link
    resource: Envelope
    scope: Envelope
    otlp: bytes  # exact Span message


class AcceptedLog(NamedTuple):
    """One log record that passed decode."""

    project_id: int
    trace_id: bytes  # 16 bytes, or empty
    span_id: bytes  # 8 bytes, or empty
    time_unix_nano: int  # time, else observed time, else 0
    severity_number: int
    event_name: str
    resource: Envelope
    scope: Envelope
    otlp: bytes  # exact LogRecord message


@quickly_made
@dataclass(frozen=True, slots=True)
class SpanEvent:
    """A SpanEvent with decoded attributes."""

    time_unix_nano: int
    name: str
    attributes: Mapping[str, Any]


@quickly_made
@dataclass(frozen=True, slots=True)
class SpanLink:
    """A SpanLink with decoded attributes."""

    trace_id: bytes
    span_id: bytes
    attributes: Mapping[str, Any]


@quickly_made
@dataclass(frozen=True, slots=True)
class LogRecord:
    """A LogRecord with decoded body and attributes."""

    trace_id: bytes
    span_id: bytes
    time_unix_nano: int
    event_name: str  # the field, else the attribute `event.name`
    body: Any
    attributes: Mapping[str, Any]
    scope_name: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Span:
    """A span with decoded attributes, as dialects and pages read it.

    Attribute values are str, bool, int, float, bytes, list, dict or None (an AnyValue with nothing set). Of a repeated
    key the first value counts.
    """

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    start_unix_nano: int
    end_unix_nano: int
    name: str
    kind: int
    status_code: int
    status_message: str
    attributes: Mapping[str, Any]
    events: tuple[SpanEvent, ...]
    links: tuple[SpanLink, ...]
    resource_attributes: Mapping[str, Any]
    scope_name: str
    scope_version: str


class SpanVersion(NamedTuple):
    """Orders two versions of one span; the larger wins whatever came first (an ended span beats a running one)."""

    end_unix_nano: int
    raw_length: int
    digest: bytes  # sha256 of the raw span, first 16 bytes
