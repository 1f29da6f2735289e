"""OpenInference: flattened messages, raw requests and responses, spans that only look like model calls."""

import json
from collections.abc import Mapping

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts

LLM = {"openinference.span.kind": "LLM"}
TOOL = {"openinference.span.kind": "TOOL", "tool.name": "lookup"}


def facts_of(attributes: Mapping[str, object], name: str = "step") -> SpanFacts:
    facts = normalise(span(attributes, name=name))
    assert facts is not None
    assert facts.dialect == "openinference"
    return facts


def flat(prefix: str, index: int, **fields: object) -> dict[str, object]:
    return {f"{prefix}.{index}.message.{key.replace('__', '.')}": value for key, value in fields.items()}


def test_messages_come_in_the_order_of_their_index() -> None:
    attributes: dict[str, object] = dict(LLM)
    for index in reversed(range(12)):
        attributes |= flat("llm.input_messages", index, role="user", content=f"message {index}")
    assert facts_of(attributes).input_text == "message 11"


def test_calls_and_answers() -> None:
    call = {
        "tool_calls__0__tool_call__id": "c1",
        "tool_calls__0__tool_call__function__name": "lookup",
        "tool_calls__0__tool_call__function__arguments": '{"q": 1}',
    }
    asked = facts_of(LLM | flat("llm.output_messages", 0, role="assistant", **call))
    assert [(c.call_id, c.name, c.arguments and c.arguments.value) for c in asked.requested_calls] == [
        ("c1", "lookup", {"q": 1})
    ]
    history = flat("llm.input_messages", 0, role="assistant", **call) | flat(
        "llm.input_messages", 1, role="tool", tool_call_id="c1", content="late"
    )
    (answer,) = facts_of(LLM | history).answered_calls
    assert (answer.call_id, answer.name, answer.result and answer.result.value) == ("c1", "lookup", "late")


def test_contents_with_several_parts() -> None:
    parts = {
        "contents__0__message_content__type": "text",
        "contents__0__message_content__text": "look at",
        "contents__1__message_content__type": "image",
        "contents__2__message_content__type": "text",
        "contents__2__message_content__text": "this",
    }
    assert facts_of(LLM | flat("llm.input_messages", 0, role="user", **parts)).input_text == "look at\nthis"


def test_the_raw_request_names_the_model_of_a_failed_call() -> None:
    request = json.dumps({"model": "small", "messages": [{"role": "user", "content": "hi"}]})
    facts = facts_of({**LLM, "input.value": request})
    assert (facts.model, facts.input_text) == ("small", "hi")
    assert facts_of({**LLM, "llm.invocation_parameters": '{"model": "large"}', "input.value": request}).model == "large"


def test_the_raw_response_names_model_and_id() -> None:
    response = json.dumps(
        {"id": "r1", "model": "small-2", "choices": [{"message": {"role": "assistant", "content": "y"}}]}
    )
    facts = facts_of({**LLM, "llm.model_name": "small", "output.value": response})
    assert (facts.model, facts.response_id, facts.output_text) == ("small-2", "r1", "y")


def test_a_model_named_in_somebodys_text_is_not_the_model() -> None:
    response = json.dumps({"id": "r1", "content": 'say "model": "fake"'})
    assert facts_of({**LLM, "llm.model_name": "small", "output.value": response}).model == "small"


def test_preparing_a_call_is_no_call() -> None:
    prepared = facts_of(
        {**LLM, "llm.model_name": "small", "output.value": '{"messages": ["ChatMessage()"], "tools": []}'}
    )
    assert (prepared.type, prepared.is_aggregate) == ("chain", True)
    assert facts_of({**LLM, "output.value": "an answer"}).type == "llm"
    assert facts_of({**LLM, "llm.model_name": "small"}).type == "llm"


def test_tools() -> None:
    facts = facts_of(
        {**TOOL, "input.value": '{"kwargs": {"q": 1}}', "output.value": '{"ok": true}', "tool_call.id": "c1"}
    )
    assert (facts.tool_name, facts.tool_call_id) == ("lookup", "c1")
    assert facts.arguments is not None
    assert facts.result is not None
    assert (facts.arguments.value, facts.result.value) == ({"q": 1}, {"ok": True})


def test_a_tool_named_only_by_its_span() -> None:
    assert facts_of({"openinference.span.kind": "TOOL"}, name="lookup.__call__").tool_name == "lookup"


def test_agents() -> None:
    agent = {
        "openinference.span.kind": "AGENT",
        "input.value": "hi",
        "output.value": "yes",
        "session.id": "s",
        "user.id": "u",
    }
    facts = facts_of(agent, name="helper")
    assert (facts.type, facts.is_aggregate, facts.agent_name) == ("agent", True, "helper")
    assert (facts.input_text, facts.output_text, facts.conversation_id, facts.user_id) == ("hi", "yes", "s", "u")


def test_the_metadata_of_langchain_name_the_provider_where_no_attribute_does() -> None:
    said = {"metadata": json.dumps({"ls_provider": "openai", "ls_model_name": "gpt-4o"})}
    assert facts_of({**LLM, **said, "llm.model_name": "gpt-4o"}).provider == "openai"
    assert facts_of({**LLM, **said, "llm.provider": "azure"}).provider == "azure"
    assert facts_of({**TOOL, **said}).provider is None
    assert facts_of({**LLM, "metadata": json.dumps({"ls_provider": ["openai"]})}).provider is None


def test_autogens_results_stand_beside_the_message() -> None:
    result = {"name": "lookup", "content": "no route", "call_id": "c1", "is_error": True}
    facts = facts_of(
        {
            "openinference.span.kind": "LLM",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "go",
            "llm.input_messages.1.message.role": "assistant",
            "llm.input_messages.1.message.tool_calls.0.tool_call.id": "c1",
            "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "lookup",
            "llm.input_messages.2.message.role": "function",
            "llm.input_messages.2.function.0": json.dumps(result),
        }
    )
    (answer,) = facts.answered_calls
    assert (answer.call_id, answer.name, answer.result and answer.result.value) == ("c1", "lookup", "no route")
    assert answer.failure is not None


def test_a_handoff_is_no_tool() -> None:
    handoff = {"openinference.span.kind": "TOOL", "input.value": "desk", "output.value": "travel"}
    assert facts_of(handoff, "handoff to travel").type == "chain"
    assert facts_of({**handoff, "tool.name": "handoff to travel"}, "handoff to travel").type == "tool"
