"""Haystack's ChatMessage from its repr as it nearly always looks: plain texts, calls with plain arguments, results.

A fifth of the time of `object_repr`, to which everything else is left. Read off haystack/dataclasses/chat_message.py.
"""

import re
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
# Words that JSON writes otherwise, and integers that would lose digits.
_UNLIKE_JSON: Final = re.compile(r"True|False|None|\d{19}")


def read_chat_message(text: str) -> dict[str, Any] | None:
    """The message in GenAI's form, up to its name and metadata; None when it takes more to read it."""
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
    if len(parts) == 1 and role != "tool" and parts[0]["type"] == "text":
        return {"role": role, "content": parts[0]["content"]}
    return {"role": role, "parts": parts}


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
