"""LiveKit Agents, by its published attribute names, with and without the marker for personal data."""

import json

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(attributes: dict[str, object]) -> SpanFacts:
    facts = normalise(span(attributes, scope_name="livekit-agents"))
    assert facts is not None
    assert facts.dialect == "livekit"
    return facts


@pytest.mark.parametrize("place", ["lk.", "lk.pii."])
def test_a_tool(place: str) -> None:
    facts = facts_of(
        {
            "lk.function_tool.name": "look",
            "lk.function_tool.id": "f1",
            place + "function_tool.arguments": '{"q": 1}',
            place + "function_tool.output": "no such city",
            "lk.function_tool.is_error": True,
        }
    )
    assert (facts.type, facts.tool_name, facts.tool_call_id) == ("tool", "look", "f1")
    assert (facts.arguments and facts.arguments.value, facts.result and facts.result.value) == (
        {"q": 1},
        "no such city",
    )
    assert facts.failure is not None
    assert facts.failure.rule == "lk.function_tool.is_error"


def test_a_tool_without_error() -> None:
    assert facts_of({"lk.function_tool.name": "look", "lk.function_tool.is_error": False}).failure is None


@pytest.mark.parametrize("place", ["lk.", "lk.pii."])
def test_the_node_around_a_model_call(place: str) -> None:
    items = [
        {"id": "i1", "type": "message", "role": "user", "content": ["hi"]},
        {"id": "i2", "type": "function_call", "call_id": "f1", "name": "look", "arguments": '{"q": 1}'},
        {"id": "i3", "type": "function_call_output", "call_id": "f1", "name": "look", "output": "x", "is_error": True},
    ]
    asked = {"id": "i4", "call_id": "f2", "name": "look", "arguments": '{"q": 2}'}
    facts = facts_of(
        {
            "gen_ai.request.model": "gpt-4.1",
            place + "chat_ctx": json.dumps({"items": items}),
            place + "response.text": "one moment",
            place + "response.function_calls": [json.dumps(asked)],
        }
    )
    assert (facts.type, facts.model, facts.input_text, facts.output_text) == ("llm", "gpt-4.1", "hi", "one moment")
    (answer,) = facts.answered_calls
    assert (answer.call_id, answer.name, answer.failure is not None) == ("f1", "look", True)
    assert [(c.call_id, c.name, c.arguments and c.arguments.value) for c in facts.requested_calls] == [
        ("f2", "look", {"q": 2})
    ]


def test_speech_is_no_model_call() -> None:
    assert facts_of({"gen_ai.request.model": "voice", "lk.tts.label": "tts", "lk.pii.input_text": "hi"}).type == "other"


def test_ids_and_the_turn() -> None:
    facts = facts_of(
        {
            "lk.generation_id": "g1",
            "lk.pii.user_input": "hi",
            "lk.room_sid": "RM_1",
            "lk.pii.participant_identity": "u1",
        }
    )
    assert (facts.type, facts.input_text, facts.conversation_id, facts.user_id) == ("agent", "hi", "RM_1", "u1")
