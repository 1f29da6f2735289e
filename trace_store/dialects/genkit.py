"""Genkit (scope `genkit-tracer`): colon keys, whole requests and responses as JSON in `genkit:input|output`.

Source: genkit.dev/docs/observability and the package's tracing module. A later turn of a `generate` nests inside the
earlier one, and a failure climbs to every parent; `genkit:isFailureSource` marks where it began.
"""

from trace_store.dialects.dialect import Dialect, Kind

AGENT = Kind("agent", is_aggregate=True)
CHAIN = Kind("chain", is_aggregate=True)

DIALECT = Dialect(
    name="genkit",
    markers=frozenset({"genkit:type", "genkit:name"}),
    scopes=frozenset({"genkit-tracer"}),
    marker_prefixes=("genkit:",),
    fields={
        "input": ("genkit:input",),
        "output": ("genkit:output",),
        "entity_name": ("genkit:name",),
        "conversation_id": ("genkit:sessionId", "genkit:metadata:sessionId", "genkit:metadata:session:id"),
        "user_id": ("genkit:metadata:userId",),
        "metadata": ("genkit:metadata:context",),
    },
    known_prefixes=("genkit:",),
    kinds={
        "genkit:metadata:subtype": {
            "model": Kind("llm"),
            "background-model": Kind("llm"),
            "tool": Kind("tool"),
            "tool.v2": Kind("tool"),
            "flow": AGENT,
            "agent": AGENT,
            "prompt": CHAIN,
            "executable-prompt": CHAIN,
            "util": CHAIN,
            "retriever": Kind("retriever"),
            "embedder": Kind("embedding"),
            "reranker": Kind("reranker"),
            "indexer": Kind("other"),
            "evaluator": Kind("guardrail"),
        },
        "genkit:type": {"flow": AGENT, "flowstep": CHAIN, "util": CHAIN, "helper": CHAIN, "prompt": CHAIN},
    },
)
