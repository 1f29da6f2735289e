"""AgentOps: decorated functions by kind, model calls with flattened messages."""

from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(kind: str, name: str = "step", attributes: dict[str, Any] | None = None) -> SpanFacts:
    facts = normalise(span({"agentops.span.kind": kind, **(attributes or {})}, name=name, scope_name="agentops"))
    assert facts is not None
    assert facts.dialect == "agentops"
    return facts


def test_a_decorated_tool() -> None:
    facts = facts_of(
        "tool",
        attributes={
            "operation.name": "look_up",
            "agentops.tool.input": '{"args": [], "kwargs": {"order": "77"}}',
            "agentops.tool.output": '{"state": "sent"}',
        },
    )
    assert (facts.type, facts.tool_name) == ("tool", "look_up")
    assert facts.arguments is not None
    assert facts.arguments.value == {"order": "77"}
    assert facts.result is not None
    assert facts.result.value == {"state": "sent"}
    assert facts.unmapped == ()


def test_a_tool_of_an_instrumented_framework() -> None:
    told = {
        "tool.name": "look_up",
        "tool.parameters": '{"order": "77"}',
        "tool.result": "gone",
        "tool.status": "failed",
    }
    facts = facts_of("tool", attributes=told)
    assert facts.tool_name == "look_up"
    assert facts.arguments is not None
    assert facts.arguments.value == {"order": "77"}
    assert facts.failure is not None


def test_a_model_call() -> None:
    facts = facts_of(
        "llm",
        attributes={
            "gen_ai.request.model": "m",
            "gen_ai.response.model": "m-1",
            "gen_ai.usage.prompt_tokens": 9,
            "gen_ai.usage.completion_tokens": 4,
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Where is it?",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.tool_calls.0.id": "c1",
            "gen_ai.completion.0.tool_calls.0.name": "look_up",
            "gen_ai.completion.0.tool_calls.0.arguments": '{"order": "77"}',
        },
    )
    assert (facts.type, facts.model, facts.input_tokens, facts.output_tokens) == ("llm", "m-1", 9, 4)
    assert facts.input_text == "Where is it?"
    assert [(call.call_id, call.name) for call in facts.requested_calls] == [("c1", "look_up")]


def test_agents_and_sessions() -> None:
    agent = facts_of("agent", attributes={"operation.name": "clerk", "agentops.agent.output": "done"})
    assert (agent.type, agent.is_aggregate, agent.agent_name, agent.output_text) == ("agent", True, "clerk", "done")
    assert facts_of("session", name="session").type == "chain"


def test_what_a_model_asked_for_has_not_run() -> None:
    told = {"tool.name": "look_up", "tool.call.id": "c1", "tool.call.type": "function", "tool.parameters": "{}"}
    facts = normalise(span(told, scope_name="agentops.instrumentation.providers.openai.wrappers.chat"))
    assert facts is not None
    assert (facts.dialect, facts.type) == ("agentops", "other")
