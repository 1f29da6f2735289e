"""LangSmith's OpenTelemetry mode: GenAI names around serialised LangChain objects, everything else in its metadata.

Source: docs.langchain.com/langsmith, trace with OpenTelemetry. A failed step has status OK or an ERROR without a
message; its exception event is of type `Exception`, with the real type and the traceback inside the message.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

ARGUMENTS, RESULT = "gen_ai.tool.call.arguments", "gen_ai.tool.call.result"
METADATA = "langsmith.metadata."
CHAIN = Kind("chain", is_aggregate=True)


def _tool_traffic(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a tool its arguments and its result, which stand where model calls have their messages.

    What a traced function returns is wrapped as `{"output": value}`, in JavaScript as `{"outputs": value}` unless it is
    an object; a failed one has nothing, or null in it.
    """
    if attributes.get("langsmith.span.kind") != "tool":
        return {}
    told: dict[str, Any] = {}
    if ARGUMENTS not in attributes and (arguments := attributes.get("gen_ai.prompt")) is not None:
        told[ARGUMENTS] = arguments
    result = unwrap(attributes.get("gen_ai.completion"))
    if isinstance(result, dict) and len(result) <= 1 and result.keys() <= {"output", "outputs"}:
        result = next(iter(result.values()), None)
    if RESULT not in attributes and result is not None:
        told[RESULT] = result
    return told


DIALECT = Dialect(
    name="langsmith",
    markers=frozenset({"langsmith.span.kind"}),
    scopes=frozenset({"langsmith"}),
    marker_prefixes=("langsmith.span.", "langsmith.trace."),
    fields={
        "input": ("gen_ai.prompt",),  # of a wrapped client its whole request, with the tools that it offers
        "request_model": ("gen_ai.request.model", METADATA + "ls_model_name"),
        "provider": ("gen_ai.system", METADATA + "ls_provider"),
        "usage": (METADATA + "usage_metadata",),
        "user_id": (METADATA + "user_id", METADATA + "userId"),
        "conversation_id": (METADATA + "session_id", METADATA + "conversation_id", METADATA + "thread_id"),
        "agent_name": (METADATA + "lc_agent_name",),
        "node": (METADATA + "langgraph_node",),
        "environment": (METADATA + "environment",),
    },
    known_prefixes=("langsmith.", "gen_ai.serialized."),
    kinds={
        "langsmith.span.kind": {
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "chain": CHAIN,
            "prompt": CHAIN,
            "parser": CHAIN,
            "agent": Kind("agent", is_aggregate=True),
            "retriever": Kind("retriever"),
            "embedding": Kind("embedding"),
        }
    },
    rewrite=_tool_traffic,
)
