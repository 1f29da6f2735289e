"""Mastra (`@mastra/otel-exporter`): GenAI names on the model call, `mastra.<span type>.input|output` on the rest.

Source: mastra.ai/docs/observability/tracing and the exporter's span converter. Generation and step are loops around the
one `chat` span that carries tokens; older versions write the generation itself as `chat`, and `gen_ai.tool.input`.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

CHAIN = Kind("chain", is_aggregate=True)
_STEPS = ("model_generation", "model_step", "workflow_run", "workflow_step", "processor_run", "generic")

_STEP_OUTPUT = "mastra.model_step.output"


def _step_calls(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tool calls that a model asked for stand on the step around the model call, not on the call itself."""
    text = attributes.get(_STEP_OUTPUT)
    if "gen_ai.output.messages" in attributes or not isinstance(text, str) or "toolCalls" not in text:
        return {}
    output = unwrap(text)
    calls = output.get("toolCalls") if isinstance(output, dict) else None
    if not calls or not isinstance(calls, list):
        return {}
    return {"gen_ai.output.messages": [{"role": "assistant", "content": output.get("text"), "tool_calls": calls}]}


DIALECT = Dialect(
    name="mastra",
    markers=frozenset({"mastra.span.type"}),
    scopes=frozenset({"@mastra/otel-exporter", "@mastra/otel"}),
    marker_prefixes=("mastra.",),
    fields={
        "input": ("mastra.agent_run.input", *(f"mastra.{step}.input" for step in _STEPS)),
        "output": ("mastra.agent_run.output", *(f"mastra.{step}.output" for step in _STEPS)),
        "first_token_at": ("mastra.completion_start_time",),
        "environment": ("mastra.metadata.environment",),
        "user_id": ("mastra.metadata.userId", "mastra.metadata.user_id", "mastra.metadata.resourceId"),
        "conversation_id": (
            "gen_ai.conversation.id",
            "mastra.metadata.sessionId",
            "mastra.metadata.session_id",
            "mastra.metadata.threadId",
            "mastra.metadata.thread_id",
        ),
    },
    known_prefixes=("mastra.",),
    kinds={
        "gen_ai.operation.name": {
            **dict.fromkeys(_STEPS, CHAIN),
            "agent_run": Kind("agent", is_aggregate=True),
            "workflow_conditional": CHAIN,
            "workflow_parallel": CHAIN,
            "workflow_loop": CHAIN,
            "model_inference": Kind("llm"),
            "mcp_tool_call": Kind("tool"),
            "provider_tool_call": Kind("tool"),
            "model_chunk": Kind("other"),
        }
    },
    rewrite=_step_calls,
    steps_tell_calls=True,
    failure_flags={"gen_ai.tool.success": frozenset({"false"})},
)
