"""The pane of one span: what it shows of a value, of a log record, of a call in a loop."""

from dataclasses import replace
from datetime import date
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

from tests.facts_by_hand import START, TRACE_ID, span_id
from tests.spans_by_hand import exception, span
from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.model import LogRecord
from trace_store.spans import Scope
from trace_store.stored import SpanRow, StoredEnvelope, StoredSpan
from web.pages.view_models import SpanDetail
from web.trace.span_detail import ATTRIBUTES_MAX, EVENTS_MAX, VALUE_BYTES_MAX, SpanRecords, build_detail

PATH = "/traces/0102"
EMPTY = StoredEnvelope(b"", "")


def detail(*, full: bool = False, **records: Any) -> SpanDetail:
    """The pane of a span that no dialect knows, with these records."""
    otlp = OtlpSpan(trace_id=TRACE_ID, span_id=span_id(2), name="step").SerializeToString()
    row = SpanRow(1, TRACE_ID, span_id(2), b"", START, START + 1, date(2027, 1, 15), "step", 1, 0, len(otlp), b"d")
    known: dict[str, Any] = {"span": span(), "judged": None, "resource": {}, "scope": Scope("", "", {}), "logs": []}
    known |= {"call": None, "definition": None, "loops": [], "links": [], "incoming": []} | records
    return build_detail(SpanRecords(stored=StoredSpan(row, otlp, EMPTY, EMPTY), **known), PATH, full=full)


def call(key: str) -> ToolCallRow:
    return ToolCallRow(1, TRACE_ID, key, span_id(2), "c1", span_id(1), 0, 0, "t", "error", "rule", "path", True)


def test_a_long_value_is_cut_between_characters_and_says_how_long_it_is() -> None:
    text = "a" + "é" * VALUE_BYTES_MAX
    (cut,) = detail(span=span({"long": text})).attributes
    assert (cut.is_cut, cut.size_bytes) == (True, len(text.encode()))
    assert text.startswith(cut.value)
    assert VALUE_BYTES_MAX - 2 < len(cut.value.encode()) <= VALUE_BYTES_MAX
    (whole,) = detail(span=span({"long": text}), full=True).attributes
    assert (whole.value, whole.is_cut) == (text, False)


def test_values_are_text_or_json() -> None:
    shown = detail(span=span({"text": "a", "list": [1, b"\0"], "nan": float("nan"), "none": None})).attributes
    assert {pair.key: (pair.value, pair.is_json) for pair in shown} == {
        "list": ('[\n  1,\n  "AA=="\n]', True),
        "nan": ('"nan"', True),
        "none": ("null", True),
        "text": ("a", False),
    }
    assert all(pair.is_unmapped for pair in shown)


def test_a_log_record_keeps_its_body_beside_an_attribute_of_that_name() -> None:
    record = LogRecord(TRACE_ID, span_id(2), 5, "", "the body", {"body": "an attribute", "empty": None}, "")
    (shown,) = detail(logs=[record]).logs
    assert [(pair.key, pair.value) for pair in shown.values] == [
        *(("body", "an attribute"), ("empty", "null"), ("body", "the body")),
    ]
    assert (shown.name, shown.offset_ns) == ("log", 4)


def test_an_exception_and_a_failed_status() -> None:
    shown = detail(span=span(status_code=2, status_message="no", events=(exception("ValueError", "bad"),)))
    assert (shown.status, shown.status_label, shown.status_message) == ("error", "Error", "no")
    (event,) = shown.events
    assert event.is_exception
    assert {pair.key: pair.value for pair in event.values}["exception.type"] == "ValueError"


def test_a_repeat_leads_to_the_ones_beside_it_that_have_a_span() -> None:
    keys = [span_id(1).hex(), span_id(2).hex(), "call:x"]
    looping = LoopRow(1, TRACE_ID, "l1", "repeated_failure", ["t"], 3, 3, keys, 0, 0, None, "f", "gave_up")
    shown = detail(call=call(keys[1]), loops=[looping]).call
    assert shown is not None
    assert shown.loop_place == "Repeat 2 of 3"
    assert "3 times" in shown.loop_why
    assert shown.previous_repeat_url == f"{PATH}?span={keys[0]}"
    assert shown.next_repeat_url == ""
    assert shown.asked_by_url == f"{PATH}?span={span_id(1).hex()}"
    alone = detail(call=call(keys[1])).call
    assert alone is not None
    assert (alone.loop_place, alone.previous_repeat_url, alone.recovered) == ("", "", True)


def test_the_model_call_that_asked_may_be_another_trace() -> None:
    elsewhere = bytes([9] * 16)
    shown = detail(call=replace(call(span_id(1).hex()), asked_in=elsewhere)).call
    assert shown is not None
    assert shown.asked_by_url == f"{PATH.rpartition('/')[0]}/{elsewhere.hex()}?span={span_id(1).hex()}"


def test_of_many_attributes_events_and_logs_the_first_are_shown_until_all_are_asked_for() -> None:
    events = tuple(exception("E", f"e{number}") for number in range(EVENTS_MAX + 1))
    many = span({f"key.{number:05}": number for number in range(10_000)}, events=events)
    shown = detail(span=many)
    assert (len(shown.attributes), shown.attribute_count, shown.unmapped_count) == (ATTRIBUTES_MAX, 10_000, 10_000)
    assert (len(shown.events), shown.event_count, shown.has_cut_values) == (EVENTS_MAX, EVENTS_MAX + 1, True)
    whole = detail(span=many, full=True)
    assert (len(whole.attributes), len(whole.events), whole.has_cut_values) == (10_000, EVENTS_MAX + 1, False)
