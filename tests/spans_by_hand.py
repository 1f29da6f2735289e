"""Spans written by hand, for tests of single rules."""

from collections.abc import Mapping
from typing import Any

from trace_store.model import STATUS_UNSET, LogRecord, Span, SpanEvent

TRACE_ID = bytes(range(16))


def span(
    attributes: Mapping[str, Any] | None = None,
    *,
    name: str = "step",
    status_code: int = STATUS_UNSET,
    status_message: str = "",
    events: tuple[SpanEvent, ...] = (),
    scope_name: str = "",
    resource: Mapping[str, Any] | None = None,
) -> Span:
    return Span(
        trace_id=TRACE_ID,
        span_id=b"12345678",
        parent_span_id=b"",
        start_unix_nano=1,
        end_unix_nano=2,
        name=name,
        kind=1,
        status_code=status_code,
        status_message=status_message,
        attributes=attributes or {},
        events=events,
        links=(),
        resource_attributes=resource or {},
        scope_name=scope_name,
        scope_version="",
    )


def exception(type_: str, message: str) -> SpanEvent:
    return SpanEvent(1, "exception", {"exception.type": type_, "exception.message": message})


def log(event_name: str, body: Any = None, attributes: Mapping[str, Any] | None = None, time: int = 1) -> LogRecord:
    return LogRecord(TRACE_ID, b"12345678", time, event_name, body, attributes or {}, "")
