"""An export beside what is stored: everything that differs is named, and on which side."""

from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

from tests.agent_run import accepted, made
from tests.spans_made import NOW, new_id
from trace_store.model import Span
from web.compare.export_reading import NO_SPANS, ExportRead, read_export
from web.compare.export_text import export_text
from web.compare.exports import TraceDifference, accepted_spans, compare_trace

TRACE = new_id(16)


def span(number: int, parent: int = 0, values: dict[str, Any] | None = None, **fields: Any) -> OtlpSpan:
    return made(TRACE, number, parent, f"step {number}", values or {"a": 1}, NOW, **fields)


def read(*spans: OtlpSpan, release: str = "1") -> list[Span]:
    return accepted_spans(accepted(spans, release=release))


def compared(ours: list[Span], theirs: list[Span]) -> TraceDifference:
    return compare_trace(TRACE.hex(), ours, theirs)


def test_the_same_is_the_same_in_any_order() -> None:
    ours = read(span(1), span(2, 1))
    found = compared(ours, ours[::-1])
    assert (found.is_same, found.lacks_something) == (True, False)
    assert "1 trace: 1 the same, 0 of which" in export_text([found])


def test_what_only_the_export_has_is_lacking() -> None:
    event = [{"name": "said", "time_unix_nano": NOW}]
    ours = read(span(1, values={"a": 1, "ours": "x"}))
    theirs = read(span(1, values={"a": 2, "theirs": "y"}, events=event), span(2, 1))
    found = compared(ours, theirs)
    assert found.lacks_something
    assert (found.missing_here, found.missing_there_total) == (((2).to_bytes(8).hex(),), 0)
    assert [each.key for each in found.attributes_missing_here] == ["theirs"]
    assert [each.key for each in found.attributes_missing_there] == ["ours"]
    assert [each.key for each in found.attributes_that_differ] == ["a"]
    assert (found.events_ours, found.events_theirs) == (0, 1)
    told = export_text([found])
    assert all(words in told for words in ("LACKS", "theirs (1)", "ours (1)", "events: 0 here, 1 in the export"))


def test_what_only_is_stored_lacks_nothing() -> None:
    found = compared(read(span(1, values={"a": 1, "ours": "x"}), span(2, 1)), read(span(1)))
    assert (found.lacks_something, found.is_same) == (False, False)
    assert export_text([found]).startswith("has more")


def test_parents_and_times_that_differ_are_told() -> None:
    found = compared(read(span(2, 1)), read(span(2, 7, end_ns=NOW + 5)))
    assert [(each.field, each.ours[-1:], each.theirs[-1:]) for each in found.fields if each.field == "parent"] == [
        ("parent", "1", "7")
    ]
    assert {each.field for each in found.fields} == {"parent", "end"}


def test_a_trace_that_is_not_stored_lacks_all() -> None:
    found = compared([], read(*(span(number) for number in range(1, 31))))
    assert (len(found.missing_here), found.missing_here_total, found.lacks_something) == (20, 30, True)
    assert "showing 20 of 30" in export_text([found])


def test_bytes_that_are_no_export_get_a_sentence() -> None:
    assert read_export(b'{"resourceSpans": []}') == NO_SPANS
    said = read_export(b"{nonsense")
    assert isinstance(said, str)
    assert said.startswith("This is no OTLP export: ")
    one = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"00000000000000aa"}]}]}]}'
    lines = one % TRACE.hex().encode() + b"\n" + one % (b"cd" * 16) + b"\n"
    read_lines = read_export(lines)
    assert isinstance(read_lines, ExportRead)
    assert list(read_lines.traces) == [TRACE.hex(), "cd" * 16]
