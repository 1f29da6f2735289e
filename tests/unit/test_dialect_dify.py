"""Dify's workflow nodes, by the names in its source."""

import json

import pytest

from tests.spans_by_hand import exception, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR


def facts_of(attributes: dict[str, object], **more: object) -> SpanFacts:
    facts = normalise(span({"gen_ai.framework": "dify", **attributes}, **more))  # type: ignore[arg-type]
    assert facts is not None
    assert facts.dialect == "dify"
    return facts


@pytest.mark.parametrize(
    ("kind", "type_"), [("TASK", "chain"), ("WORKFLOW", "chain"), ("RETRIEVER", "retriever"), ("AGENT", "agent")]
)
def test_kinds(kind: str, type_: str) -> None:
    assert facts_of({"gen_ai.span.kind": kind}).type == type_


def test_a_model_node() -> None:
    facts = facts_of(
        {
            "gen_ai.span.kind": "LLM",
            "gen_ai.request.model": "small",
            "gen_ai.provider.name": "openai",
            "gen_ai.usage.input_tokens": 9,
            "gen_ai.usage.output_tokens": 3,
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]),
            "gen_ai.output.messages": json.dumps(
                [{"role": "assistant", "parts": [{"type": "text", "content": "yes"}]}]
            ),
            "output.value": '{"text": "yes", "usage": {"total_tokens": 12}}',
            "gen_ai.user.id": "u1",
        }
    )
    assert (facts.type, facts.model, facts.provider, facts.user_id) == ("llm", "small", "openai", "u1")
    assert (facts.input_text, facts.output_text) == ("hi", "yes")


def test_a_failed_tool_node() -> None:
    facts = facts_of(
        {
            "gen_ai.span.kind": "TOOL",
            "gen_ai.tool.name": "look",
            "gen_ai.tool.call.arguments": '{"q": 1}',
            "input.value": '{"q": 1}',
        },
        status_code=STATUS_ERROR,
        status_message="late",
        events=(exception("TimeoutError", "late"),),
    )
    assert (facts.type, facts.tool_name, facts.arguments and facts.arguments.value) == ("tool", "look", {"q": 1})
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("TimeoutError", "late")


def test_a_retrieval() -> None:
    facts = facts_of({"gen_ai.span.kind": "RETRIEVER", "retrieval.query": "hi", "retrieval.document": "[]"})
    assert facts.input_text == "hi"
