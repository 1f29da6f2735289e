"""Braintrust's SDKs over OpenTelemetry: JSON in `braintrust.input_json`, `.output_json`, `.metadata` and `.metrics`.

Source: braintrust.dev/docs/integrations/sdk-integrations/opentelemetry; github.com/braintrustdata, SDKs for Go, Java
and Ruby. Metadata and metrics also stand in attributes of their own (`braintrust.metrics.prompt_tokens`).
`braintrust.parent` stands on every span of a process, also of other libraries, and marks nothing.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

METRICS = "braintrust.metrics."
METADATA = "braintrust.metadata."
TYPE = "braintrust.span_attributes.type"
STEP = Kind("chain", is_aggregate=True)


def _spread(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the three JSON objects as attributes of their own."""
    found: dict[str, Any] = {}
    for prefix in (METRICS, METADATA, "braintrust.span_attributes."):
        held = unwrap(attributes.get(prefix[:-1]))
        if isinstance(held, dict):
            found |= {prefix + key: value for key, value in held.items() if prefix + key not in attributes}
    return found


DIALECT = Dialect(
    name="braintrust",
    markers=frozenset({"braintrust.span_attributes", TYPE, "braintrust.input_json", "braintrust.output_json"}),
    fields={
        "input": ("braintrust.input_json", "braintrust.input"),
        "output": ("braintrust.output_json", "braintrust.output"),
        "request_model": (METADATA + "model",),
        "provider": (METADATA + "provider",),
        "input_tokens": (METRICS + "prompt_tokens",),
        "output_tokens": (METRICS + "completion_tokens",),
        "total_tokens": (METRICS + "tokens",),
        "cached_tokens": (METRICS + "prompt_cached_tokens",),
        "cache_write_tokens": (METRICS + "prompt_cache_creation_tokens",),
        "reasoning_tokens": (METRICS + "completion_reasoning_tokens",),
        "cost": (METRICS + "estimated_cost",),
        "first_token_s": (METRICS + "time_to_first_token",),
        "tool_definitions": (METADATA + "tools",),
        "tool_call_id": (METADATA + "tool_call_id",),
        "user_id": (METADATA + "user_id",),
        "conversation_id": (METADATA + "session_id", METADATA + "conversation_id", METADATA + "thread_id"),
        "entity_name": ("braintrust.span_attributes.name",),
    },
    known_prefixes=("braintrust.",),
    kinds={
        TYPE: {
            "llm": Kind("llm"),
            "tool": Kind("tool"),
            "task": STEP,
            "function": STEP,
            "eval": STEP,
            "score": STEP,
        }
    },
    rewrite=_spread,
)
