"""Google's Agent Development Kit: GenAI names; older versions write content as `gcp.vertex.agent.*`.

Source: google.github.io/adk-docs and its google/adk/telemetry. A turn with several tools has one more tool span, for
the merged response; it is no call. A streamed answer comes in pieces and then, with its finish reason, whole.
"""

from collections.abc import Mapping
from typing import Any

from trace_store.attributes import unwrap
from trace_store.dialects.dialect import Dialect
from trace_store.model import Span

VERTEX = "gcp.vertex.agent."
MERGED = "(merged"


def _plainer(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The merged response is no tool; requests and responses of older versions are messages in Google's form."""
    told: dict[str, Any] = {}
    name = attributes.get("gen_ai.tool.name")
    if (isinstance(name, str) and name.startswith(MERGED)) or MERGED in span.name:
        told["gen_ai.operation.name"] = "chain"
    elif span.name == "call_llm" and "gen_ai.operation.name" not in attributes:
        told["gen_ai.operation.name"] = "generate_content"
    request = unwrap(attributes.get(VERTEX + "llm_request"))
    if isinstance(request, Mapping) and isinstance(request.get("contents"), list):
        told.setdefault("gen_ai.input.messages", request["contents"])
    response = unwrap(attributes.get(VERTEX + "llm_response"))
    if isinstance(response, Mapping):
        if isinstance(response.get("content"), Mapping):
            told["gen_ai.output.messages"] = [{"role": "model", **response["content"]}]
        if isinstance(response.get("usage_metadata"), Mapping):
            told[VERTEX + "usage"] = response["usage_metadata"]
    told = {key: value for key, value in told.items() if key == "gen_ai.operation.name" or key not in attributes}
    outputs = unwrap(attributes.get("gen_ai.output.messages"))
    if isinstance(outputs, list) and len(outputs) > 1:
        whole = [message for message in outputs if isinstance(message, dict) and message.get("finish_reason")]
        if whole:
            told["gen_ai.output.messages"] = whole
    return told


DIALECT = Dialect(
    name="google_adk",
    scopes=frozenset({"gcp.vertex.agent"}),
    markers=frozenset({VERTEX + "event_id"}),  # also in spans that OpenInference writes for it
    marker_prefixes=(VERTEX,),
    fields={
        "arguments": ("gen_ai.tool.call.arguments", VERTEX + "tool_call_args"),
        "result": ("gen_ai.tool.call.result", VERTEX + "tool_response"),
        "conversation_id": ("gen_ai.conversation.id", VERTEX + "session_id"),
        "usage": (VERTEX + "usage",),
    },
    known_prefixes=(VERTEX,),
    rewrite=_plainer,
)
