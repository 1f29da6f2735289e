"""Langfuse: usage in several forms, failures that only its level tells, results of LangChain tools."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(type_: str, attributes: dict[str, Any], **more: Any) -> SpanFacts:
    named = {f"langfuse.observation.{key}": value for key, value in attributes.items()}
    named["langfuse.observation.type"] = type_
    facts = normalise(span(named, scope_name="langfuse-sdk", **more))
    assert facts is not None
    assert facts.dialect == "langfuse"
    return facts


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"input": 50, "input_cache_read": 32, "output": 12, "output_reasoning": 5, "total": 99}, (82, 17, 32, 5)),
        ({"input": 82, "input_cached_tokens": 32, "output": 17, "total": 99}, (82, 17, 32, None)),
        ({"input": 50, "input_audio": 0, "input_cache_read": 32, "output": 17}, (82, 17, 32, None)),
        ({"input": 82, "output": 17}, (82, 17, None, None)),
        (
            {"prompt_tokens": 82, "completion_tokens": 17, "prompt_tokens_details": {"cached_tokens": 32}},
            (82, 17, 32, None),
        ),
        ({"input_tokens": 82, "output_tokens": 17}, (82, 17, None, None)),
        ("nothing", (None, None, None, None)),
    ],
)
def test_usage(usage: Any, counts: tuple[int | None, ...]) -> None:
    facts = facts_of("generation", {"usage_details": json.dumps(usage), "output": "hi"})
    assert (facts.input_tokens, facts.output_tokens, facts.cached_tokens, facts.reasoning_tokens) == counts


def test_a_failure_without_status() -> None:
    facts = facts_of("generation", {"level": "ERROR", "status_message": "Error: 429 slow down", "input": "[]"})
    assert facts.failure is not None
    assert (facts.failure.rule, facts.failure.message) == ("langfuse.observation.level", "Error: 429 slow down")


def test_a_tool_of_langchain() -> None:
    message = {"content": "late", "type": "tool", "name": "search", "tool_call_id": "c1", "status": "error"}
    facts = facts_of("tool", {"input": "{'q': 1}", "output": json.dumps(message)}, name="search")
    assert (facts.tool_name, facts.tool_call_id) == ("search", "c1")
    assert facts.arguments is not None
    assert facts.arguments.value == {"q": 1}
    assert facts.failure is not None
    assert facts.failure.message == "late"


def test_a_span_of_another_library_stays_its_own() -> None:
    other = span({"langfuse.trace.name": "x", "gen_ai.operation.name": "chat"})
    facts = normalise(other)
    assert facts is not None
    assert facts.dialect == "otel_genai"


def test_tools_among_the_messages_are_offered_and_no_results() -> None:
    offered = {"type": "function", "function": {"name": "search", "description": "d", "parameters": {"type": "object"}}}
    messages = [{"role": "user", "content": "find it"}, {"role": "tool", "content": offered}]
    facts = facts_of("generation", {"input": json.dumps(messages), "output": "done"})
    assert [found.name for found in facts.tool_definitions] == ["search"]
    assert (facts.input_text, facts.answered_calls) == ("find it", ())
