"""Microsoft Agent Framework: the exception is only on the tool span, and workflow spans have no operation."""

import json
from typing import Any

from tests.spans_by_hand import exception, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR


def facts_of(attributes: dict[str, Any], **more: Any) -> SpanFacts:
    facts = normalise(span(attributes, scope_name="agent_framework", **more))
    assert facts is not None
    assert facts.dialect == "agent_framework"
    return facts


def test_a_failed_tool() -> None:
    facts = facts_of(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "refund",
            "gen_ai.tool.call.id": "c1",
            "gen_ai.tool.call.arguments": '{"order": "1"}',
            "error.type": "TimeoutError",
        },
        status_code=STATUS_ERROR,
        status_message="TimeoutError('too late')",
        events=(exception("TimeoutError", "too late"),),
    )
    assert (facts.tool_name, facts.tool_call_id) == ("refund", "c1")
    assert facts.failure is not None
    assert (facts.failure.type, facts.failure.message) == ("TimeoutError", "too late")


def test_an_agent_is_no_vendor_and_no_call() -> None:
    messages = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    facts = facts_of(
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "microsoft.agent_framework",
            "gen_ai.agent.name": "travel",
            "gen_ai.usage.input_tokens": 5,
            "gen_ai.input.messages": json.dumps(messages),
        }
    )
    assert (facts.type, facts.is_aggregate, facts.provider) == ("agent", True, None)
    assert (facts.agent_name, facts.input_text) == ("travel", "hi")


def test_a_workflow() -> None:
    assert facts_of({"executor.id": "writer"}, name="executor.process writer").type == "chain"
