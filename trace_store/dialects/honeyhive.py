"""HoneyHive's SDKs: `honeyhive_event_type`; inputs, outputs and settings flattened behind `honeyhive_inputs` and so on.

Source: github.com/honeyhiveai/python-sdk, tracing; docs.honeyhive.ai. Model calls come from OpenInference or
OpenLLMetry and keep their names; these attributes stand on decorated functions and on spans that were enriched. Of a
function that fails a second span tells, which is called after it with `_error` and has no `honeyhive_event_name`.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.dialects.dialect import Dialect, Kind
from trace_store.model import Span

PARAMETERS = "honeyhive_inputs._params_."
INPUTS = "honeyhive_inputs."
OUTPUTS = "honeyhive_outputs."
EVENT_TYPE, EVENT_NAME, ERROR_TYPE = "honeyhive_event_type", "honeyhive_event_name", "honeyhive_error_type"
STEP = Kind("chain", is_aggregate=True)
_DEPTH_MAX = 8  # deeper keys keep their dots


def _joined(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inputs and outputs as one object each; a span that only reports a failure is no step of its own."""
    found: dict[str, Any] = {}
    if ERROR_TYPE in attributes and EVENT_NAME not in attributes and span.name.endswith("_error"):
        found[EVENT_TYPE] = "error report"
    for name, prefixes in (("honeyhive_inputs", (PARAMETERS, INPUTS)), ("honeyhive_outputs", (OUTPUTS,))):
        if name in attributes:
            continue
        values: dict[str, Any] = {}
        for key, value in attributes.items():
            prefix = next((prefix for prefix in prefixes if key.startswith(prefix)), None)
            if prefix is not None:
                _put(values, key[len(prefix) :].split(".", _DEPTH_MAX), value)
        values.pop("self", None)
        if values:
            found[name] = values["result"] if values.keys() == {"result"} else values
    return found


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        inner = values.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        values = inner
    values[path[-1]] = value


DIALECT = Dialect(
    name="honeyhive",
    markers=frozenset({EVENT_TYPE}),
    fields={
        "input": ("honeyhive_inputs",),
        "output": ("honeyhive_outputs",),
        "entity_name": (EVENT_NAME,),
        "request_model": ("honeyhive_config.model",),
        "provider": ("honeyhive_config.provider",),
        "error_message": ("honeyhive_error",),
        "user_id": ("honeyhive_user_id", "honeyhive_user_properties.user_id"),
        "conversation_id": ("honeyhive.session_id", "honeyhive_session_id"),
        "usage": ("honeyhive_metadata.usage",),
        "input_tokens": ("honeyhive_metadata.prompt_tokens",),
        "output_tokens": ("honeyhive_metadata.completion_tokens",),
    },
    known_prefixes=("honeyhive.", "honeyhive_"),
    kinds={
        EVENT_TYPE: {
            "model": Kind("llm"),
            "tool": Kind("tool"),
            "chain": STEP,
            "session": STEP,
            "error report": Kind("other"),
        }
    },
    rewrite=_joined,
)
