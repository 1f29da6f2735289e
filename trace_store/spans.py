"""Reads stored OTLP bytes: a Span or LogRecord message becomes a `Span` or `LogRecord` with decoded attributes.

Resource and scope are messages of their own in the store and shared by many spans: read them once and hand them in.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as OtlpLogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

from trace_store.attributes import any_value, key_values
from trace_store.model import LogRecord, Span, SpanEvent, SpanLink


class Scope(NamedTuple):
    """A decoded InstrumentationScope."""

    name: str
    version: str
    attributes: Mapping[str, Any]


def read_resource(otlp: bytes) -> Mapping[str, Any]:
    """The attributes of a Resource message. Raises google.protobuf's DecodeError for bytes that are none."""
    return key_values(Resource.FromString(otlp).attributes)


def read_scope(otlp: bytes) -> Scope:
    """An InstrumentationScope message. Raises google.protobuf's DecodeError for bytes that are none."""
    scope = InstrumentationScope.FromString(otlp)
    return Scope(scope.name, scope.version, key_values(scope.attributes))


def read_span(otlp: bytes, resource: Mapping[str, Any], scope: Scope) -> Span:
    """Decode a stored span; resource and scope come from `read_resource` and `read_scope`.

    Raises google.protobuf's DecodeError for bytes that are no Span (never stored ones: decode has read them before).
    """
    return span_of(OtlpSpan.FromString(otlp), resource, scope)


def read_span_unless(
    otlp: bytes, resource: Mapping[str, Any], scope: Scope, is_of_no_use: Callable[[str, Iterable[str]], bool]
) -> Span | None:
    """The same; None for a span without events that is of no use by the name of its scope and the keys of its
    attributes, whose values are not decoded then."""
    span = OtlpSpan.FromString(otlp)
    pairs = list(span.attributes)
    if not span.events and is_of_no_use(scope.name, [pair.key for pair in pairs]):
        return None
    return span_of(span, resource, scope, pairs)


def span_of(span: OtlpSpan, resource: Mapping[str, Any], scope: Scope, pairs: Iterable[KeyValue] | None = None) -> Span:
    """A Span message with decoded attributes; `pairs` are these, where they have been listed already."""
    status = span.status
    return Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        start_unix_nano=span.start_time_unix_nano,
        end_unix_nano=span.end_time_unix_nano,
        name=span.name,
        kind=span.kind,
        status_code=status.code,
        status_message=status.message,
        attributes=key_values(span.attributes if pairs is None else pairs),
        events=tuple(SpanEvent(event.time_unix_nano, event.name, key_values(event.attributes)) for event in span.events)
        if span.events
        else (),
        links=tuple(SpanLink(link.trace_id, link.span_id, key_values(link.attributes)) for link in span.links)
        if span.links
        else (),
        resource_attributes=resource,
        scope_name=scope.name,
        scope_version=scope.version,
    )


def read_log(otlp: bytes, scope: Scope) -> LogRecord:
    """Decode a stored log record. The event name is the field, else the attribute `event.name` (older SDKs)."""
    record = OtlpLogRecord.FromString(otlp)
    attributes = key_values(record.attributes)
    event_name = record.event_name or attributes.get("event.name")
    return LogRecord(
        trace_id=record.trace_id,
        span_id=record.span_id,
        time_unix_nano=record.time_unix_nano or record.observed_time_unix_nano,
        event_name=event_name if isinstance(event_name, str) else "",
        body=any_value(record.body),
        attributes=attributes,
        scope_name=scope.name,
    )
