"""Vercel AI SDK: which span is the call, separate output attributes, copied error statuses."""

import json
from collections.abc import Mapping

import pytest

from tests.spans_by_hand import exception, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR


def facts_of(attributes: Mapping[str, object], **more: object) -> SpanFacts:
    facts = normalise(span(attributes, scope_name="ai", **more))  # type: ignore[arg-type]
    assert facts is not None
    assert facts.dialect == "vercel_ai"
    return facts


@pytest.mark.parametrize(
    ("operation", "type_", "is_aggregate"),
    [
        ("ai.generateText", "agent", True),
        ("ai.streamText", "agent", True),
        ("ai.generateObject", "agent", True),
        ("ai.generateText.doGenerate", "llm", False),
        ("ai.streamText.doStream", "llm", False),
        ("ai.toolCall", "tool", False),
        ("ai.embed", "chain", True),
        ("ai.embed.doEmbed", "embedding", False),
        ("ai.somethingNew", "other", False),
    ],
)
def test_operations(operation: str, type_: str, is_aggregate: bool) -> None:
    facts = facts_of({"ai.operationId": operation, "ai.usage.inputTokens": 3})
    assert (facts.type, facts.is_aggregate, facts.input_tokens) == (type_, is_aggregate, 3)


@pytest.mark.parametrize(
    "calls",
    [
        '[{"toolCallId":"c1","toolName":"lookup","args":"{\\"q\\":1}"}]',
        '[{"toolCallId":"c1","toolName":"lookup","input":"{\\"q\\":1}"}]',
        '[{"toolCallId":"c1","toolName":"lookup","input":{"q":1}}]',
    ],
)
def test_requested_calls_of_every_version(calls: str) -> None:
    facts = facts_of({"ai.operationId": "ai.generateText.doGenerate", "ai.response.toolCalls": calls})
    assert [(c.call_id, c.name, c.arguments and c.arguments.value) for c in facts.requested_calls] == [
        ("c1", "lookup", {"q": 1})
    ]


def test_a_model_call() -> None:
    prompt = [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "lookup", "input": {"q": 1}}],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c1",
                    "toolName": "lookup",
                    "output": {"type": "error-text", "value": "late"},
                }
            ],
        },
    ]
    facts = facts_of(
        {
            "ai.operationId": "ai.streamText.doStream",
            "ai.prompt.messages": json.dumps(prompt),
            "ai.response.text": "yes",
            "ai.model.id": "small",
            "ai.response.model": "small-2",
            "ai.model.provider": "openai.chat",
            "gen_ai.usage.input_tokens": float("nan"),
            "ai.usage.promptTokens": float("nan"),
        }
    )
    assert (facts.model, facts.provider, facts.input_tokens) == ("small-2", "openai", None)
    assert (facts.input_text, facts.output_text) == ("hi", "yes")
    (answer,) = facts.answered_calls
    assert (answer.name, answer.result and answer.result.value) == ("lookup", "late")
    assert answer.failure is not None


def test_a_run_and_its_texts() -> None:
    run = {"ai.operationId": "ai.generateText", "ai.telemetry.functionId": "helper", "ai.response.text": "yes"}
    prompt = facts_of({**run, "ai.prompt": '{"system": "be kind", "prompt": "hi"}'})
    assert (prompt.input_text, prompt.output_text, prompt.agent_name) == ("hi", "yes", "helper")
    messages = facts_of({**run, "ai.prompt": '{"messages": [{"role": "user", "content": "hi"}]}'})
    assert messages.input_text == "hi"


def test_an_error_copied_from_another_span_is_not_its_own() -> None:
    tool = {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "lookup", "openinference.span.kind": "TOOL"}
    copied = facts_of({**tool, "ai.toolCall.result": "22"}, status_code=STATUS_ERROR, status_message="late")
    assert copied.failure is None
    own = facts_of(tool, status_code=STATUS_ERROR, status_message="late", events=(exception("Error", "late"),))
    assert own.failure is not None
    bare = facts_of(tool, status_code=STATUS_ERROR, status_message="late")
    assert bare.failure is not None


@pytest.mark.parametrize("prefix", ["ai.telemetry.metadata.", "ai.settings.context.", "metadata."])
def test_ids(prefix: str) -> None:
    facts = facts_of({"ai.operationId": "ai.toolCall", prefix + "userId": "u1", prefix + "sessionId": "s1"})
    assert (facts.user_id, facts.conversation_id) == ("u1", "s1")


def test_raindrops_ids_go_first() -> None:
    facts = facts_of(
        {
            "ai.operationId": "ai.toolCall",
            "ai.telemetry.metadata.userId": "other",
            "ai.telemetry.metadata.raindrop.ai.userId": "u1",
            "ai.telemetry.metadata.raindrop.convoId": "c1",
            "ai.telemetry.metadata.raindrop.eventId": "e1",
        }
    )
    assert (facts.user_id, facts.conversation_id, facts.interaction_id) == ("u1", "c1", "e1")


def test_version_7_writes_genai_names() -> None:
    facts = normalise(span({"gen_ai.operation.name": "agent_step"}, scope_name="gen_ai"))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.is_aggregate) == ("vercel_ai", "chain", True)


def test_posthogs_ids() -> None:
    metadata = {"posthog_distinct_id": "u1", "$ai_session_id": "s1"}
    facts = facts_of(
        {"ai.operationId": "ai.toolCall", **{"ai.telemetry.metadata." + key: metadata[key] for key in metadata}}
    )
    assert (facts.user_id, facts.conversation_id) == ("u1", "s1")
