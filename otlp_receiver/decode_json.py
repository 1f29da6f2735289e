"""Decodes OTLP/JSON export requests: each record becomes a real protobuf message and takes the same way as protobuf.

Functions take the parsed JSON value; `warnings` gathers what was stored differently than sent.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.accept import accept_log, accept_span
from otlp_receiver.decoded import DecodedLogs, DecodedMetrics, DecodedTraces, Rejections
from otlp_receiver.envelopes import resource_envelope, scope_envelope
from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.json_messages import JsonValueError, Warnings, fill
from otlp_receiver.json_values import shown, without_lone_surrogates
from trace_store.model import Envelope

_POINT_FIELDS = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
_CAPITAL = re.compile("[A-Z]")


def decode_traces(value: Any, project_id: int, warnings: Warnings) -> DecodedTraces:
    """Decode an ExportTraceServiceRequest. Raises MalformedBody when its frame is none."""
    decoded = DecodedTraces(project_id, warnings=warnings)
    rejections = decoded.rejections
    for resource, scope, items in _items(value, ("resourceSpans", "scopeSpans", "spans"), rejections, warnings):
        for item in items:
            otlp = _encode(Span, item, "span", rejections, warnings)
            span = None if otlp is None else accept_span(otlp, project_id, resource, scope, rejections)
            if span is not None:
                decoded.spans.append(span)
    return decoded


def decode_logs(value: Any, project_id: int, warnings: Warnings) -> DecodedLogs:
    """Decode an ExportLogsServiceRequest. Raises MalformedBody when its frame is none."""
    decoded = DecodedLogs(project_id, warnings=warnings)
    rejections = decoded.rejections
    for resource, scope, items in _items(value, ("resourceLogs", "scopeLogs", "logRecords"), rejections, warnings):
        for item in items:
            otlp = _encode(LogRecord, item, "log", rejections, warnings)
            log = None if otlp is None else accept_log(otlp, project_id, resource, scope, rejections)
            if log is not None:
                decoded.logs.append(log)
    return decoded


def decode_metrics(value: Any, project_id: int, warnings: Warnings) -> DecodedMetrics:
    """Count the data points of an ExportMetricsServiceRequest. Raises MalformedBody when its frame is none."""
    count = 0
    for resource_metrics in children(_object(value), "resourceMetrics"):
        for scope_metrics in children(_object(resource_metrics), "scopeMetrics"):
            for metric in children(_object(scope_metrics), "metrics"):
                for name in _POINT_FIELDS:
                    count += len(children(_object(_member(_object(metric), name) or {}), "dataPoints"))
    return DecodedMetrics(project_id, count, warnings=warnings)


def children(parent: dict[str, Any], name: str) -> list[Any]:
    """The array called `name` (or its snake_case form) without nulls; empty when absent or null."""
    value = _member(parent, name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedBody(f"{name} must be an array, not {shown(value)}")
    return [item for item in value if item is not None]


def _items(
    value: Any, names: tuple[str, str, str], rejections: Rejections, warnings: Warnings
) -> Iterator[tuple[Envelope, Envelope, list[Any]]]:
    """Resource, scope and the records below them; records below a malformed resource or scope are rejected."""
    resources_name, scopes_name, items_name = names
    for resource_items in map(_object, children(_object(value), resources_name)):
        scopes = [_object(scope_items) for scope_items in children(resource_items, scopes_name)]
        try:
            resource = _envelope(resource_envelope, Resource, resource_items, "resource", warnings)
        except ValueError as error:
            count = sum(len(children(scope_items, items_name)) for scope_items in scopes)
            rejections.add("resource_malformed", f"records rejected: their resource is malformed: {error}", count)
            continue
        for scope_items in scopes:
            items = children(scope_items, items_name)
            try:
                scope = _envelope(scope_envelope, InstrumentationScope, scope_items, "scope", warnings)
            except ValueError as error:
                rejections.add("scope_malformed", f"records rejected: their scope is malformed: {error}", len(items))
                continue
            yield resource, scope, items


def _envelope(
    make: Callable[[bytes, bytes], Envelope],
    message_class: type[Message],
    parent: dict[str, Any],
    name: str,
    warnings: Warnings,
) -> Envelope:
    message = message_class()
    fill(message, _member(parent, name) or {}, warnings)
    schema_url = _member(parent, "schemaUrl") or ""
    if not isinstance(schema_url, str):
        raise JsonValueError(f"schemaUrl: expected a string, not {shown(schema_url)}")
    try:
        return make(message.SerializeToString(deterministic=True), without_lone_surrogates(schema_url).encode())
    except MalformedBody as error:
        raise JsonValueError(str(error)) from error


def _encode(
    message_class: type[Message], item: Any, what: str, rejections: Rejections, warnings: Warnings
) -> bytes | None:
    message = message_class()
    try:
        fill(message, item, warnings)
    except JsonValueError as error:
        rejections.add(f"{what}_malformed", f"a {what} is malformed: {error}")
        return None
    encoded: bytes = message.SerializeToString(deterministic=True)
    return encoded


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedBody(f"expected a JSON object of OTLP, not {shown(value)}")
    return value


def _member(parent: dict[str, Any], name: str) -> Any:
    value = parent.get(name)
    return parent.get(_CAPITAL.sub(lambda found: "_" + found[0].lower(), name)) if value is None else value
