"""AG2: what a span is stands in `ag2.span.type`, the rest in GenAI names."""

from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(kind: str, attributes: dict[str, Any] | None = None) -> SpanFacts:
    facts = normalise(span({"ag2.span.type": kind, **(attributes or {})}))
    assert facts is not None
    assert (facts.dialect, facts.unmapped) == ("ag2", ())
    return facts


@pytest.mark.parametrize(
    ("kind", "expected", "is_aggregate"),
    [
        ("conversation", "chain", True),
        ("agent", "agent", True),
        ("llm", "llm", False),
        ("tool", "tool", False),
        ("speaker_selection", "chain", True),
    ],
)
def test_types(kind: str, expected: str, is_aggregate: bool) -> None:
    told = {"gen_ai.operation.name": kind, "gen_ai.usage.input_tokens": 9, "gen_ai.request.model": "m"}
    facts = facts_of(kind, attributes=told)
    assert (facts.type, facts.is_aggregate) == (expected, is_aggregate)


def test_a_tool_and_a_person() -> None:
    told = {"gen_ai.tool.name": "look_up", "gen_ai.tool.call.id": "c1", "gen_ai.tool.call.arguments": '{"order": "77"}'}
    facts = facts_of("tool", attributes=told)
    assert (facts.tool_name, facts.tool_call_id) == ("look_up", "c1")
    asked = facts_of("human_input", attributes={"ag2.human_input.prompt": "Go on?", "ag2.human_input.response": "yes"})
    assert (asked.input_text, asked.output_text) == ("Go on?", "yes")


@pytest.mark.parametrize(
    ("kind", "expected"), [("model_call", "other"), ("compaction", "llm"), ("aggregation", "llm"), ("subtask", "chain")]
)
def test_a_usage_counts_where_no_span_of_a_model_call_tells_it(kind: str, expected: str) -> None:
    told = {"ag2.usage.kind": kind, "gen_ai.usage.input_tokens": 9, "gen_ai.usage.thinking_tokens": 4}
    facts = facts_of("usage", attributes=told | {"gen_ai.response.model": "m"})
    assert (facts.type, facts.is_aggregate) == (expected, expected == "chain")
