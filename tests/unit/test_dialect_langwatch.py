"""LangWatch: values inside `{"type", "value"}`, types of spans, ids in metadata."""

import json
from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(kind: str, name: str = "step", attributes: dict[str, Any] | None = None) -> SpanFacts:
    facts = normalise(span({"langwatch.span.type": kind, **(attributes or {})}, name=name))
    assert facts is not None
    assert facts.dialect == "langwatch"
    return facts


def held(kind: str, value: Any) -> str:
    return json.dumps({"type": kind, "value": value})


def test_a_tool() -> None:
    facts = facts_of(
        "tool",
        name="look_up",
        attributes={
            "langwatch.input": held("json", {"order": "77"}),
            "langwatch.output": held("json", {"state": "sent"}),
            "langwatch.thread.id": "t1",
            "langwatch.user.id": "u1",
        },
    )
    assert (facts.type, facts.tool_name, facts.conversation_id, facts.user_id) == ("tool", "look_up", "t1", "u1")
    assert facts.arguments is not None
    assert facts.arguments.value == {"order": "77"}
    assert facts.result is not None
    assert facts.result.value == {"state": "sent"}
    assert facts.unmapped == ()


def test_a_model_call() -> None:
    calls = [{"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"order": "77"}'}}]
    facts = facts_of(
        "llm",
        attributes={
            "gen_ai.request.model": "m",
            "langwatch.input": held("chat_messages", [{"role": "user", "content": "Where is it?"}]),
            "langwatch.output": held("chat_messages", [{"role": "assistant", "content": None, "tool_calls": calls}]),
            "langwatch.metrics": held("json", {"promptTokens": 9, "completionTokens": 4}),
        },
    )
    assert (facts.type, facts.model, facts.input_tokens, facts.output_tokens) == ("llm", "m", 9, 4)
    assert facts.input_text == "Where is it?"
    assert [(call.call_id, call.name) for call in facts.requested_calls] == [("c1", "look_up")]


def test_metrics_of_other_sdks_and_ids_in_metadata() -> None:
    facts = facts_of(
        "llm",
        attributes={
            "langwatch.metrics": '{"prompt_tokens": 9, "completion_tokens": 4}',
            "metadata": '{"thread_id": "t1", "user_id": "u1"}',
        },
    )
    assert (facts.input_tokens, facts.output_tokens) == (9, 4)
    assert (facts.conversation_id, facts.user_id) == ("t1", "u1")


def test_texts_of_steps() -> None:
    facts = facts_of(
        "agent", attributes={"langwatch.input": held("text", "Hello"), "langwatch.output": held("text", "Hi")}
    )
    assert (facts.type, facts.input_text, facts.output_text) == ("agent", "Hello", "Hi")
    assert facts_of("rag").type == "retriever"
