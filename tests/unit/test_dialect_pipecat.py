"""Pipecat: turns of a conversation, speech, model calls and tools."""

from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(name: str, scope_name: str = "pipecat", attributes: dict[str, Any] | None = None) -> SpanFacts:
    facts = normalise(span(attributes or {}, name=name, scope_name=scope_name))
    assert facts is not None
    assert (facts.dialect, facts.unmapped) == ("pipecat", ())
    return facts


def test_a_model_call() -> None:
    facts = facts_of(
        "llm",
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "m",
            "input": '[{"role": "user", "content": "Where is it?"}]',
            "output": "It was sent.",
            "gen_ai.usage.input_tokens": 9,
            "gen_ai.usage.output_tokens": 4,
            "metrics.ttfb": 0.25,
            "stream": True,
        },
    )
    assert (facts.type, facts.model, facts.input_tokens, facts.output_tokens) == ("llm", "m", 9, 4)
    assert (facts.input_text, facts.output_text) == ("Where is it?", "It was sent.")
    assert facts.time_to_first_token_ns == 250_000_000


def test_speech_is_no_model_call() -> None:
    heard = facts_of(
        "stt", attributes={"gen_ai.operation.name": "stt", "gen_ai.request.model": "nova", "transcript": "Where is it?"}
    )
    said = facts_of(
        "tts", attributes={"gen_ai.operation.name": "tts", "gen_ai.request.model": "sonic", "text": "It was sent."}
    )
    assert (heard.type, said.type) == ("chain", "chain")
    assert heard.input_text == "Where is it?"


def test_turns_and_conversations() -> None:
    turn = facts_of("turn", "pipecat.turn", attributes={"turn.number": 1, "turn.was_interrupted": False})
    whole = facts_of("conversation", "pipecat.turn", attributes={"conversation.id": "c1", "conversation.type": "voice"})
    assert (turn.type, whole.type, whole.conversation_id) == ("chain", "chain", "c1")


def test_a_tool_of_a_realtime_service() -> None:
    told = {
        "gen_ai.operation.name": "llm_tool_result",
        "gen_ai.request.model": "m",
        "tool.function_name": "look_up",
        "tool.call_id": "c1",
        "tool.arguments": '{"order": "77"}',
        "tool.result": '{"message": "gone"}',
        "tool.result_status": "error",
    }
    facts = facts_of("llm_tool_result", attributes=told)
    assert (facts.type, facts.tool_name, facts.tool_call_id) == ("tool", "look_up", "c1")
    assert facts.arguments is not None
    assert facts.arguments.value == {"order": "77"}
    assert facts.failure is not None
