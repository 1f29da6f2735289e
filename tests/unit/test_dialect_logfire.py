"""Logfire: span types from templates, scrubbed values, requests of the chat API."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(template: str, attributes: dict[str, Any], scope: str = "logfire.openai_agents") -> SpanFacts:
    facts = normalise(span({"logfire.msg_template": template, **attributes}, name=template, scope_name=scope))
    assert facts is not None
    assert facts.dialect == "logfire"
    return facts


@pytest.mark.parametrize(
    ("template", "type_"),
    [
        ("Function: {name}", "tool"),
        ("Agent run: {name!r}", "agent"),
        ("Handoff: {from_agent} → {to_agent}", "chain"),
        ("Guardrail {name!r} {triggered=}", "guardrail"),
        ("Turn {turn} for agent x", "chain"),
        ("Chat completion with {gen_ai.request.model!r}", "llm"),
        ("Something new", "other"),
    ],
)
def test_types(template: str, type_: str) -> None:
    assert facts_of(template, {"name": "x"}).type == type_


def test_a_chat_completion() -> None:
    facts = facts_of(
        "Chat Completion with {request_data[model]!r}",
        {
            "gen_ai.request.model": "gpt-4o",
            "request_data": json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}),
            "response_data": json.dumps(
                {
                    "message": {"role": "assistant", "content": "hello"},
                    "usage": {"prompt_tokens": 3, "completion_tokens": 4},
                }
            ),
        },
        "logfire.openai",
    )
    assert (facts.input_text, facts.output_text) == ("hi", "hello")


def test_scrubbed_messages_are_told_by_events() -> None:
    events = [
        {"event.name": "gen_ai.user.message", "role": "user", "content": "hi"},
        {"event.name": "gen_ai.assistant.message", "role": "assistant", "content": "hello"},
    ]
    facts = facts_of(
        "Responses API with {gen_ai.request.model!r}",
        {"raw_input": "[Scrubbed due to 'session']", "response": "null", "events": json.dumps(events)},
    )
    assert (facts.input_text, facts.output_text) == ("hi", "hello")


def test_a_client_whose_messages_are_in_genai_names() -> None:
    def written(role: str, *parts: object) -> str:
        return json.dumps([{"role": role, "parts": parts}])

    facts = facts_of(
        "Chat Completion with {request_data[model]!r}",
        {
            "request_data": json.dumps({"model": "gpt-4o"}),
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": written("user", {"type": "text", "content": "hi"}),
            "gen_ai.output.messages": written(
                "assistant", {"type": "tool_call", "id": "c1", "name": "lookup", "arguments": {"a": 1}}
            ),
        },
        "logfire.openai",
    )
    assert facts.input_text == "hi"
    assert [(call.call_id, call.name) for call in facts.requested_calls] == [("c1", "lookup")]
