"""Facts that stand in span events and log records instead of span attributes, as coding agents write them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trace_store.attributes import canonical_json
from trace_store.dialects.dialect import Kind, Record
from trace_store.model import LogRecord, Span


def told_by_records(
    span: Span, logs: Sequence[LogRecord], records: Mapping[str, Record], kind: Kind | None
) -> tuple[dict[str, Any], Kind | None]:
    """The attributes that records of the span's kind stand for, and the kind; of a repeated key the last one counts.

    A span without a kind of its own takes the kind of its first record.
    """
    attributes: dict[str, Any] = {}
    for record, values in _records(span, logs, records):
        if kind is None:
            kind = record.kind
        if kind.type == record.kind.type:
            for key, canonical in record.keys.items():
                value = values.get(key)
                if value is not None and value != "":
                    attributes[canonical] = value
    return attributes, kind


def record_names(span: Span, logs: Sequence[LogRecord]) -> Iterator[str]:
    """The names under which the span's events and log records may be known."""
    for event in span.events:
        yield event.name
        yield from _texts(event.attributes.get("event.name"))
    for log in logs:
        yield log.event_name
        yield from _texts(log.body)


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else ()


def _records(
    span: Span, logs: Sequence[LogRecord], records: Mapping[str, Record]
) -> Iterator[tuple[Record, Mapping[str, Any]]]:
    """The known records of a span by time. Rust's tracing names events by source line and keeps their name beside."""
    found: list[tuple[int, str, Record, Mapping[str, Any]]] = []
    for event in span.events:
        named = event.attributes.get("event.name")
        _keep(found, records, event.time_unix_nano, (event.name, named), event.attributes)
    for log in logs:
        _keep(found, records, log.time_unix_nano, (log.event_name, log.body), log.attributes)
    if len(found) > 1:
        found.sort(key=lambda item: (item[0], item[1], canonical_json(item[3])))  # the order of arrival never decides
    return ((record, values) for _, _, record, values in found)


def _keep(
    found: list[tuple[int, str, Record, Mapping[str, Any]]],
    records: Mapping[str, Record],
    time_unix_nano: int,
    names: tuple[Any, Any],
    values: Mapping[str, Any],
) -> None:
    for name in names:
        record = records.get(name) if isinstance(name, str) else None
        if record is not None and (record.only is None or values.get(record.only[0]) == record.only[1]):
            found.append((time_unix_nano, name, record, values))
            return
