"""Haystack's ChatMessage from its repr as it nearly always looks: plain texts, calls with plain arguments, results.

A fifth of the time of `object_repr`, to which everything else is left. Read off haystack/dataclasses/chat_message.py.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from trace_store.attributes import json_safe

_TEXT = r"""(?:'([^'\\\n]*)'|"([^"\\\n]*)")"""
_NAME = r"'([^'\\\n]*)'"
_CALL = rf"""ToolCall\(tool_name={_NAME}, arguments=(\{{[^"\\\n]*?\}}), id=(?:{_NAME}|None)(?:, extra=None)?\)"""
_OPENING: Final = re.compile(r"ChatMessage\(_role=<ChatRole\.[A-Z]+: '([a-z]+)'>, _content=\[")
_PART: Final = re.compile(
    rf"TextContent\(text={_TEXT}\)|{_CALL}|ToolCallResult\(result={_TEXT}, origin={_CALL}, error=(True|False)\)"
)
_CLOSING: Final = "], _name="
_META: Final = ", _meta={"
_TOLD_IN_META: Final = ("model", "usage", "finish_reason")
# Words that JSON writes otherwise, and integers that would lose digits.
_UNLIKE_JSON: Final = re.compile(r"True|False|None|[0-9]{19}")


def read_chat_message(text: str) -> dict[str, Any] | None:
    """The message in GenAI's form, with what its metadata tell of the model call; None when that takes more."""
    if not text.isascii():
        text = json_safe(text)
    opening = _OPENING.match(text)
    if opening is None:
        return None
    role, at = opening.group(1), opening.end()
    parts = []
    while True:
        found = _PART.match(text, at)
        if found is None:
            return None
        part = _part(found)
        if part is None:
            return None
        parts.append(part)
        at = found.end()
        if text.startswith(_CLOSING, at):
            break
        if not text.startswith(", ", at):
            return None
        at += 2
    message: dict[str, Any] = {"role": role, "parts": parts}
    if len(parts) == 1 and role != "tool" and parts[0]["type"] == "text":
        message = {"role": role, "content": parts[0]["content"]}
    begin = text.find(_META, at) if role == "assistant" and text.endswith("})") else -1
    if begin >= 0:
        told = _plain_value(text[begin + len(_META) - 1 : -1])
        if told is None:
            return None
        message.update(told_in_meta(told))
    return message


def told_in_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What the metadata of a message tell of the model call that it is the answer of."""
    if not isinstance(meta.get("usage"), dict) and not isinstance(meta.get("model"), str):
        return {}
    return {key: meta[key] for key in _TOLD_IN_META if key in meta}


def _plain_value(text: str) -> dict[str, Any] | None:
    """A dict whose texts are plain, JSON but for its quotes and constants; None when it takes more to read it.

    Integers over 64 bit become floats: neither is a count.
    """
    if '"' in text or "\\" in text:
        return None
    text = text.replace("'", '"').replace(": None", ": null")
    if "True" in text or "False" in text:
        text = text.replace(": True", ": true").replace(": False", ": false")
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _part(found: re.Match[str]) -> dict[str, Any] | None:
    text, quoted, name, arguments, call_id, result, result_quoted, of_name, of_arguments, of_id, error = found.groups()
    if name is not None:
        return _call("tool_call", name, arguments, call_id)
    if of_name is None:
        return {"type": "text", "content": quoted if text is None else text}
    called = _call("tool_call_response", of_name, of_arguments, of_id)
    if called is not None:
        called["response"] = result_quoted if result is None else result
        called["is_error"] = error == "True"
    return called


def _call(kind: str, name: str, arguments: str, call_id: str | None) -> dict[str, Any] | None:
    """A call whose arguments are JSON but for their quotes; None when they are not."""
    if _UNLIKE_JSON.search(arguments):
        return None
    try:
        value = orjson.loads(arguments.replace("'", '"'))
    except ValueError:
        return None
    return {"type": kind, "id": call_id, "name": name, "arguments": value}
