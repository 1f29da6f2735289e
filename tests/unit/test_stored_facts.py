"""What is kept of facts is enough, with the columns of the span, to have the judged facts again."""

from datetime import date

import orjson

from tests.dialect_captures import capture_facts, scenarios
from tool_errors.judged import from_row, judge_facts, to_row
from tool_errors.stored_facts import facts_to_store, stored_facts
from trace_store.facts import SpanFacts
from trace_store.model import Span, SpanVersion
from trace_store.stored import SpanRow, TreeRow

DIGEST = b"d" * 16


def row_of(span: Span, facts: SpanFacts, name: str) -> SpanRow:
    ids = (1, facts.trace_id, facts.span_id, facts.parent_span_id)
    times = (facts.start_unix_nano, facts.end_unix_nano, date(2027, 1, 1))
    return SpanRow(*ids, *times, name, 1, span.status_code, 1000, DIGEST)


def test_every_capture_is_read_back_from_less() -> None:
    whole = kept = 0
    for scenario in scenarios():
        for span, facts in capture_facts(scenario):
            if facts is None:
                continue
            judged = judge_facts(facts, SpanVersion(facts.end_unix_nano, 1000, DIGEST))
            told = to_row(judged)
            for name in (span.name, "what a column made of a long name"):
                row = row_of(span, facts, name)
                stored = facts_to_store(judged, row)
                for written in (stored, told):  # `told` is what older versions wrote
                    assert stored_facts(TreeRow(row, facts.type, facts.dialect, written)) == from_row(told)
            whole += len(orjson.dumps(told))
            kept += len(orjson.dumps(facts_to_store(judged, row_of(span, facts, span.name))))
    assert kept < 0.65 * whole


def test_a_span_without_facts_has_none() -> None:
    row = SpanRow(1, b"t", b"s", b"", 1, 2, date(2027, 1, 1), "n", 1, 0, 1, DIGEST)
    assert stored_facts(TreeRow(row, None, None, None)) is None
