"""GenAI content that stands beside the attributes: in span events and in log records of the same names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trace_store.attributes import canonical_json, parse_text, unwrap
from trace_store.model import LogRecord, Span

DETAILS = "gen_ai.client.inference.operation.details"
CHOICE = "gen_ai.choice"
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_TURNS = {name: turn for turn, name in enumerate((*_ROLES, CHOICE))}
_WHOLE = {  # events that hold all messages in one attribute
    "gen_ai.content.prompt": ("gen_ai.prompt", True),
    "gen_ai.content.completion": ("gen_ai.completion", False),
}


@dataclass(slots=True)
class EventContent:
    """Raw messages by direction, as `messages.read_message` takes them, and attributes that records repeat."""

    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


def event_content(span: Span, logs: Sequence[LogRecord]) -> EventContent:
    """Collect content from the span's events, in their order, and from its log records, in whatever order they come."""
    content = EventContent()
    for event in span.events:
        name, body = event.name, event.attributes
        if name in _ROLES:
            content.inputs.append({"role": _ROLES[name], **body})
        elif name.startswith("gen_ai."):
            _collect(content, name, body, body)
    for record in sorted(logs, key=_order) if logs else ():
        if record.event_name.startswith("gen_ai."):
            _collect(content, record.event_name, record.body, record.attributes)
    return content


def add_listed(content: EventContent, listed: Any) -> None:
    """Add events that stand in one attribute, as a list of bodies with their `event.name` among the fields.

    Where no choice is told, an assistant's text that ends the list is the answer.
    """
    listed = unwrap(listed)
    events = [event for event in listed if isinstance(event, dict)] if isinstance(listed, list) else []
    names = [event.get("event.name") for event in events]
    if events and CHOICE not in names and names[-1] == "gen_ai.assistant.message":
        names[-1] = CHOICE
    for name, event in zip(names, events, strict=True):
        if isinstance(name, str):
            _collect(content, name, event, event)


def _order(record: LogRecord) -> tuple[int, int, bytes]:
    """By time; senders with a clock of milliseconds emit a whole conversation at once, then as turns follow each other.

    The body decides the rest, so that the order of arrival never does.
    """
    return record.time_unix_nano, _TURNS.get(record.event_name, len(_TURNS)), canonical_json(record.body)


def _collect(content: EventContent, name: str, body: Any, attributes: Mapping[str, Any]) -> None:
    if name == DETAILS:
        for source in (attributes, body):
            if isinstance(source, dict):
                content.attributes.update(source)
        return
    if name in _WHOLE:
        key, is_input = _WHOLE[name]
        if key in attributes:
            (content.inputs if is_input else content.outputs).append(attributes[key])
        return
    if isinstance(body, str):
        parsed = parse_text(body)
        body = parsed if isinstance(parsed, dict) else {"content": body}
    if not isinstance(body, dict):
        body = attributes
    if name == CHOICE:
        content.outputs.append(_choice(body))
    elif name in _ROLES:
        content.inputs.append({"role": _ROLES[name], **body})


def _choice(body: Mapping[str, Any]) -> dict[str, Any]:
    """A choice as an assistant message; its `message` is an object, JSON, or plain text."""
    message = body.get("message")
    if isinstance(message, str):
        parsed = parse_text(message)
        message = parsed if isinstance(parsed, dict) else {"content": parsed}
    if not isinstance(message, dict):
        message = body
    if "finish_reason" in body:
        return {"finish_reason": body["finish_reason"], **message, "role": "assistant"}
    return {**message, "role": "assistant"}
