"""LangSmith's OpenTelemetry mode: GenAI names around serialised LangChain objects, everything else in its metadata.

Source: docs.langchain.com/langsmith, trace with OpenTelemetry. A failed step has status OK or an ERROR without a
message; its exception event is of type `Exception`, with the real type and the traceback inside the message.
"""

from trace_store.dialects.dialect import Dialect, Kind

METADATA = "langsmith.metadata."
CHAIN = Kind("chain", is_aggregate=True)

DIALECT = Dialect(
    name="langsmith",
    markers=frozenset({"langsmith.span.kind"}),
    scopes=frozenset({"langsmith"}),
    marker_prefixes=("langsmith.span.", "langsmith.trace."),
    fields={
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
)
