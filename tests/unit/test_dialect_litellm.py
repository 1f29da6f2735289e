"""LiteLLM: one call, two spans; requested tool calls in attributes that count them."""

import json
from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR

REQUEST = {
    "gen_ai.operation.name": "acompletion",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024",
    "gen_ai.system": "openai",
    "gen_ai.usage.input_tokens": 82,
    "gen_ai.usage.output_tokens": 17,
    "llm.request.type": "acompletion",
    "llm.user": "user-1",
    "llm.is_streaming": "False",
    "gen_ai.cost.total_cost": 0.1,
    "hidden_params": "{}",
    "metadata.user_api_key_hash": "None",
}


def facts_of(attributes: dict[str, Any], **more: Any) -> SpanFacts:
    facts = normalise(span(attributes, scope_name="litellm", **more))
    assert facts is not None
    assert facts.dialect == "litellm"
    return facts


def test_a_call_that_asks_for_two_tools() -> None:
    facts = facts_of(
        {
            **REQUEST,
            "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [], "finish_reason": "tool_calls"}]),
            "gen_ai.completion.0.function_call.name": "weather",
            "gen_ai.completion.0.function_call.arguments": '{"city": "Rome"}',
            "gen_ai.completion.1.function_call.name": "clock",
            "gen_ai.completion.1.function_call.arguments": "{}",
        },
        name="litellm_request",
    )
    assert (facts.type, facts.model, facts.provider, facts.user_id) == ("llm", "gpt-4o-mini-2024", "openai", "user-1")
    assert [(call.call_id, call.name, call.arguments and call.arguments.value) for call in facts.requested_calls] == [
        ("", "weather", {"city": "Rome"}),
        ("", "clock", {}),
    ]
    assert facts.unmapped == ()


def test_text_and_tools_in_different_attributes() -> None:
    text = [{"role": "assistant", "parts": [{"type": "text", "content": "One moment."}]}]
    facts = facts_of(
        {
            **REQUEST,
            "gen_ai.output.messages": json.dumps(text),
            "gen_ai.completion.0.function_call.name": "clock",
            "gen_ai.completion.0.function_call.arguments": "{}",
        }
    )
    assert (facts.output_text, [call.name for call in facts.requested_calls]) == ("One moment.", ["clock"])


def test_a_tool_message_beside_parts() -> None:
    messages = [
        {"role": "user", "parts": [{"type": "text", "content": "time?"}]},
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": ""}],
            "tool_calls": [{"id": "c1", "function": {"name": "clock", "arguments": "{}"}}],
        },
        {"role": "tool", "parts": [{"type": "text", "content": '{"error": "no battery"}'}], "tool_call_id": "c1"},
    ]
    facts = facts_of({**REQUEST, "gen_ai.input.messages": json.dumps(messages)})
    assert [(call.call_id, call.name, call.result and call.result.value) for call in facts.answered_calls] == [
        ("c1", "clock", {"error": "no battery"})
    ]


def test_the_raw_request_is_no_second_call() -> None:
    facts = facts_of({"llm.openai.model": "gpt-4o-mini", "llm.openai.messages": "[{}]"}, name="raw_gen_ai_request")
    assert (facts.type, facts.is_aggregate, facts.unmapped) == ("chain", True, ())


def test_a_failed_call() -> None:
    facts = facts_of(
        {
            "gen_ai.request.model": "gpt-4o-mini",
            "error.code": "429",
            "error.type": "RateLimitError",
            "error.message": "litellm.RateLimitError: slow down",
            "error.llm_provider": "openai",
        },
        status_code=STATUS_ERROR,
    )
    assert (facts.type, facts.provider) == ("llm", "openai")
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("RateLimitError", "slow down")
