"""OpenTelemetry's instrumentation of the Google Gen AI SDK: GenAI names; a tool's arguments as `code.function.*`.

Source: github.com/open-telemetry/opentelemetry-python-genai, instrumentation-google-genai. Up to version 0.x each
argument of a tool is an attribute of its own, later all of them stand in `gen_ai.tool.call.arguments` under the same
names. The SDK may call tools by itself: then one span of the model holds all turns, and tokens and model of the last.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect
from trace_store.model import Span

_PARAMETERS = "code.function.parameters."
_VALUE = ".value"
_ARGUMENTS = "gen_ai.tool.call.arguments"


def _arguments(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments by their names, from both ways of telling them."""
    told = attributes.get(_ARGUMENTS)
    source = unwrap(told) if isinstance(told, str) and _PARAMETERS in told else attributes
    if not isinstance(source, Mapping):
        return {}
    found = {
        key[len(_PARAMETERS) : -len(_VALUE)]: value
        for key, value in source.items()
        if key.startswith(_PARAMETERS) and key.endswith(_VALUE) and len(key) > len(_PARAMETERS) + len(_VALUE)
    }
    return {_ARGUMENTS: found} if found else {}


DIALECT = Dialect(
    name="google_genai",
    scopes=frozenset({"opentelemetry.instrumentation.google_genai"}),
    own_fields={"result": ("gen_ai.tool.call.result", "code.function.return.value")},
    known_prefixes=("code.function.", "code.args.", "gcp.gen_ai."),
    rewrite=_arguments,
)
