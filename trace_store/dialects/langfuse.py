"""Langfuse SDKs for Python and JavaScript, and their LangChain handlers: `langfuse.observation.*`.

Source: langfuse.com/docs/opentelemetry, property mapping. A failure stands in `level` and `status_message`, often
beside an unset status. Usage comes as the provider sends it, or flat (`input`, `input_cache_read`); some handlers'
flat form is net of its parts.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect, Kind
from trace_store.dialects.reading import as_count
from trace_store.model import Span

OBSERVATION = "langfuse.observation."
USAGE = OBSERVATION + "usage_details"
NODE, AGENT_NAME = (OBSERVATION + "metadata.langgraph_node", OBSERVATION + "metadata.lc_agent_name")
CHAIN = Kind("chain", is_aggregate=True)


def _plainer(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Usage as counts, and texts of the metadata without the quotes of JSON."""
    told = _flat_usage(attributes) if USAGE in attributes else {}
    for key in (NODE, AGENT_NAME):
        if key in attributes and isinstance(name := _unquoted(attributes[key]), str):
            told[key] = name
    return told


def _unquoted(value: Any) -> Any:
    """What a JSON text stands for; nearly all are names."""
    if value.__class__ is str and value[:1] == value[-1:] == '"' and (name := value[1:-1]).isidentifier():
        return name
    return unwrap(value)


def _flat_usage(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Flat counts as GenAI attributes; where the parts are left out of the sums, they are added again."""
    usage = unwrap(attributes[USAGE])
    if not isinstance(usage, dict) or not ("input" in usage or "output" in usage):
        return {}
    told: dict[str, Any] = {}
    input_parts = output_parts = 0
    for key in usage:
        if "_" not in key or (count := as_count(usage[key])) is None:
            continue
        canonical = None
        if key.startswith("input_"):
            input_parts += count
            if "cache_read" in key or "cached" in key:
                canonical = "gen_ai.usage.cache_read.input_tokens"
            elif "cache_creation" in key or "cache_write" in key:
                canonical = "gen_ai.usage.cache_creation.input_tokens"
        elif key.startswith("output_"):
            output_parts += count
            canonical = "gen_ai.usage.reasoning.output_tokens" if "reasoning" in key else None
        if canonical is not None:
            told[canonical] = told.get(canonical, 0) + count
    input_tokens, output_tokens = as_count(usage.get("input")), as_count(usage.get("output"))
    parts, total = input_parts + output_parts, as_count(usage.get("total"))
    is_net = parts > 0 and (total is None or total >= (input_tokens or 0) + (output_tokens or 0) + parts)
    if input_tokens is not None:
        told["gen_ai.usage.input_tokens"] = input_tokens + (input_parts if is_net else 0)
    if output_tokens is not None:
        told["gen_ai.usage.output_tokens"] = output_tokens + (output_parts if is_net else 0)
    return told


DIALECT = Dialect(
    name="langfuse",
    markers=frozenset({OBSERVATION + "type"}),
    scopes=frozenset({"langfuse-sdk"}),
    marker_prefixes=(OBSERVATION,),
    fields={
        "model": (OBSERVATION + "model.name",),
        "usage": (USAGE,),
        "cost": (OBSERVATION + "cost_details",),
        "input": (OBSERVATION + "input",),
        "output": (OBSERVATION + "output",),
        "error_message": (OBSERVATION + "status_message",),
        "user_id": ("user.id", "langfuse.user.id"),
        "agent_name": (AGENT_NAME,),
        "conversation_id": ("session.id", "langfuse.session.id"),
        "request": (OBSERVATION + "model.parameters",),
        "finish_reason": (OBSERVATION + "metadata.finish_reason",),
        "first_token_at": (OBSERVATION + "completion_start_time",),
        "node": (NODE,),
        "environment": ("langfuse.environment",),
        "metadata": (OBSERVATION + "metadata", "langfuse.trace.metadata"),
    },
    known_prefixes=(
        "langfuse.internal.",
        OBSERVATION + "model.",
        OBSERVATION + "cost_details",
        OBSERVATION + "prompt.",
    ),
    kinds={
        OBSERVATION + "type": {
            "generation": Kind("llm"),
            "tool": Kind("tool"),
            "agent": Kind("agent", is_aggregate=True),
            "span": CHAIN,
            "chain": CHAIN,
            "retriever": Kind("retriever"),
            "embedding": Kind("embedding"),
            "evaluator": Kind("guardrail"),
            "guardrail": Kind("guardrail"),
        }
    },
    failure_flags={OBSERVATION + "level": frozenset({"error"})},
    rewrite=_plainer,
)
