"""OpenLLMetry, the Traceloop SDKs and Raindrop's SDKs, which are built on them.

Source: github.com/traceloop/openllmetry, opentelemetry-semantic-conventions-ai. Older versions flatten messages into
`gen_ai.prompt.N.*` and `gen_ai.completion.N.*`. Raindrop adds identity as association properties. The instrumentation
of Agno writes the `str` of the object in which Agno keeps a tool's result or error.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.dialects.object_repr import parse_fields
from trace_store.model import Span

ASSOCIATION = "traceloop.association.properties."
# Raindrop's JavaScript SDK puts the association prefix before itself, and behind the AI SDK's metadata prefix.
_ASSOCIATIONS = (ASSOCIATION, "ai.telemetry.metadata." + ASSOCIATION, ASSOCIATION + ASSOCIATION)


def _properties(*names: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in names for prefix in _ASSOCIATIONS)


CHAIN = Kind("chain", is_aggregate=True)
_OUTPUT = "traceloop.entity.output"


def _held_result(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result in `status='success' result={..} error=None`; the fields themselves where there is an error."""
    text = attributes.get(_OUTPUT)
    if not isinstance(text, str) or not text.startswith("status="):
        return {}
    fields = parse_fields(text)
    if fields is None or not fields.keys() & {"result", "error"}:
        return {}
    return {_OUTPUT: fields if "error" in fields else fields["result"]}


DIALECT = Dialect(
    name="openllmetry",
    markers=frozenset({"traceloop.span.kind", "llm.request.type", "raindrop.span.kind"}),
    marker_prefixes=("traceloop.", "raindrop."),
    fields={
        "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"),
        "output_tokens": (
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.usage.completion_tokens",
        ),
        "cache_write_tokens": ("llm.usage.cache_creation_input_tokens",),
        "cached_tokens": ("llm.usage.cache_read_input_tokens",),
        "reasoning_tokens": ("llm.usage.reasoning_tokens",),
        "request_model": ("llm.request.model",),
        "model": ("llm.response.model",),
        "provider": ("llm.vendor",),
        "entity_name": ("traceloop.entity.name",),
        "input": ("traceloop.entity.input", "gen_ai.task.input", "tool.input"),
        "output": ("traceloop.entity.output", "gen_ai.task.output", "tool.output"),
        "interaction_id": _properties("event_id"),
        "event_name": _properties("event_name", "event"),
        "user_id": _properties("user_id", "userId", "user"),
        "agent_name": (ASSOCIATION + "lc_agent_name",),
        "conversation_id": _properties(
            "convo_id", "conversation_id", "session_id", "sessionId", "thread_id", "chat_id"
        ),
        "node": (*_properties("langgraph_node"), "traceloop.entity.path"),
        "environment": _properties("environment"),
        "known": ("traceloop.workflow.name", "traceloop.entity.version", "llm.headers"),
    },
    known_prefixes=(ASSOCIATION, "llm.request.", "llm.usage.", "traceloop.", "raindrop."),
    kinds={
        "raindrop.span.kind": {
            "tool_call": Kind("tool"),
            "llm_call": Kind("llm"),
            "agent_root": Kind("agent", is_aggregate=True),
            "trace": CHAIN,
        },
        "gen_ai.operation.name": {"execute_tool": Kind("tool")},  # LangChain's tools are also marked `task`
        "traceloop.span.kind": {
            "workflow": CHAIN,
            "task": CHAIN,
            "agent": Kind("agent", is_aggregate=True),
            "tool": Kind("tool"),
            "llm": Kind("llm"),
            "session": CHAIN,
        },
        "llm.request.type": {
            "chat": Kind("llm"),
            "completion": Kind("llm"),
            "embedding": Kind("embedding"),
            "rerank": Kind("reranker"),
        },
    },
    input_prefix="gen_ai.prompt.",
    output_prefix="gen_ai.completion.",
    tools_prefix="llm.request.functions.",
    rewrite=_held_result,
)
