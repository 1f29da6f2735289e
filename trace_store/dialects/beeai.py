"""BeeAI under OpenInference: beside the spans of its agents, models and tools it writes one for each of their events.

Source: github.com/Arize-ai/openinference, openinference-instrumentation-beeai. The span of an event has the kind of
what emitted it, the name of the event (`error`, `final_answer`) and a `metadata.path`: it is no call.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect
from trace_store.model import Span

_KIND = "openinference.span.kind"


def _component(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event as a plain step; of a tool's input the arguments without the options of the run."""
    if "metadata.path" in attributes and "metadata.class_name" not in attributes:
        return {_KIND: "CHAIN"}
    if attributes.get(_KIND) != "TOOL":
        return {}
    given = unwrap(attributes.get("input.value"))
    return {"tool_call.function.arguments": given["input"]} if isinstance(given, dict) and "input" in given else {}


DIALECT = Dialect(
    name="beeai",
    scopes=frozenset({"openinference.instrumentation.beeai"}),
    own_fields={"known": ("metadata.class_name",)},
    rewrite=_component,
)
