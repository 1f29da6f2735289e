"""Facts that stand in span events and log records instead of span attributes, as coding agents write them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trace_store.attributes import canonical_json
from trace_store.dialects.dialect import Dialect, Kind, Record
from trace_store.dialects.reading import as_text
from trace_store.model import LogRecord, Span

Records = Mapping[str, tuple[Record, ...]]


class NamedRecord(NamedTuple):
    """A span event or log record that a dialect knows."""

    time_unix_nano: int
    name: str
    record: Record
    values: Mapping[str, Any]


def told_by_records(known: Sequence[NamedRecord], kind: Kind | None) -> tuple[dict[str, Any], Kind | None]:
    """The attributes that records of the span's kind stand for, and the kind; of a repeated key the last one counts.

    A span without a kind of its own takes the kind of its first record.
    """
    attributes: dict[str, Any] = {}
    for _, _, record, values in known:
        if kind is None:
            kind = record.kind
        if kind.type == record.kind.type:
            attributes.update(record.says)
            for key, canonical in record.keys.items():
                value = values.get(key)
                if value is not None and value != "":
                    attributes[canonical] = value
    return attributes, kind


def told_calls(span: Span, records: Records, dialect: Dialect) -> list[dict[str, Any]]:
    """The tool calls that a span's events tell, by time: of each the attributes that stand for it."""
    calls: dict[str, dict[str, Any]] = {}
    for item in known_records(span, (), records):
        if item.record.kind.type == "tool":
            attributes = calls.setdefault(call_key(dialect, item.values) or f" {len(calls)}", {})
            attributes.update(item.record.says)
            attributes.update(
                (canonical, value)
                for key, canonical in item.record.keys.items()
                if (value := item.values.get(key)) not in (None, "")
            )
    return list(calls.values())


def tell_span(
    span: Span, logs: Sequence[LogRecord], records: Records, kind: Kind | None, call_id: str | None, dialect: Dialect
) -> list[bool]:
    """Which log records tell about their span; the others are steps of their own, for which the span is only the place.

    A call tells about a span of its type: the one that has its id, else the first of each name. `kind` and `call_id`
    are those that the span itself states.
    """
    found = [known_log(log, records) for log in logs]
    kind = kind or next((item.record.kind for item in known_records(span, logs, records)), None)
    told = [True] * len(found)
    names: set[str] = set()
    order = sorted(
        (index for index, item in enumerate(found) if item is not None), key=lambda index: _order(found[index])
    )
    for index in order:
        item = found[index]
        assert item is not None
        if kind is None or kind.type != item.record.kind.type:
            told[index] = False
        elif kind.type in ("llm", "tool"):
            own = call_key(dialect, item.values)
            told[index] = own == call_id if own and call_id else item.name not in names
            call_id = call_id or own
            names.add(item.name)
    return told


def call_key(dialect: Dialect, values: Mapping[str, Any]) -> str | None:
    """The id of the call that a record tells about."""
    return next((text for key in dialect.call_keys if (text := as_text(values.get(key)))), None)


def known_log(log: LogRecord, records: Records) -> NamedRecord | None:
    """A log record that a dialect knows, else None."""
    names = (log.event_name, log.attributes.get("event.name"), log.body)
    return _known(records, log.time_unix_nano, names, log.attributes)


def record_names(span: Span, logs: Sequence[LogRecord]) -> Iterator[str]:
    """The names under which the span's events and log records may be known."""
    for event in span.events:
        yield event.name
        yield from _texts(event.attributes.get("event.name"))
    for log in logs:
        yield from log_names(log)


def log_names(log: LogRecord) -> Iterator[str]:
    """The names under which a log record may be known: Rust's tracing puts its source line into the field for it."""
    yield log.event_name
    yield from _texts(log.attributes.get("event.name"))
    yield from _texts(log.body)


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else ()


def known_records(span: Span, logs: Sequence[LogRecord], records: Records) -> list[NamedRecord]:
    """The known records of a span by time. Rust's tracing names events by source line and keeps their name beside."""
    found = []
    for event in span.events:
        if event.name in records or "event.name" in event.attributes:  # of nearly all spans no event is
            names = event.name, event.attributes.get("event.name")
            found.append(_known(records, event.time_unix_nano, names, event.attributes))
    if logs:
        found += [known_log(log, records) for log in logs]
    return sorted((item for item in found if item is not None), key=_order) if found else []


def _order(item: NamedRecord | None) -> tuple[int, str, bytes]:
    assert item is not None
    return (item.time_unix_nano, item.name, canonical_json(item.values))  # the order of arrival never decides


def _known(
    records: Records, time_unix_nano: int, names: tuple[Any, ...], values: Mapping[str, Any]
) -> NamedRecord | None:
    for name in names:
        for record in records.get(name, ()) if isinstance(name, str) else ():
            if _fits(record, values):
                return NamedRecord(time_unix_nano, name, record, values)
    return None


def _fits(record: Record, values: Mapping[str, Any]) -> bool:
    if record.only is not None and values.get(record.only[0]) != record.only[1]:
        return False
    return not record.needs or any(values.get(key) not in (None, "") for key in record.needs)
