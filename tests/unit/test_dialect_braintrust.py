"""Braintrust: JSON attributes, and the same fields in attributes of their own."""

import json
from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts

MESSAGES = [{"role": "user", "content": "Where is it?"}]
CALLS = [{"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"order": "77"}'}}]
CHOICES = [{"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": CALLS}}]


def facts_of(name: str = "step", attributes: dict[str, Any] | None = None) -> SpanFacts:
    facts = normalise(span(attributes or {}, name=name))
    assert facts is not None
    assert facts.dialect == "braintrust"
    return facts


def test_a_model_call_in_json() -> None:
    facts = facts_of(
        "Chat Completion",
        attributes={
            "braintrust.span_attributes": '{"type": "llm"}',
            "braintrust.input_json": json.dumps(MESSAGES),
            "braintrust.output_json": json.dumps(CHOICES),
            "braintrust.metadata": '{"provider": "openai", "model": "m"}',
            "braintrust.metrics": json.dumps(
                {"prompt_tokens": 9, "completion_tokens": 4, "prompt_cached_tokens": 2, "time_to_first_token": 0.5}
            ),
            "braintrust.parent": "project_name:shop",
        },
    )
    assert (facts.type, facts.model, facts.provider) == ("llm", "m", "openai")
    assert (facts.input_tokens, facts.output_tokens, facts.cached_tokens) == (9, 4, 2)
    assert facts.time_to_first_token_ns == 500_000_000
    assert facts.input_text == "Where is it?"
    assert [(call.call_id, call.name) for call in facts.requested_calls] == [("c1", "look_up")]
    assert facts.unmapped == ()


def test_a_model_call_in_attributes_of_their_own() -> None:
    facts = facts_of(
        attributes={
            "braintrust.span_attributes.type": "llm",
            "braintrust.metrics.prompt_tokens": 9,
            "braintrust.metrics.completion_tokens": 4,
            "braintrust.metadata.model": "m",
        },
    )
    assert (facts.type, facts.model, facts.input_tokens, facts.output_tokens) == ("llm", "m", 9, 4)


def test_a_tool() -> None:
    facts = facts_of(
        "look_up",
        attributes={
            "braintrust.span_attributes": '{"type": "tool", "name": "look_up"}',
            "braintrust.input_json": '{"order": "77"}',
            "braintrust.output_json": '{"state": "sent"}',
        },
    )
    assert (facts.type, facts.tool_name) == ("tool", "look_up")
    assert facts.arguments is not None
    assert facts.arguments.value == {"order": "77"}


def test_the_parent_alone_marks_nothing_and_odd_values_are_read() -> None:
    assert normalise(span({"braintrust.parent": "project_name:shop", "http.method": "GET"})) is None
    for odd in ("", "[]", "{", 7, '{"type": 3}'):
        assert facts_of(attributes={"braintrust.span_attributes": odd, "braintrust.metrics": odd}).type == "other"
