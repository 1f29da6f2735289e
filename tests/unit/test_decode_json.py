"""OTLP/JSON: as lenient as real senders need, and equal to the same request in protobuf."""

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.decode import decode_logs, decode_metrics, decode_traces
from otlp_receiver.decoded import DecodedTraces
from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.json_messages import LONE_SURROGATE_WARNING, STRING_WARNING
from otlp_receiver.json_text import INVALID_UTF8_WARNING, VALUES_MAX
from tests.otlp_json import disguised, otlp_json
from tests.otlp_strategies import log_requests, trace_requests

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "otlp"
NO_BYTES: dict[str, Any] = {"otlp": b"", "resource": None, "scope": None}
TRACE_ID, SPAN_ID = "0102030405060708090a0b0c0d0e0f10", "0102030405060708"


def request_of(*spans: dict[str, Any], **resource_spans: Any) -> dict[str, Any]:
    named = [{"traceId": TRACE_ID, "spanId": SPAN_ID, "name": "s"} | span for span in spans]
    return {"resourceSpans": [{"scopeSpans": [{"spans": named}]} | resource_spans]}


def decode_value(value: Any) -> DecodedTraces:
    return decode_traces(json.dumps(value).encode(), "json", 1)


def the_span(decoded: DecodedTraces) -> Span:
    assert decoded.rejections.counts == {}
    (accepted,) = decoded.spans
    span: Span = Span.FromString(accepted.otlp)
    return span


def the_value(value: Any) -> AnyValue:
    span = the_span(decode_value(request_of({"attributes": [{"key": "k", "value": value}]})))
    found: AnyValue = span.attributes[0].value
    return found


@given(trace_requests(), st.integers())
@settings(max_examples=200)
def test_any_spelling_equals_the_request_in_protobuf(request: ExportTraceServiceRequest, seed: int) -> None:
    expected = decode_traces(request.SerializeToString(deterministic=True), "protobuf", 3)
    body = json.dumps(disguised(otlp_json(request), seed)).encode()
    decoded = decode_traces(body, "json", 3)
    assert decoded.rejections.counts == {}
    assert decoded.warnings == set()
    for span, sent in zip(decoded.spans, expected.spans, strict=True):
        assert readable(Span, span.otlp) == readable(Span, sent.otlp)
        assert span._replace(**NO_BYTES) == sent._replace(**NO_BYTES)
        assert readable(Resource, span.resource.otlp) == readable(Resource, sent.resource.otlp)
        assert readable(InstrumentationScope, span.scope.otlp) == readable(InstrumentationScope, sent.scope.otlp)
        assert (span.resource.schema_url, span.scope.schema_url) == (sent.resource.schema_url, sent.scope.schema_url)


def readable(message_class: type[Message], otlp: bytes) -> dict[str, Any]:
    """Comparable: of NaN, JSON knows neither sign nor payload."""
    found: dict[str, Any] = MessageToDict(message_class.FromString(otlp))
    return found


@given(log_requests(), st.integers())
@settings(max_examples=100)
def test_any_spelling_of_logs_equals_protobuf(request: ExportLogsServiceRequest, seed: int) -> None:
    expected = decode_logs(request.SerializeToString(deterministic=True), "protobuf", 3)
    decoded = decode_logs(json.dumps(disguised(otlp_json(request), seed)).encode(), "json", 3)
    assert decoded.rejections.counts == {}
    for log, sent in zip(decoded.logs, expected.logs, strict=True):
        assert readable(LogRecord, log.otlp) == readable(LogRecord, sent.otlp)
        assert log._replace(**NO_BYTES) == sent._replace(**NO_BYTES)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"intValue": 5}, 5),
        ({"intValue": "5"}, 5),
        ({"intValue": 5.0}, 5),
        ({"intValue": "5.0"}, 5),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"doubleValue": "1e3"}, 1000.0),
        ({"doubleValue": 7}, 7.0),
        ({"doubleValue": "-Infinity"}, -math.inf),
        ({"boolValue": "true"}, True),
        ({"stringValue": "\x00é😀"}, "\x00é😀"),
        ({"bytesValue": "AP8="}, b"\x00\xff"),
        ({"bytesValue": "AP8"}, b"\x00\xff"),
        ({"bytesValue": "-_8"}, b"\xfb\xff"),
        ({"bytesValue": ""}, b""),
    ],
)
def test_values_in_the_forms_of_real_senders(value: dict[str, Any], expected: object) -> None:
    found = the_value(value)
    assert getattr(found, str(found.WhichOneof("value"))) == expected


@pytest.mark.parametrize("value", [{}, None, {"stringValue": None}, {"unheardOf": 1}])
def test_an_attribute_without_a_value_is_kept(value: Any) -> None:
    assert the_value(value).WhichOneof("value") is None


def test_an_empty_array_is_no_missing_value() -> None:
    assert the_value({"arrayValue": {}}).WhichOneof("value") == "array_value"


def test_a_null_in_an_array_keeps_its_place() -> None:
    values = the_value({"arrayValue": {"values": [None, {"intValue": 1}, {}]}}).array_value.values
    assert [value.WhichOneof("value") for value in values] == [None, "int_value", None]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_bare_nan_and_infinity(text: str) -> None:
    body = json.dumps(request_of({"attributes": [{"key": "k", "value": {"doubleValue": 0}}]})).replace(
        ": 0}", f": {text}}}"
    )
    value = the_span(decode_traces(body.encode(), "json", 1)).attributes[0].value.double_value
    assert str(value) == str(float(text))


@pytest.mark.parametrize("time", [1763715600123456789, "1763715600123456789"])
def test_times_keep_their_nanoseconds_as_numbers_too(time: Any) -> None:
    (accepted,) = decode_value(request_of({"startTimeUnixNano": time})).spans
    assert accepted.start_unix_nano == 1763715600123456789


@pytest.mark.parametrize(
    "trace_id", [TRACE_ID, TRACE_ID.upper(), "AQIDBAUGBwgJCgsMDQ4PEA==", "AQIDBAUGBwgJCgsMDQ4PEA", f" {TRACE_ID} "]
)
def test_ids_in_hex_and_base64(trace_id: str) -> None:
    decoded = decode_value(request_of({"traceId": trace_id}))
    assert the_span(decoded).trace_id.hex() == TRACE_ID
    assert decoded.warnings == set()


def test_an_id_of_hex_digits_is_hex_although_it_is_base64_too() -> None:
    (accepted,) = decode_value(request_of({"spanId": "abcdefabcdef0123"})).spans
    assert accepted.span_id.hex() == "abcdefabcdef0123"


@pytest.mark.parametrize(
    ("span", "reason"),
    [
        ({"traceId": "abcd"}, "trace_id_length"),
        ({"traceId": ""}, "trace_id_missing"),
        ({"traceId": None}, "trace_id_missing"),
        ({"traceId": "0" * 32}, "trace_id_zero"),
        ({"spanId": TRACE_ID}, "span_id_length"),
        ({"parentSpanId": "ab"}, "parent_span_id_length"),
        ({"traceId": "not an id!"}, "span_malformed"),
        ({"traceId": 5}, "span_malformed"),
        ({"startTimeUnixNano": "yesterday"}, "span_malformed"),
        ({"startTimeUnixNano": -1}, "span_malformed"),
        ({"startTimeUnixNano": 2**64}, "span_malformed"),
        ({"startTimeUnixNano": "1e999999999"}, "span_malformed"),
        ({"startTimeUnixNano": True}, "span_malformed"),
        ({"kind": "SPAN_KIND_NOVEL"}, "span_malformed"),
        ({"attributes": "none"}, "span_malformed"),
        ({"attributes": ["k"]}, "span_malformed"),
        ({"attributes": [{"key": "k", "value": "v"}]}, "span_malformed"),
        ({"attributes": [{"key": "k", "value": {"intValue": 1.5}}]}, "span_malformed"),
        ({"attributes": [{"key": "k", "value": {"bytesValue": "?"}}]}, "span_malformed"),
        ({"name": {}}, "span_malformed"),
        ({"status": 2}, "span_malformed"),
    ],
)
def test_a_bad_span_costs_only_itself(span: dict[str, Any], reason: str) -> None:
    decoded = decode_value(request_of({"name": "a"}, span, {"name": "b"}))
    assert [accepted.name for accepted in decoded.spans] == ["a", "b"]
    assert decoded.rejections.counts == {reason: 1}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"resource": {"attributes": 1}}, "resource_malformed"),
        ({"schemaUrl": 1}, "resource_malformed"),
        ({"scopeSpans": [{"scope": [], "spans": [{}, {}]}]}, None),
        ({"scopeSpans": [{"scope": [1], "spans": [{}, {}]}]}, "scope_malformed"),
    ],
)
def test_a_bad_resource_or_scope_rejects_its_spans(parts: dict[str, Any], reason: str | None) -> None:
    decoded = decode_value(request_of({}, {}, **parts))
    assert decoded.spans == []
    assert decoded.rejections.counts == ({reason: 2} if reason else {"trace_id_missing": 2})


def test_lone_surrogates_become_replacement_characters_with_a_warning() -> None:
    body = json.dumps(request_of({"name": "NAME", "attributes": [{"key": "k", "value": {"stringValue": "é"}}]}))
    decoded = decode_traces(body.replace("NAME", "a\\ud800b\\ud83d\\ude00").encode(), "json", 1)
    assert the_span(decoded).name == "a\ufffdb😀"
    assert decoded.warnings == {LONE_SURROGATE_WARNING}


def test_invalid_utf8_becomes_replacement_characters_with_a_warning() -> None:
    body = json.dumps(request_of({"name": "NAME"})).encode().replace(b"NAME", b"a\xffb")
    decoded = decode_traces(body, "json", 1)
    assert the_span(decoded).name == "a\ufffdb"
    assert decoded.warnings == {INVALID_UTF8_WARNING}


def test_numbers_in_the_place_of_strings_are_kept_with_a_warning() -> None:
    decoded = decode_value(request_of({"attributes": [{"key": "k", "value": {"stringValue": True}}], "name": 5}))
    span = the_span(decoded)
    assert (span.name, span.attributes[0].value.string_value) == ("5", "true")
    assert decoded.warnings == {STRING_WARNING}


def test_a_byte_order_mark_and_doubled_keys() -> None:
    body = json.dumps(request_of({})).replace('"name": "s"', '"name": "first", "name": "second"')
    assert the_span(decode_traces(b"\xef\xbb\xbf" + body.encode(), "json", 1)).name == "second"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"resourceSpans": None},
        {"resourceSpans": [None]},
        {"resourceSpans": [{"resource": None, "scopeSpans": None}]},
        {"resourceSpans": [{"scopeSpans": [None, {"scope": None, "spans": [None]}]}]},
    ],
)
def test_null_means_absent_everywhere(value: Any) -> None:
    decoded = decode_value(value)
    assert (decoded.spans, decoded.rejections.counts) == ([], {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"resourceSpans": {}}',
        b'{"resourceSpans": [1]}',
        b'{"resourceSpans": [{"scopeSpans": [[]]}]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":%s}' % (b"9" * 10_000 + b"NaN"),
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode_traces(body, "json", 1)


def in_array(inner: Any) -> Any:
    return {"arrayValue": {"values": [inner]}}


def in_list(inner: Any) -> Any:
    return {"kvlistValue": {"values": [{"key": "k", "value": inner}]}}


@pytest.mark.parametrize("nest", [in_array, in_list])
@pytest.mark.parametrize("depth", [60, 150])
def test_values_nested_too_deeply_cost_only_their_span(nest: Callable[[Any], Any], depth: int) -> None:
    value: Any = {"intValue": 1}
    for _ in range(depth):
        value = nest(value)
    decoded = decode_value(request_of({"attributes": [{"key": "k", "value": value}]}, {"name": "good"}))
    assert [accepted.name for accepted in decoded.spans] == ["good"]
    assert decoded.rejections.counts == {"span_malformed": 1}


def test_too_many_values_are_refused_before_they_take_memory() -> None:
    with pytest.raises(MalformedBody, match="values"):
        decode_traces(b'{"a":[' + b"[]," * (VALUES_MAX // 2 + 1) + b"[]]}", "json", 1)


def test_metrics_are_counted() -> None:
    metrics = [{"gauge": {"dataPoints": [{}, {}]}}, {"exponential_histogram": {"data_points": [{}]}}, {"sum": None}]
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()
    assert decode_metrics(body, "json", 1).point_count == 3


@pytest.mark.parametrize("name", ["ddtrace_json", "openinference_vercel_json", "raindrop_base64_json"])
def test_captures_of_real_senders_decode_whole(name: str) -> None:
    body = (FIXTURES / name / "001.traces.json").read_bytes()
    decoded = decode_traces(body, "json", 1)
    assert (decoded.rejections.counts, decoded.warnings) == ({}, set())
    sent = [span for r in json.loads(body)["resourceSpans"] for s in r["scopeSpans"] for span in s["spans"]]
    assert len(decoded.spans) == len(sent) > 0
    for accepted, span in zip(decoded.spans, sent, strict=True):
        assert accepted.name == span["name"]
        assert accepted.start_unix_nano == int(span["startTimeUnixNano"])
        attributes = Span.FromString(accepted.otlp).attributes
        assert [attribute.key for attribute in attributes] == [item["key"] for item in span.get("attributes", [])]


def test_base64_ids_of_a_real_sender() -> None:
    decoded = decode_traces((FIXTURES / "raindrop_base64_json" / "001.traces.json").read_bytes(), "json", 1)
    assert decoded.spans[0].trace_id == base64.b64decode("wxgflsc0RD5YJnHYWHkZxw==")
    assert decoded.spans[0].parent_span_id == base64.b64decode("d4/l05ZUrIU=")
