"""The rows of a trace page without a store: of traces written by hand, and of captures."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.dialect_captures import capture_facts
from tests.facts_by_hand import TraceByHand
from tool_errors.derive import derive
from tool_errors.judged import JudgedFacts, judge_facts
from tool_errors.stored_facts import facts_to_store
from tool_errors.table_rows import llm_call_row, loop_row, tool_call_row, trace_row
from trace_store.assembly import SpanNode, version_of
from trace_store.stored import SpanRow, TreeRow
from web.trace.trace_reading import TreeRecords


def records_of(trace: TraceByHand) -> TreeRecords:
    """A trace as its page reads it."""
    return _records(trace.nodes, trace.judged)


def records_of_capture(scenario: Path) -> list[TreeRecords]:
    """The traces of a capture, each by itself, the longest first."""
    nodes: dict[bytes, list[SpanNode]] = defaultdict(list)
    judged: dict[bytes, list[JudgedFacts]] = defaultdict(list)
    for span, facts in capture_facts(scenario):
        ids = (span.trace_id, span.span_id, span.parent_span_id)
        node = SpanNode(*ids, span.start_unix_nano, span.end_unix_nano, span.name, span.status_code)
        nodes[span.trace_id].append(node)
        if facts is not None:
            judged[span.trace_id].append(judge_facts(facts, version_of(node)))
    found = [_records(nodes[trace_id], judged[trace_id]) for trace_id in nodes]
    return sorted(found, key=lambda records: -len(records.spans))


def _records(nodes: Sequence[SpanNode], judged: Iterable[JudgedFacts]) -> TreeRecords:
    facts_of = {facts.facts.span_id: facts for facts in judged}
    spans = []
    for node in nodes:
        row, facts = _span_row(node), facts_of.get(node.span_id)
        if facts is None:
            spans.append(TreeRow(row, None, None, None))
        else:
            spans.append(TreeRow(row, facts.facts.type, facts.facts.dialect, facts_to_store(facts, row)))
    derived = derive(nodes, list(facts_of.values()), live=False)
    return TreeRecords(
        trace_row(derived, [span.row for span in spans], None, ""),
        spans,
        [tool_call_row(1, call) for call in derived.tool_calls],
        [loop_row(1, loop) for loop in derived.loops],
        llm_calls=[llm_call_row(1, derived.trace_id, call) for call in derived.llm_calls],
    )


def _span_row(node: SpanNode) -> SpanRow:
    day = datetime.fromtimestamp(node.start_unix_nano // 10**9, UTC).date()
    ids = (1, node.trace_id, node.span_id, node.parent_span_id, node.start_unix_nano, node.end_unix_nano)
    return SpanRow(*ids, day, node.name, 1, node.status_code, node.raw_length, node.digest)
