"""Protobuf requests: the exact bytes of every record, named rejections, and one bad record costs only itself."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
    Summary,
    SummaryDataPoint,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from otlp_receiver.decode import decode_logs, decode_metrics, decode_traces
from otlp_receiver.decoded import DETAILS_MAX
from otlp_receiver.envelopes import envelope
from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.field_counts import FIELDS_MAX
from tests.otlp_strategies import log_requests, trace_requests

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "otlp"
TRACE_ID, SPAN_ID = bytes(range(1, 17)), bytes(range(1, 9))


def request_of(*spans: bytes, resource: bytes = b"", scope: bytes = b"", schema_url: bytes = b"") -> bytes:
    """A request whose parts are given as bytes, so that each can be malformed."""
    scope_spans = field(1, scope) + b"".join(field(2, span) for span in spans) + field(3, schema_url)
    return field(1, field(1, resource) + field(2, scope_spans))


def field(number: int, value: bytes) -> bytes:
    length, size = b"", len(value)
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + length + value


def span(**fields: Any) -> bytes:
    given: dict[str, Any] = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "name": "s"} | fields
    return bytes(Span(**given).SerializeToString())


@given(trace_requests())
@settings(max_examples=150)
def test_every_span_keeps_its_exact_bytes(request: ExportTraceServiceRequest) -> None:
    decoded = decode_traces(request.SerializeToString(), "protobuf", 7)
    sent = [
        (resource_spans, scope_spans, sent_span)
        for resource_spans in request.resource_spans
        for scope_spans in resource_spans.scope_spans
        for sent_span in scope_spans.spans
    ]
    assert decoded.rejections.counts == {}
    assert len(decoded.spans) == len(sent)
    for accepted, (resource_spans, scope_spans, sent_span) in zip(decoded.spans, sent, strict=True):
        assert accepted.project_id == 7
        assert accepted.otlp == sent_span.SerializeToString()
        assert accepted.resource == envelope(resource_spans.resource.SerializeToString(), resource_spans.schema_url)
        assert accepted.scope == envelope(scope_spans.scope.SerializeToString(), scope_spans.schema_url)
        assert accepted.trace_id == sent_span.trace_id
        assert accepted.span_id == sent_span.span_id
        assert accepted.parent_span_id == sent_span.parent_span_id
        assert accepted.start_unix_nano == sent_span.start_time_unix_nano
        assert accepted.end_unix_nano == sent_span.end_time_unix_nano
        assert accepted.name == sent_span.name
        assert (accepted.kind, accepted.status_code) == (sent_span.kind, sent_span.status.code)
        assert accepted.links == tuple((link.trace_id, link.span_id) for link in sent_span.links)


@given(log_requests())
@settings(max_examples=100)
def test_every_log_record_keeps_its_exact_bytes(request: ExportLogsServiceRequest) -> None:
    decoded = decode_logs(request.SerializeToString(), "protobuf", 1)
    sent = [
        record for logs in request.resource_logs for scope_logs in logs.scope_logs for record in scope_logs.log_records
    ]
    assert [log.otlp for log in decoded.logs] == [record.SerializeToString() for record in sent]
    for log, record in zip(decoded.logs, sent, strict=True):
        assert (log.trace_id, log.span_id) == (record.trace_id, record.span_id)
        assert log.time_unix_nano == (record.time_unix_nano or record.observed_time_unix_nano)
        assert (log.severity_number, log.event_name) == (record.severity_number, record.event_name)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trace_id": b""}, "trace_id_missing"),
        ({"trace_id": b"12345"}, "trace_id_length"),
        ({"trace_id": bytes(16)}, "trace_id_zero"),
        ({"span_id": b""}, "span_id_missing"),
        ({"span_id": bytes(16)}, "span_id_length"),
        ({"span_id": bytes(8)}, "span_id_zero"),
        ({"parent_span_id": b"1234567"}, "parent_span_id_length"),
    ],
)
def test_ids_that_the_spec_forbids_are_rejected_by_name(fields: dict[str, bytes], reason: str) -> None:
    decoded = decode_traces(request_of(span(**fields), span(name="good")), "protobuf", 1)
    assert [accepted.name for accepted in decoded.spans] == ["good"]
    assert decoded.rejections.counts == {reason: 1}
    assert reason.rpartition("_")[0] in decoded.rejections.details[0]


def test_an_all_zero_parent_means_none() -> None:
    (accepted,) = decode_traces(request_of(span(parent_span_id=bytes(8))), "protobuf", 1).spans
    assert accepted.parent_span_id == b""


def test_a_malformed_link_stays_in_the_bytes_only() -> None:
    raw = span(links=[Span.Link(trace_id=b"x", span_id=SPAN_ID), Span.Link(trace_id=TRACE_ID, span_id=SPAN_ID)])
    (accepted,) = decode_traces(request_of(raw), "protobuf", 1).spans
    assert accepted.links == ((TRACE_ID, SPAN_ID),)
    assert accepted.otlp == raw


@pytest.mark.parametrize(
    "bad",
    [
        field(1, TRACE_ID) + field(2, SPAN_ID) + field(5, b"\xff\xfe"),  # name is no UTF-8
        field(1, TRACE_ID) + field(2, SPAN_ID) + field(9, field(1, b"\xc0")),  # an attribute's key is no UTF-8
        field(1, TRACE_ID) + b"\x12\x08123",  # cut off
        b"\xff\xff\xff",
        field(1, TRACE_ID) + field(2, SPAN_ID) + field(9, field(2, b"")[:1] + b"\x7f"),
    ],
)
def test_a_malformed_span_costs_only_itself(bad: bytes) -> None:
    decoded = decode_traces(request_of(span(name="a"), bad, span(name="b")), "protobuf", 1)
    assert [accepted.name for accepted in decoded.spans] == ["a", "b"]
    assert decoded.rejections.counts == {"span_malformed": 1}


def test_values_nested_too_deeply_cost_only_their_span() -> None:
    value = field(1, b"x")
    for _ in range(5000):
        value = field(5, field(1, value))
    bad = field(1, TRACE_ID) + field(2, SPAN_ID) + field(9, field(1, b"k") + field(2, value))
    decoded = decode_traces(request_of(bad, span(name="good")), "protobuf", 1)
    assert [accepted.name for accepted in decoded.spans] == ["good"]
    assert decoded.rejections.counts == {"span_malformed": 1}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"resource": field(1, field(1, b"\xff"))}, "resource_malformed"),
        ({"scope": field(1, b"\xff")}, "scope_malformed"),
        ({"schema_url": b"\xff"}, "scope_malformed"),
    ],
)
def test_a_malformed_resource_or_scope_rejects_its_spans_by_name(parts: dict[str, bytes], reason: str) -> None:
    body = request_of(span(), span(), **parts) + request_of(span(name="good"))
    decoded = decode_traces(body, "protobuf", 1)
    assert [accepted.name for accepted in decoded.spans] == ["good"]
    assert decoded.rejections.counts == {reason: 2}


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\x05ab", b'{"resourceSpans":[]}', field(1, b"\x0a\x7f")])
def test_a_damaged_frame_refuses_the_request(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode_traces(body, "protobuf", 1)


def test_an_empty_request_is_one() -> None:
    assert decode_traces(b"", "protobuf", 1).spans == []


def test_rejections_stay_small_however_many_there_are() -> None:
    decoded = decode_traces(request_of(*[b""] * 5000), "protobuf", 1)
    assert decoded.rejections.counts == {"trace_id_missing": 5000}
    assert len(decoded.rejections.details) <= DETAILS_MAX


@pytest.mark.parametrize(
    "body",
    [
        b"\x0a\x00" * (FIELDS_MAX + 10),  # empty ResourceSpans
        field(1, b"\x12\x00" * (FIELDS_MAX + 10)),  # empty ScopeSpans
        field(1, field(2, b"\x12\x00" * (FIELDS_MAX + 10))),  # empty spans
    ],
)
def test_millions_of_empty_messages_are_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="fields"):
        decode_traces(body, "protobuf", 1)


def test_a_span_of_millions_of_empty_events_costs_only_itself() -> None:
    bad = span() + b"\x5a\x00" * (FIELDS_MAX + 10)
    decoded = decode_traces(request_of(bad, span(name="good")), "protobuf", 1)
    assert [accepted.name for accepted in decoded.spans] == ["good"]
    assert decoded.rejections.counts == {"span_malformed": 1}


def test_a_large_honest_span_is_accepted() -> None:
    raw = span(attributes=[KeyValue(key=f"k{i}", value=AnyValue(string_value="x" * 500)) for i in range(20_000)])
    assert len(raw) > 10_000_000
    assert [accepted.otlp for accepted in decode_traces(request_of(raw), "protobuf", 1).spans] == [raw]


def test_metrics_are_counted() -> None:
    point = NumberDataPoint(as_int=1)
    exponential = ExponentialHistogram(data_points=[ExponentialHistogramDataPoint(count=1)])
    metrics = [
        Metric(name="a", gauge=Gauge(data_points=[point, point])),
        Metric(name="b", sum=Sum(data_points=[point])),
        Metric(name="c", histogram=Histogram(data_points=[HistogramDataPoint(count=1)])),
        Metric(name="d", exponential_histogram=exponential),
        Metric(name="e", summary=Summary(data_points=[SummaryDataPoint(count=1)])),
    ]
    request = ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=metrics)])]
    )
    assert decode_metrics(request.SerializeToString(), "protobuf", 1).point_count == 6


@pytest.mark.parametrize("name", ["vercel4_nan", "openai_events", "raindrop_protobuf"])
def test_captures_of_real_senders_decode_whole(name: str) -> None:
    body = (FIXTURES / name / "001.traces.pb").read_bytes()
    expected = [
        sent.SerializeToString()
        for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope_spans in resource_spans.scope_spans
        for sent in scope_spans.spans
    ]
    decoded = decode_traces(body, "protobuf", 1)
    assert len(decoded.spans) == len(expected) > 0
    assert decoded.rejections.counts == {}


def test_equal_envelopes_are_one_object() -> None:
    resource = ResourceSpans(scope_spans=[ScopeSpans(spans=[Span.FromString(span())])]).SerializeToString()
    first = decode_traces(field(1, resource), "protobuf", 1).spans[0]
    second = decode_traces(field(1, resource), "protobuf", 1).spans[0]
    assert first.resource is second.resource
    assert first.scope is second.scope
