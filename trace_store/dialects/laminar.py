"""Laminar's SDKs: `lmnr.*` around GenAI names; steps of the application say what they are in `lmnr.span.type`.

Source: github.com/lmnr-ai/lmnr-python, opentelemetry_lib/tracing/attributes.py; docs.laminar.sh, tracing.
"""

from trace_store.dialects.dialect import Dialect, Kind

ASSOCIATION = "lmnr.association.properties."
CHAIN = Kind("chain", is_aggregate=True)  # an observed function; the JavaScript SDK tells no type of it

DIALECT = Dialect(
    name="laminar",
    markers=frozenset({"lmnr.span.type"}),
    marker_prefixes=("lmnr.",),
    scopes=frozenset({"lmnr.tracer"}),
    fields={
        "input": ("lmnr.span.input",),
        "output": ("lmnr.span.output",),
        "user_id": (ASSOCIATION + "user_id",),
        "conversation_id": (ASSOCIATION + "session_id",),
    },
    known_prefixes=("lmnr.",),
    kinds={
        "lmnr.span.type": {
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "default": CHAIN,
        }
    },
    name_kinds={"lmnr.span.input": CHAIN, "lmnr.span.output": CHAIN},
)
