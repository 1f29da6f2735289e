"""Strands with the latest GenAI conventions: everything in one event; several results in one message."""

import json
from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR, SpanEvent

DETAILS = "gen_ai.client.inference.operation.details"


def facts_of(attributes: dict[str, Any], *events: SpanEvent, **more: Any) -> SpanFacts:
    facts = normalise(span(attributes, events=events, scope_name="strands.telemetry.tracer", **more))
    assert facts is not None
    assert facts.dialect == "strands"
    return facts


def test_messages_in_one_event() -> None:
    inputs = [{"role": "user", "parts": [{"type": "text", "content": "time?"}]}]
    call = {"type": "tool_call", "id": "c1", "name": "clock", "arguments": {"zone": "utc"}}
    outputs = [{"role": "assistant", "parts": [call], "finish_reason": "tool_use"}]
    event = SpanEvent(
        1, DETAILS, {"gen_ai.input.messages": json.dumps(inputs), "gen_ai.output.messages": json.dumps(outputs)}
    )
    facts = facts_of({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "strands-agents"}, event)
    assert (facts.type, facts.provider, facts.input_text) == ("llm", None, "time?")
    assert [(call.call_id, call.name) for call in facts.requested_calls] == [("c1", "clock")]


def test_several_results_in_one_message() -> None:
    asked = [{"toolUse": {"toolUseId": f"c{n}", "name": "clock", "input": {"zone": n}}} for n in range(3)]
    told = [
        {"toolResult": {"toolUseId": "c0", "status": "success", "content": [{"text": "4"}]}},
        {"toolResult": {"toolUseId": "c1", "status": "error", "content": [{"text": "Error: no battery"}]}},
        {"toolResult": {"toolUseId": "c2", "status": "success", "content": [{"json": {"hour": 5}}]}},
    ]
    events = [
        SpanEvent(1, "gen_ai.user.message", {"content": json.dumps([{"text": "time?"}])}),
        SpanEvent(1, "gen_ai.assistant.message", {"content": json.dumps(asked)}),
        SpanEvent(1, "gen_ai.tool.message", {"content": json.dumps(told)}),
    ]
    facts = facts_of({"gen_ai.operation.name": "chat"}, *events)
    answers = [(call.call_id, call.name, call.result and call.result.value) for call in facts.answered_calls]
    assert answers == [("c0", "clock", "4"), ("c1", "clock", "Error: no battery"), ("c2", "clock", {"hour": 5})]
    assert [call.failure is not None for call in facts.answered_calls] == [False, True, False]


def test_a_failed_tool() -> None:
    event = SpanEvent(
        1,
        DETAILS,
        {
            "gen_ai.input.messages": json.dumps(
                [{"role": "tool", "parts": [{"type": "tool_call", "name": "clock", "id": "c1", "arguments": {"z": 1}}]}]
            )
        },
    )
    facts = facts_of(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "clock",
            "gen_ai.tool.call.id": "c1",
            "gen_ai.tool.call.arguments": '{"z": 1}',
            "gen_ai.tool.status": "error",
        },
        event,
        status_code=STATUS_ERROR,
        status_message="no battery",
    )
    assert facts.arguments is not None
    assert facts.arguments.value == {"z": 1}
    assert facts.failure is not None
    assert facts.failure.message == "no battery"
