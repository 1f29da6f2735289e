"""The messages of a span for its pane and for its JSON: roles and parts, long histories from the end."""

from collections.abc import Callable, Sequence
from typing import Any

from trace_store.dialects.transcript import Part, RoleMessage, Transcript
from web.pages.view_models import KeyValue, MessageView, PartView, TranscriptView

MESSAGES_MAX = 40  # of a pane until all is asked for; a model call repeats its whole history
_LABELS = {"tool_call": "Calls", "tool_result": "Result of", "reasoning": "Reasoning", "media": "Media"}


def transcript_view(found: Transcript, pair: Callable[[str, Any], KeyValue], *, full: bool) -> TranscriptView:
    """The messages as the pane shows them; `pair` prints a value and cuts it where it is long."""
    inputs = found.inputs if full else found.inputs[-MESSAGES_MAX:]
    return TranscriptView(
        inputs=tuple(_message(message, pair) for message in inputs),
        outputs=tuple(_message(message, pair) for message in found.outputs),
        inputs_total=len(found.inputs),
    )


def transcript_json(messages: Sequence[RoleMessage]) -> list[dict[str, Any]]:
    """Messages as JSON: `{"role", "parts": [{"kind", ...}]}`, a part with the fields that its kind has."""
    return [{"role": message.role, "parts": [_part_json(part) for part in message.parts]} for message in messages]


def _part_json(part: Part) -> dict[str, Any]:
    match part.kind:
        case "text" | "reasoning":
            return {"kind": part.kind, "text": part.text}
        case "tool_call":
            return {"kind": part.kind, "name": part.name, "call_id": part.call_id or None, "arguments": part.value}
        case "tool_result":
            return {"kind": part.kind, "name": part.name or None, "call_id": part.call_id or None, "result": part.value}
        case "media":
            return {
                "kind": part.kind,
                "type": part.name,
                "mime": part.mime or None,
                "uri": part.uri or None,
                "size_bytes": part.size_bytes,
            }
        case "other":
            return {"kind": part.kind, "type": part.name, "text": part.text or None, "value": part.value}


def _message(message: RoleMessage, pair: Callable[[str, Any], KeyValue]) -> MessageView:
    return MessageView(message.role or "message", tuple(_part(part, pair) for part in message.parts))


def _part(part: Part, pair: Callable[[str, Any], KeyValue]) -> PartView:
    label = _LABELS.get(part.kind, part.name)
    if part.kind in ("tool_call", "tool_result"):
        label = f"{label} {part.name or part.call_id or 'a tool'}"
    if part.kind == "media":
        told = (part.name, part.mime, part.uri)
        return PartView(part.kind, label, pair(label, " · ".join(text for text in told if text)), part.size_bytes)
    return PartView(part.kind, label, pair(label, part.text or ("" if part.value is None else part.value)))
