"""LangWatch's SDKs: `langwatch.span.type`, inputs and outputs as `{"type", "value"}` around the value.

Source: github.com/langwatch/langwatch, sdk-go/attributes.go and the TypeScript SDK's attributes; docs.langwatch.ai.
Model and tokens stand under GenAI names, tokens also in `langwatch.metrics`, ids in `metadata` or of their own.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

STEP = Kind("chain", is_aggregate=True)
_WRAPPED = ("langwatch.input", "langwatch.output", "langwatch.metrics", "langwatch.params")
_STEPS = ("span", "chain", "workflow", "component", "module", "task", "prompt", "server", "client", "evaluation")


def _unwrapped(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values without `{"type", "value"}` around them."""
    found = {}
    for key in _WRAPPED:
        if key in attributes:
            value = unwrap(attributes[key])
            if value.__class__ is dict and len(value) == 2 and "type" in value and "value" in value:
                found[key] = value["value"]
    return found


DIALECT = Dialect(
    name="langwatch",
    markers=frozenset({"langwatch.span.type"}),
    scopes=frozenset({"langwatch"}),
    fields={
        "input": ("langwatch.input",),
        "output": ("langwatch.output",),
        "usage": ("langwatch.metrics",),
        "request_model": ("langwatch.model", "langwatch.request.model"),
        "conversation_id": ("langwatch.thread.id", "langwatch.session.id"),
        "user_id": ("langwatch.user.id",),
        "request": ("langwatch.params",),
    },
    own_fields={"metadata": ("metadata",)},
    known_prefixes=("langwatch.",),
    kinds={
        "langwatch.span.type": {
            **dict.fromkeys(_STEPS, STEP),
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "agent": Kind("agent", is_aggregate=True),
            "rag": Kind("retriever"),
            "guardrail": Kind("guardrail"),
        }
    },
    rewrite=_unwrapped,
)
