"""n8n's own tracing: a span per workflow and per node; of a node its type tells what it is, nothing tells what it said.

Source: docs.n8n.io, hosting, OpenTelemetry; github.com/n8n-io/n8n, packages/cli. Nodes of agents are named by their
role in the package `n8n-nodes-langchain`: `agent`, `lmChatOpenAi`, `toolHttpRequest`, `embeddingsOpenAi`; other nodes
that an agent may call end in `Tool`.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

NODE_TYPE = "n8n.node.type"
ROLE = "n8n.node.role"  # ours: what the type says
_PACKAGE = "n8n-nodes-langchain."
_ROLES = {
    "lm": "llm",
    "tool": "tool",
    "agent": "agent",
    "embeddings": "embedding",
    "retriever": "retriever",
    "vectorStore": "retriever",
    "reranker": "reranker",
    "guardrails": "guardrail",
}


def _role(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a node is to an agent, by the beginning or the end of its type."""
    node_type = attributes.get(NODE_TYPE)
    if not isinstance(node_type, str):
        return {}
    package, _, name = node_type.rpartition(".")
    role = None
    if f"{package}.".endswith(_PACKAGE):
        role = next((role for begin, role in _ROLES.items() if name.startswith(begin)), None)
    if name.endswith("Tool"):
        role = "tool"
    return {ROLE: role or "step"}


STEP = Kind("chain", is_aggregate=True)

DIALECT = Dialect(
    name="n8n",
    markers=frozenset({NODE_TYPE, "n8n.workflow.id"}),
    fields={"entity_name": ("n8n.node.name", "n8n.workflow.name"), "known": (ROLE,)},
    known_prefixes=("n8n.",),
    kinds={
        ROLE: {
            "step": STEP,
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "agent": Kind("agent", is_aggregate=True),
            "embedding": Kind("embedding"),
            "retriever": Kind("retriever"),
            "reranker": Kind("reranker"),
            "guardrail": Kind("guardrail"),
        }
    },
    name_kinds={"n8n.workflow.id": STEP},
    rewrite=_role,
)
