"""Decodes protobuf export requests: cuts the exact bytes of each record out and reads only its structure."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from otlp_receiver._otlp_view_pb2 import DataPoints, Metric, Request, ResourceItems, ScopeItems
from otlp_receiver.accept import accept_log, accept_span
from otlp_receiver.decoded import DecodedLogs, DecodedMetrics, DecodedTraces, Rejections
from otlp_receiver.envelopes import resource_envelope, scope_envelope
from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.field_counts import require_few_fields
from trace_store.model import Envelope

_MessageT = TypeVar("_MessageT", bound=Message)
_POINT_FIELDS = ("gauge", "sum", "histogram", "exponential_histogram", "summary")


def decode_traces(body: bytes, project_id: int) -> DecodedTraces:
    """Decode an ExportTraceServiceRequest (or TracesData). Raises MalformedBody when its frame is damaged."""
    decoded = DecodedTraces(project_id)
    for resource, scope, items in _items(body, decoded.rejections):
        for item in items:
            span = accept_span(item, project_id, resource, scope, decoded.rejections)
            if span is not None:
                decoded.spans.append(span)
    return decoded


def decode_logs(body: bytes, project_id: int) -> DecodedLogs:
    """Decode an ExportLogsServiceRequest (or LogsData). Raises MalformedBody when its frame is damaged."""
    decoded = DecodedLogs(project_id)
    for resource, scope, items in _items(body, decoded.rejections):
        for item in items:
            log = accept_log(item, project_id, resource, scope, decoded.rejections)
            if log is not None:
                decoded.logs.append(log)
    return decoded


def decode_metrics(body: bytes, project_id: int) -> DecodedMetrics:
    """Count the data points of an ExportMetricsServiceRequest. Raises MalformedBody when it is damaged."""
    count = 0
    for raw in _parse(Request, body).resources:
        for scope_raw in _parse(ResourceItems, raw).scopes:
            for metric_raw in _parse(ScopeItems, scope_raw).items:
                metric = _parse(Metric, metric_raw)
                count += sum(len(_parse(DataPoints, getattr(metric, name)).data_points) for name in _POINT_FIELDS)
    return DecodedMetrics(project_id, count)


def item_bytes(body: bytes) -> Iterator[bytes]:
    """The exact bytes of every Span or LogRecord of a request. Raises MalformedBody when its frame is damaged."""
    for raw in _parse(Request, body).resources:
        for scope_raw in _parse(ResourceItems, raw).scopes:
            yield from _parse(ScopeItems, scope_raw).items


def _items(body: bytes, rejections: Rejections) -> Iterator[tuple[Envelope, Envelope, Iterable[bytes]]]:
    """Resource, scope and the raw records below them; records below a malformed resource or scope are rejected."""
    for raw in _parse(Request, body).resources:
        resource_items = _parse(ResourceItems, raw)
        scopes = [_parse(ScopeItems, scope_raw) for scope_raw in resource_items.scopes]
        try:
            resource = resource_envelope(resource_items.resource, resource_items.schema_url)
        except MalformedBody as error:
            rejections.add(
                "resource_malformed", f"records rejected: {error}", sum(len(scope.items) for scope in scopes)
            )
            continue
        for scope_items in scopes:
            try:
                scope = scope_envelope(scope_items.scope, scope_items.schema_url)
            except MalformedBody as error:
                rejections.add("scope_malformed", f"records rejected: {error}", len(scope_items.items))
                continue
            yield resource, scope, scope_items.items


def _parse(message_class: type[_MessageT], raw: bytes) -> _MessageT:
    require_few_fields(raw, message_class.DESCRIPTOR)
    try:
        message: _MessageT = message_class.FromString(raw)
    except DecodeError as error:
        raise MalformedBody("the request body is no OTLP protobuf message") from error
    return message
