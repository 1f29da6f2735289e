"""The rules that one record must meet to be stored: ids of the right length, well-formed protobuf, valid UTF-8.

Sources: opentelemetry/proto/trace/v1/trace.proto and logs/v1/logs.proto (comments on the id fields). Everything else
that OTLP allows is accepted: empty names, reversed times, any kind.
"""

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.decoded import Rejections
from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.field_counts import UNCHECKED_BYTES_MAX, require_few_fields
from trace_store.model import AcceptedLog, AcceptedSpan, Envelope

TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8
_NO_TRACE_ID, _NO_SPAN_ID = bytes(TRACE_ID_BYTES), bytes(SPAN_ID_BYTES)
_SHOWN_CHARACTERS = 80
_parse_span = Span.FromString


def accept_span(
    otlp: bytes, project_id: int, resource: Envelope, scope: Envelope, rejections: Rejections
) -> AcceptedSpan | None:
    """The span if it can be stored; else None, and `rejections` says why."""
    try:
        if len(otlp) > UNCHECKED_BYTES_MAX:  # hardly ever: the call is saved
            require_few_fields(otlp, Span.DESCRIPTOR)
        span = _parse_span(otlp)
    except (DecodeError, MalformedBody) as error:
        rejections.add("span_malformed", f"a span is malformed: {_reason(error)}")
        return None
    trace_id, span_id, parent_span_id = span.trace_id, span.span_id, span.parent_span_id
    if (
        len(trace_id) != TRACE_ID_BYTES
        or len(span_id) != SPAN_ID_BYTES
        or len(parent_span_id) not in (0, SPAN_ID_BYTES)
    ):
        _reject_span(span, rejections)
        return None
    if trace_id == _NO_TRACE_ID or span_id == _NO_SPAN_ID:
        _reject_span(span, rejections)
        return None
    return AcceptedSpan(
        project_id,
        trace_id,
        span_id,
        b"" if parent_span_id == _NO_SPAN_ID else parent_span_id,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.name,
        span.kind,
        span.status.code,
        _links(span) if span.links else (),
        resource,
        scope,
        otlp,
    )


def accept_log(
    otlp: bytes, project_id: int, resource: Envelope, scope: Envelope, rejections: Rejections
) -> AcceptedLog | None:
    """The log record if it can be stored; else None, and `rejections` says why. Empty and all-zero ids mean none."""
    try:
        require_few_fields(otlp, LogRecord.DESCRIPTOR)
        log = LogRecord.FromString(otlp)
    except (DecodeError, MalformedBody) as error:
        rejections.add("log_malformed", f"a log record is malformed: {_reason(error)}")
        return None
    trace_id, span_id = log.trace_id, log.span_id
    for name, value, length in (("trace_id", trace_id, TRACE_ID_BYTES), ("span_id", span_id, SPAN_ID_BYTES)):
        if len(value) not in (0, length):
            rejections.add(f"{name}_length", f"a log record's {name} has {len(value)} bytes, not {length}")
            return None
    return AcceptedLog(
        project_id,
        b"" if trace_id == _NO_TRACE_ID else trace_id,
        b"" if span_id == _NO_SPAN_ID else span_id,
        log.time_unix_nano or log.observed_time_unix_nano,
        log.severity_number,
        log.event_name,
        resource,
        scope,
        otlp,
    )


def _links(span: Span) -> tuple[tuple[bytes, bytes], ...]:
    """The links that point somewhere; malformed ones stay visible in the span's bytes."""
    return tuple(
        (link.trace_id, link.span_id)
        for link in span.links
        if len(link.trace_id) == TRACE_ID_BYTES and len(link.span_id) == SPAN_ID_BYTES
    )


def _reject_span(span: Span, rejections: Rejections) -> None:
    who = f"span {span.name[:_SHOWN_CHARACTERS]!r}"
    for name, value, length, may_be_empty in (
        ("trace_id", span.trace_id, TRACE_ID_BYTES, False),
        ("span_id", span.span_id, SPAN_ID_BYTES, False),
        ("parent_span_id", span.parent_span_id, SPAN_ID_BYTES, True),
    ):
        if not value and not may_be_empty:
            rejections.add(f"{name}_missing", f"{who}: {name} is missing")
        elif value and len(value) != length:
            rejections.add(f"{name}_length", f"{who}: {name} has {len(value)} bytes, not {length}")
        elif value and not any(value) and not may_be_empty:
            rejections.add(f"{name}_zero", f"{who}: {name} is all zeros")
        else:
            continue
        return


def _reason(error: Exception) -> str:
    """protobuf's message without its preamble."""
    return str(error).rpartition("': ")[2][:200]
