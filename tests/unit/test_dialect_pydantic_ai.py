"""Pydantic AI's older span formats."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(name: str, attributes: dict[str, Any]) -> SpanFacts:
    facts = normalise(span(attributes, name=name, scope_name="pydantic-ai"))
    assert facts is not None
    assert facts.dialect == "pydantic_ai"
    return facts


def test_a_run_repeats_the_tokens_of_its_calls() -> None:
    messages = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    facts = facts_of(
        "agent run",
        {
            "model_name": "gpt-4o",
            "agent_name": "travel",
            "gen_ai.usage.input_tokens": 9,
            "pydantic_ai.all_messages": json.dumps(messages),
            "final_result": "hello",
        },
    )
    assert (facts.type, facts.is_aggregate, facts.agent_name) == ("agent", True, "travel")
    assert (facts.input_text, facts.output_text) == ("hi", "hello")


def test_a_tool() -> None:
    facts = facts_of(
        "running tool",
        {
            "gen_ai.tool.name": "clock",
            "gen_ai.tool.call.id": "c1",
            "tool_arguments": '{"zone": "utc"}',
            "tool_response": '{"hour": 4}',
        },
    )
    assert facts.type == "tool"
    assert facts.arguments is not None
    assert facts.result is not None
    assert (facts.arguments.value, facts.result.value) == ({"zone": "utc"}, {"hour": 4})


@pytest.mark.parametrize("name", ["running tools", "running 2 tools"])
def test_a_round_of_tools(name: str) -> None:
    assert facts_of(name, {"tools": ["clock"]}).type == "chain"


def test_events_in_one_attribute() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    events = [
        {"event.name": "gen_ai.user.message", "role": "user", "content": "time?", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "tool_calls": [call]}},
    ]
    facts = facts_of("chat gpt-4o", {"gen_ai.operation.name": "chat", "events": json.dumps(events)})
    assert facts.input_text == "time?"
    assert [request.call_id for request in facts.requested_calls] == ["c1"]
