"""Random OTLP for property tests: whatever the protocol allows, valid ids, at most a few spans."""

import string

from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

NANO = st.integers(0, 2**64 - 1) | st.integers(1_760_000_000 * 10**9, 1_770_000_000 * 10**9)
COUNT = st.integers(0, 2**32 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # NUL and U+FFFF are in, lone surrogates out
NAME = st.text(string.ascii_letters + "._", max_size=12) | TEXT
TRACE_ID = st.binary(min_size=16, max_size=16).filter(any)
SPAN_ID = st.binary(min_size=8, max_size=8).filter(any)


def any_values() -> st.SearchStrategy[AnyValue]:
    leaf = st.one_of(
        st.builds(AnyValue),
        st.builds(AnyValue, string_value=TEXT),
        st.builds(AnyValue, bool_value=st.booleans()),
        st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
        st.builds(AnyValue, double_value=st.floats()),
        st.builds(AnyValue, bytes_value=st.binary(max_size=9)),
    )
    return st.recursive(
        leaf,
        lambda inner: (
            st.builds(AnyValue, array_value=st.builds(ArrayValue, values=st.lists(inner, max_size=3)))
            | st.builds(
                AnyValue,
                kvlist_value=st.builds(
                    KeyValueList, values=st.lists(st.builds(KeyValue, key=NAME, value=inner), max_size=3)
                ),
            )
        ),
        max_leaves=5,
    )


def attributes() -> st.SearchStrategy[list[KeyValue]]:
    return st.lists(st.builds(KeyValue, key=NAME, value=any_values()), max_size=3)


def spans() -> st.SearchStrategy[Span]:
    event = st.builds(
        Span.Event, time_unix_nano=NANO, name=NAME, attributes=attributes(), dropped_attributes_count=COUNT
    )
    link = st.builds(
        Span.Link, trace_id=TRACE_ID, span_id=SPAN_ID, trace_state=NAME, attributes=attributes(), flags=COUNT
    )
    return st.builds(
        Span,
        trace_id=TRACE_ID,
        span_id=SPAN_ID,
        trace_state=NAME,
        parent_span_id=SPAN_ID | st.just(b""),
        flags=COUNT,
        name=NAME,
        kind=st.integers(0, 5),
        start_time_unix_nano=NANO,
        end_time_unix_nano=NANO,
        attributes=attributes(),
        dropped_attributes_count=COUNT,
        events=st.lists(event, max_size=2),
        dropped_events_count=COUNT,
        links=st.lists(link, max_size=2),
        dropped_links_count=COUNT,
        status=st.builds(Status, message=NAME, code=st.integers(0, 2)),
    )


def log_records() -> st.SearchStrategy[LogRecord]:
    return st.builds(
        LogRecord,
        time_unix_nano=NANO,
        observed_time_unix_nano=NANO,
        severity_number=st.integers(0, 24),
        severity_text=NAME,
        body=any_values(),
        attributes=attributes(),
        dropped_attributes_count=COUNT,
        flags=COUNT,
        trace_id=TRACE_ID | st.just(b""),
        span_id=SPAN_ID | st.just(b""),
        event_name=NAME,
    )


def resources() -> st.SearchStrategy[Resource]:
    return st.builds(Resource, attributes=attributes(), dropped_attributes_count=COUNT)


def scopes() -> st.SearchStrategy[InstrumentationScope]:
    return st.builds(InstrumentationScope, name=NAME, version=NAME, attributes=attributes())


def trace_requests() -> st.SearchStrategy[ExportTraceServiceRequest]:
    scope_spans = st.builds(ScopeSpans, scope=scopes(), spans=st.lists(spans(), max_size=2), schema_url=NAME)
    resource_spans = st.builds(
        ResourceSpans, resource=resources(), scope_spans=st.lists(scope_spans, max_size=2), schema_url=NAME
    )
    return st.builds(ExportTraceServiceRequest, resource_spans=st.lists(resource_spans, max_size=2))


def log_requests() -> st.SearchStrategy[ExportLogsServiceRequest]:
    scope_logs = st.builds(ScopeLogs, scope=scopes(), log_records=st.lists(log_records(), max_size=2), schema_url=NAME)
    resource_logs = st.builds(
        ResourceLogs, resource=resources(), scope_logs=st.lists(scope_logs, max_size=2), schema_url=NAME
    )
    return st.builds(ExportLogsServiceRequest, resource_logs=st.lists(resource_logs, max_size=2))
