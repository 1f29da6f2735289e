"""VoltAgent: `span.type` of its steps, the agent's span known by `agent.state`.

Source: spans of `@voltagent/core`, version 2. One span (`llm:generateText`, `llm:streamText`) holds all turns of a run
and the tokens of the last turn alone; the agent's span has their sums, so the run stands for its calls. Where that span
has failed, it is the model call that failed. Steps repeat the input of the agent; memory is read and written in steps.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import STATUS_ERROR, Span

STEP = "voltagent.step"  # what the span is, in a key of our own
_KNOWN = (
    *("operation.id", "span.type", "span.label", "entity.id", "entity.type", "conversationId", "userId"),
    *("error.stack", "error.stage", "tool.parameters", "agent.state", "agent.workingMemory.enabled"),
    *("agent.instructions", "agent.messages", "agent.messages.ui", "agent.stateSnapshot", "usage.total_tokens"),
    *("llm.operation", "llm.stream", "llm.max_retries", "llm.attempt", "llm.model_index", "llm.messages.count"),
    *("llm.tools", "llm.tools.count", "llm.usage.prompt_tokens", "llm.usage.completion_tokens"),
    *("llm.usage.total_tokens", "llm.usage.cached_tokens", "llm.usage.reasoning_tokens"),
    *("memory.operation", "memory.semantic", "memory.message_count", "memory.step.count", "memory.steps_saved"),
)


def _step(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """What kind of step it is."""
    told = attributes.get("span.type")
    if told == "llm" and span.status_code != STATUS_ERROR:
        return {STEP: "turns"}
    if not isinstance(told, str):
        told = "agent" if "agent.state" in attributes else "step"
    return {STEP: told}


DIALECT = Dialect(
    name="voltagent",
    scopes=frozenset({"@voltagent/core"}),
    markers=frozenset({"voltagent.operation_id"}),
    own_fields={
        "input": ("input",),
        "output": ("output",),
        "request_model": ("llm.model", "ai.model.name"),
        "provider": ("ai.model.provider",),
        "input_messages": ("llm.messages",),
        "input_tokens": ("usage.prompt_tokens",),
        "output_tokens": ("usage.completion_tokens",),
        "cached_tokens": ("usage.cached_tokens",),
        "reasoning_tokens": ("usage.reasoning_tokens",),
        "finish_reason": ("llm.finish_reason", "ai.response.finish_reason"),
        "tool_name": ("tool.name",),
        "tool_call_id": ("tool.call.id",),
        "tool_description": ("tool.description",),
        "error_type": ("error.type",),
        "error_message": ("error.message",),
        "agent_name": ("entity.name",),
        "conversation_id": ("conversation.id", "voltagent.conversation_id"),
        "user_id": ("user.id",),
        "known": _KNOWN,
    },
    known_prefixes=("voltagent.", "usage.prompt_context."),
    kinds={
        STEP: {
            "agent": Kind("agent", is_aggregate=True),
            "turns": Kind("chain", is_aggregate=True),
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "retriever": Kind("retriever"),
            "embedding": Kind("embedding"),
            "guardrail": Kind("guardrail"),
            **dict.fromkeys(("workflow", "workflow-step"), Kind("chain", is_aggregate=True)),
            **dict.fromkeys(("memory", "summary", "middleware", "scorer", "step"), Kind("other")),
        }
    },
    rewrite=_step,
)
