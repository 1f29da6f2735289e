"""Google ADK before it wrote GenAI messages."""

import json
from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts

VERTEX = "gcp.vertex.agent."


def facts_of(name: str, attributes: dict[str, Any]) -> SpanFacts:
    facts = normalise(span(attributes, name=name, scope_name="gcp.vertex.agent"))
    assert facts is not None
    assert facts.dialect == "google_adk"
    return facts


def test_a_model_call() -> None:
    asked = {"function_call": {"id": "c1", "name": "clock", "args": {}}}
    contents = [
        {"role": "user", "parts": [{"text": "time?"}]},
        {"role": "model", "parts": [asked]},
        {"role": "user", "parts": [{"function_response": {"id": "c1", "name": "clock", "response": {"error": "x"}}}]},
    ]
    facts = facts_of(
        "call_llm",
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "gemini-2.5-pro",
            VERTEX + "session_id": "s1",
            VERTEX + "llm_request": json.dumps({"model": "gemini-2.5-pro", "contents": contents}),
            VERTEX + "llm_response": json.dumps(
                {
                    "content": {"role": "model", "parts": [{"text": "four"}]},
                    "usage_metadata": {"prompt_token_count": 9, "candidates_token_count": 2, "thoughts_token_count": 1},
                }
            ),
        },
    )
    assert (facts.type, facts.model, facts.provider, facts.conversation_id) == ("llm", "gemini-2.5-pro", None, "s1")
    assert (facts.input_text, facts.output_text) == ("time?", "four")
    assert (facts.input_tokens, facts.output_tokens, facts.reasoning_tokens) == (9, 2, 1)
    assert [(call.call_id, call.name) for call in facts.answered_calls] == [("c1", "clock")]


def test_a_tool() -> None:
    facts = facts_of(
        "execute_tool clock",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "clock",
            "gen_ai.tool.call.id": "<not specified>",
            VERTEX + "tool_call_args": '{"zone": "utc"}',
            VERTEX + "tool_response": '{"hour": 4}',
        },
    )
    assert facts.tool_call_id is None
    assert facts.arguments is not None
    assert facts.result is not None
    assert (facts.arguments.value, facts.result.value) == ({"zone": "utc"}, {"hour": 4})


def test_the_merged_response_is_no_call_under_openinference_either() -> None:
    merged = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "(merged tools)",
        VERTEX + "event_id": "e1",
        "session.id": "s1",
    }
    scope = "openinference.instrumentation.google_adk"
    facts = normalise(span(merged, name="execute_tool (merged)", scope_name=scope))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.conversation_id) == ("google_adk", "chain", "s1")
