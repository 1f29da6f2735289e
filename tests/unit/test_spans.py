"""Stored OTLP bytes become spans and log records with decoded attributes."""

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as OtlpLogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from trace_store.spans import Scope, read_log, read_resource, read_scope, read_span


def attribute(key: str, text: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=text))


def test_a_span_is_read_whole() -> None:
    otlp = OtlpSpan(
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        parent_span_id=b"p" * 8,
        start_time_unix_nano=2**63 + 1,
        end_time_unix_nano=2**64 - 1,
        name="chat",
        kind=OtlpSpan.SPAN_KIND_CLIENT,
        status=Status(code=Status.STATUS_CODE_ERROR, message="broken"),
        attributes=[attribute("a", "1")],
        events=[OtlpSpan.Event(time_unix_nano=5, name="exception", attributes=[attribute("b", "2")])],
        links=[OtlpSpan.Link(trace_id=b"u" * 16, span_id=b"v" * 8, attributes=[attribute("c", "3")])],
    )
    resource = read_resource(Resource(attributes=[attribute("service.name", "shop")]).SerializeToString())
    scope = read_scope(InstrumentationScope(name="ai", version="6").SerializeToString())

    span = read_span(otlp.SerializeToString(), resource, scope)

    assert (span.trace_id, span.span_id, span.parent_span_id) == (b"t" * 16, b"s" * 8, b"p" * 8)
    assert (span.start_unix_nano, span.end_unix_nano) == (2**63 + 1, 2**64 - 1)
    assert (span.name, span.kind, span.status_code, span.status_message) == ("chat", 3, 2, "broken")
    assert span.attributes == {"a": "1"}
    assert [(event.name, event.attributes) for event in span.events] == [("exception", {"b": "2"})]
    assert [(link.span_id, link.attributes) for link in span.links] == [(b"v" * 8, {"c": "3"})]
    assert (span.resource_attributes, span.scope_name, span.scope_version) == ({"service.name": "shop"}, "ai", "6")


def test_the_event_name_of_older_log_records_is_an_attribute() -> None:
    older = OtlpLogRecord(observed_time_unix_nano=7, attributes=[attribute("event.name", "gen_ai.choice")])
    newer = OtlpLogRecord(time_unix_nano=8, event_name="gen_ai.choice", body=AnyValue(string_value="text"))
    scope = Scope("genai", "", {})

    assert read_log(older.SerializeToString(), scope).event_name == "gen_ai.choice"
    assert read_log(older.SerializeToString(), scope).time_unix_nano == 7
    record = read_log(newer.SerializeToString(), scope)
    assert (record.event_name, record.body, record.time_unix_nano) == ("gen_ai.choice", "text", 8)
