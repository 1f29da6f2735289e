"""OpenLLMetry and Traceloop, and Raindrop's SDKs on top of them."""

import json
from collections.abc import Mapping

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts

PROPERTIES = "traceloop.association.properties."


def facts_of(attributes: Mapping[str, object], name: str = "step", scope_name: str = "traceloop.tracer") -> SpanFacts:
    facts = normalise(span(attributes, name=name, scope_name=scope_name))
    assert facts is not None
    assert facts.dialect == "openllmetry"
    return facts


@pytest.mark.parametrize(
    ("kind", "type_"), [("workflow", "chain"), ("task", "chain"), ("agent", "agent"), ("tool", "tool"), ("llm", "llm")]
)
def test_kinds(kind: str, type_: str) -> None:
    assert facts_of({"traceloop.span.kind": kind}).type == type_


def test_flattened_messages_of_older_versions() -> None:
    facts = facts_of(
        {
            "llm.request.type": "chat",
            "gen_ai.system": "OpenAI",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": '[{"type": "text", "text": "hi"}]',
            "gen_ai.prompt.1.role": "assistant",
            "gen_ai.prompt.1.tool_calls.0.id": "c1",
            "gen_ai.prompt.1.tool_calls.0.name": "lookup",
            "gen_ai.prompt.1.tool_calls.0.arguments": '{"q": 1}',
            "gen_ai.prompt.2.role": "tool",
            "gen_ai.prompt.2.content": "late",
            "gen_ai.prompt.2.tool_call_id": "c1",
            "gen_ai.completion.0.content": "yes",
            "gen_ai.completion.0.finish_reason": "stop",
            "gen_ai.usage.prompt_tokens": 3,
            "gen_ai.usage.completion_tokens": 4,
        }
    )
    assert (facts.type, facts.provider, facts.input_text, facts.output_text) == ("llm", "openai", "hi", "yes")
    assert (facts.input_tokens, facts.output_tokens) == (3, 4)
    (answer,) = facts.answered_calls
    assert (answer.name, answer.result and answer.result.value) == ("lookup", "late")


@pytest.mark.parametrize(
    "written",
    ['{"args": [], "kwargs": {"q": 1}}', '{"args": [{"q": 1}]}', '{"q": 1}', '{"args": ["{\\"q\\": 1}"]}'],
)
def test_arguments_of_decorators_and_manual_spans(written: str) -> None:
    facts = facts_of({"traceloop.span.kind": "tool", "traceloop.entity.input": written}, name="lookup.tool")
    assert facts.tool_name == "lookup"
    assert facts.arguments is not None
    assert facts.arguments.value == {"q": 1}


def test_the_entity_is_the_tool_or_the_agent() -> None:
    assert facts_of({"traceloop.span.kind": "tool", "traceloop.entity.name": "lookup"}).tool_name == "lookup"
    assert facts_of({"traceloop.span.kind": "agent", "traceloop.entity.name": "helper"}).agent_name == "helper"
    assert facts_of({"traceloop.span.kind": "task", "traceloop.entity.name": "plan"}).agent_name is None


def test_results_in_serialised_tool_messages() -> None:
    message = {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain_core", "messages", "ToolMessage"],
        "kwargs": {"content": '{"ok": true}', "name": "lookup", "tool_call_id": "c1", "status": "success"},
    }
    facts = facts_of(
        {"traceloop.span.kind": "tool", "traceloop.entity.output": json.dumps({"output": message})}, "DynamicTool"
    )
    assert (facts.tool_name, facts.tool_call_id, facts.failure) == ("lookup", "c1", None)
    assert facts.result is not None
    assert facts.result.value == {"ok": True}


@pytest.mark.parametrize("prefix", [PROPERTIES, "ai.telemetry.metadata." + PROPERTIES, PROPERTIES + PROPERTIES])
def test_raindrops_identity(prefix: str) -> None:
    facts = facts_of(
        {
            "traceloop.span.kind": "tool",
            prefix + "event_id": "e1",
            prefix + "user_id": "u1",
            prefix + "convo_id": "c1",
            prefix + "plan": "pro",
        }
    )
    assert (facts.interaction_id, facts.user_id, facts.conversation_id) == ("e1", "u1", "c1")
    assert facts.unmapped == ()


def test_raindrops_span_kinds() -> None:
    assert facts_of({"raindrop.span.kind": "tool_call"}, name="lookup").tool_name == "lookup"
    assert facts_of({"raindrop.span.kind": "llm_call"}).type == "llm"


def test_metadata_of_another_sdk_does_not_take_the_span_away() -> None:
    facts = facts_of({"ai.telemetry.metadata.raindrop.eventId": "e2", "traceloop.span.kind": "tool"})
    assert facts.interaction_id == "e2"


def test_a_result_that_agno_holds_in_an_object() -> None:
    def told(text: str) -> object:
        facts = facts_of({"traceloop.span.kind": "tool", "traceloop.entity.output": text})
        assert facts.result is not None
        return facts.result.value

    good = "status='success' result={'rows': [1, 2], 'of': 'a b=c'} error=None images=None"
    assert told(good) == {"rows": [1, 2], "of": "a b=c"}
    failed = "status='failure' result=None error='no route: to=\\'x\\'' images=None"
    assert told(failed) == {"status": "failure", "error": "no route: to='x'"}
    for text in ("status=sent result of the day", "status='open' since=now"):
        assert told(text) == text
