"""Dify's workflow nodes, and whatever else names its kind in `gen_ai.span.kind` (Alibaba's GenAI conventions).

Source: github.com/langgenius/dify, api/extensions/otel/semconv; the rest are GenAI and OpenInference names.
"""

from trace_store.dialects.dialect import Dialect, Kind

AGENT = Kind("agent", is_aggregate=True)
CHAIN = Kind("chain", is_aggregate=True)

DIALECT = Dialect(
    name="dify",
    markers=frozenset({"gen_ai.span.kind"}),
    marker_prefixes=("dify.",),
    fields={
        "conversation_id": ("gen_ai.session.id", "dify.conversation_id"),
        "user_id": ("gen_ai.user.id", "dify.user_id"),
        "tool_name": ("gen_ai.tool.name",),
        "result": ("gen_ai.tool.call.result",),
        "input": ("retrieval.query",),
        "output": ("retrieval.document",),
        "interaction_id": ("dify.message_id",),
        "known": ("gen_ai.framework", "gen_ai.user.time_to_first_token", "node.id", "node.execution_id", "node.type"),
    },
    known_prefixes=("dify.",),
    kinds={
        "gen_ai.span.kind": {
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "agent": AGENT,
            "entry": AGENT,
            "chain": CHAIN,
            "workflow": CHAIN,
            "task": CHAIN,
            "step": CHAIN,
            "retriever": Kind("retriever"),
            "embedding": Kind("embedding"),
            "reranker": Kind("reranker"),
        }
    },
)
