"""Haystack, as OpenInference sees it: an agent's whole run stands in two spans, as reprs of ChatMessage inside JSON.

Source: github.com/Arize-ai/openinference, openinference-instrumentation-haystack;
docs.haystack.deepset.ai, ChatMessage.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from trace_store.attributes import NOT_JSON, unwrap
from trace_store.dialects.dialect import Dialect
from trace_store.dialects.object_repr import parse_object_repr
from trace_store.dialects.plain_repr import CLASS
from trace_store.model import Span

MESSAGE = "ChatMessage("
DEPTH_MAX = 6
MESSAGES_REMEMBERED_MAX = 512
REMEMBERED_CHARS_MAX = 8_000  # of a message


def _messages(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The messages of input and output; a component that is a model call has them as attributes of their own."""
    told: dict[str, Any] = {}
    for key, ours in (("input.value", "gen_ai.input.messages"), ("output.value", "gen_ai.output.messages")):
        value = attributes.get(key)
        if isinstance(value, str) and MESSAGE in value and ours not in attributes:
            listed = max(_lists(unwrap(value), 0), key=len, default=[])
            if listed:
                told[key] = told[ours] = listed
    return told


def _lists(value: Any, depth: int) -> Iterator[list[dict[str, Any]]]:
    """Every list of messages in a value, also of a single one."""
    if isinstance(value, str) and value.startswith(MESSAGE):
        value = [value]
    if depth > DEPTH_MAX:
        return
    if isinstance(value, dict):
        value = list(value.values())
    elif isinstance(value, list):
        found = [message for item in value if (message := _message(item)) is not None]
        if found:
            yield found
            return
    else:
        return
    for item in value:
        if isinstance(item, dict | list | str):
            yield from _lists(item, depth + 1)


def _message(item: Any) -> dict[str, Any] | None:
    """One ChatMessage, from its repr or from its fields, in GenAI's form."""
    if isinstance(item, str) and item.startswith(MESSAGE):
        return known_message(item) if len(item) <= REMEMBERED_CHARS_MAX else _of_repr(item)
    return _of_fields(item)


def _of_repr(text: str) -> dict[str, Any] | None:
    """The message in a repr; what follows its content, often longer than that, is only parsed where it must be."""
    head, name, _ = text.rpartition(", _name=")
    parsed = parse_object_repr(head + ")") if name else NOT_JSON
    if parsed is NOT_JSON:
        parsed = parse_object_repr(text)
    return None if parsed is NOT_JSON else _of_fields(parsed)


# Every span repeats the messages of those below it and before it; what is remembered is shared, nobody may change it.
known_message = lru_cache(maxsize=MESSAGES_REMEMBERED_MAX)(_of_repr)


def _of_fields(item: Any) -> dict[str, Any] | None:
    if not isinstance(item, dict) or item.get(CLASS) != "ChatMessage":
        return None
    content = item.get("_content", item.get("content"))
    parts = [_part(part) for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return {"role": str(item.get("_role", item.get("role", ""))), "parts": parts}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get(CLASS)
    if kind == "ToolCall":
        return _call("tool_call", part)
    if kind == "ToolCallResult":
        origin = part.get("origin")
        called = _call("tool_call_response", origin if isinstance(origin, dict) else {})
        return {**called, "response": part.get("result"), "is_error": part.get("error")}
    if kind == "TextContent":
        return {"type": "text", "content": part.get("text")}
    return {"type": "reasoning"}


def _call(type_: str, call: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": type_,
        "id": call.get("id"),
        "name": call.get("tool_name"),
        "arguments": call.get("arguments"),
    }


DIALECT = Dialect(
    name="haystack",
    scopes=frozenset({"openinference.instrumentation.haystack"}),
    fields={"node": ("haystack.component.name",)},
    rewrite=_messages,
    steps_tell_calls=True,
)
