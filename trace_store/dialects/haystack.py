"""Haystack, as OpenInference sees it: an agent's whole run stands in two spans, as reprs of ChatMessage inside JSON.

Source: github.com/Arize-ai/openinference, openinference-instrumentation-haystack;
docs.haystack.deepset.ai, ChatMessage.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from trace_store.attributes import NOT_JSON, unwrap
from trace_store.dialects.chat_message_repr import read_chat_message, told_in_meta
from trace_store.dialects.dialect import Dialect
from trace_store.dialects.object_repr import parse_object_repr
from trace_store.dialects.plain_repr import CLASS
from trace_store.model import Span

MESSAGE = "ChatMessage("
_PLACES = (("input.value", "gen_ai.input.messages"), ("output.value", "gen_ai.output.messages"))
_CONTAINERS = (dict, list)
DEPTH_MAX = 6
MESSAGES_REMEMBERED_MAX = 512
RUNS_REMEMBERED_MAX = 64
RUN_CHARS_MAX = 200_000
REMEMBERED_CHARS_MAX = 8_000  # of a message


def _messages(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The messages of input and output; a component that is a model call has them as attributes of their own."""
    told: dict[str, Any] = {}
    for key, ours in _PLACES:
        value = attributes.get(key)
        if isinstance(value, str) and MESSAGE in value and ours not in attributes:
            listed = _run(_longest(unwrap(value), 0), len(value))
            if listed:
                told[key] = told[ours] = listed
    return told


def _longest(value: Any, depth: int) -> list[Any]:
    """The longest list of messages in a value, as they are written; also of a single one."""
    if isinstance(value, str):
        return [value] if value.startswith(MESSAGE) else []
    if depth > DEPTH_MAX or not isinstance(value, _CONTAINERS):
        return []
    longest: list[Any] = []
    if isinstance(value, list):
        longest = [item for item in value if (item.startswith(MESSAGE) if isinstance(item, str) else _is_object(item))]
        if longest:
            return longest
    elif isinstance(held := value.get("messages"), list) and (longest := _longest(held, depth + 1)):
        return longest  # what stands beside the messages of a run repeats some of them
    for item in value if isinstance(value, list) else value.values():
        if isinstance(item, _CONTAINERS) or (not longest and isinstance(item, str)):
            found = _longest(item, depth + 1)
            if len(found) > len(longest):
                longest = found
    return longest


def _is_object(item: Any) -> bool:
    return isinstance(item, dict) and item.get(CLASS) == "ChatMessage"


def _run(written: list[Any], chars: int) -> list[dict[str, Any]]:
    """The messages of a list; the same object for a list that was read before, as a span repeats the one below it."""
    if chars > RUN_CHARS_MAX:
        return _messages_of(*written)
    try:
        return known_run(*written)
    except TypeError:  # messages that are objects already
        return _messages_of(*written)


def _messages_of(*written: Any) -> list[dict[str, Any]]:
    found = []
    for item in written:
        if item.__class__ is str:
            message = known_message(item) if len(item) <= REMEMBERED_CHARS_MAX else _of_repr(item)
        else:
            message = _of_fields(item)
        if message is not None:
            found.append(message)
    return found


def _of_repr(text: str) -> dict[str, Any] | None:
    """The message in a repr."""
    if (message := read_chat_message(text)) is not None:
        return message
    parsed = parse_object_repr(text)
    if parsed is NOT_JSON:  # metadata may hold objects of any kind
        head, name, _ = text.rpartition(", _name=")
        parsed = parse_object_repr(head + ")") if name else NOT_JSON
    return None if parsed is NOT_JSON else _of_fields(parsed)


# Every span repeats the messages of those below it and before it; what is remembered is shared, nobody may change it.
known_message = lru_cache(maxsize=MESSAGES_REMEMBERED_MAX)(_of_repr)
known_run = lru_cache(maxsize=RUNS_REMEMBERED_MAX)(_messages_of)


def _of_fields(item: Any) -> dict[str, Any] | None:
    if not isinstance(item, dict) or item.get(CLASS) != "ChatMessage":
        return None
    content = item.get("_content", item.get("content"))
    parts = [_part(part) for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    message = {"role": str(item.get("_role", item.get("role", ""))), "parts": parts}
    meta = item.get("_meta", item.get("meta"))
    return {**message, **told_in_meta(meta)} if isinstance(meta, dict) else message


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
