"""OpenInference (Arize): `openinference.span.kind`, flattened `llm.*` messages, `input.value` and `output.value`.

Source: github.com/Arize-ai/openinference, spec/semantic_conventions.md. The instrumentation of the OpenAI Agents SDK
writes a handoff as a tool; the call is the one that the model asked for, `transfer_to_<agent>`.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

_KIND = "openinference.span.kind"


def _handoff(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """A handoff is a step of the workflow, whose call the messages tell."""
    if span.name.startswith("handoff to ") and attributes.get(_KIND) == "TOOL" and "tool.name" not in attributes:
        return {_KIND: "CHAIN"}
    return {}


DIALECT = Dialect(
    name="openinference",
    markers=frozenset({"openinference.span.kind"}),
    marker_prefixes=("openinference.",),
    fields={
        "model": ("llm.response.model_name", "llm.model_name", "embedding.model_name", "reranker.model_name"),
        "request_model": ("llm.request.model_name",),
        "provider": ("llm.provider", "llm.system"),
        "input_tokens": ("llm.token_count.prompt",),
        "output_tokens": ("llm.token_count.completion",),
        "cache_write_tokens": ("llm.token_count.prompt_details.cache_write",),
        "total_tokens": ("llm.token_count.total",),
        "cost": ("llm.cost.total",),
        "cached_tokens": ("llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"),
        "reasoning_tokens": ("llm.token_count.completion_details.reasoning",),
        "tool_name": ("tool.name", "tool_call.function.name"),
        "tool_call_id": ("tool_call.id", "tool.id"),
        "arguments": ("tool_call.function.arguments",),
        "input": ("input.value",),
        "output": ("output.value",),
        "tool_description": ("tool.description",),
        "tool_schema": ("tool.json_schema", "tool.parameters"),
        "agent_name": ("agent.name", "graph.node.name"),
        "node": ("graph.node.name", "graph.node.id"),
        "finish_reason": ("llm.finish_reason",),
        "conversation_id": ("session.id",),
        "user_id": ("user.id",),
        "metadata": ("metadata",),
        "request": ("llm.invocation_parameters",),
        "known": ("llm.prompts", "tag.tags"),
    },
    known_prefixes=("llm.tools.", "llm.token_count.", "llm.prompt_template.", "input.", "output.", "tool.", "graph."),
    kinds={
        "openinference.span.kind": {
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "agent": Kind("agent", is_aggregate=True),
            "chain": Kind("chain", is_aggregate=True),
            "retriever": Kind("retriever"),
            "embedding": Kind("embedding"),
            "reranker": Kind("reranker"),
            "guardrail": Kind("guardrail"),
            "evaluator": Kind("guardrail"),
            "prompt": Kind("chain", is_aggregate=True),
        }
    },
    input_prefix="llm.input_messages.",
    output_prefix="llm.output_messages.",
    tools_prefix="llm.tools.",
    rewrite=_handoff,
)
