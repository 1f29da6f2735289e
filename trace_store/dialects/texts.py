"""The text in an input or output value of any shape, and the tool traffic in a list of messages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trace_store.attributes import payload, unwrap
from trace_store.dialects.flattened import FlatMessages
from trace_store.dialects.messages import (
    Message,
    ToolCall,
    ToolResult,
    latest,
    raw_messages,
    read_message,
    role_name,
    role_of,
)
from trace_store.facts import AnsweredCall, Failure, Payload, RequestedCall

# Names under which inputs and outputs of agents and chains keep their one text.
INPUT_KEYS = ("input", "question", "query", "prompt", "user_prompt", "message", "text", "task", "user_input", "content")
OUTPUT_KEYS = ("output", "answer", "response", "result", "final_output", "text", "content", "message")

_NO_TEXTS = frozenset({"", "null", "None", "undefined"})  # what a step without input or output leaves behind
_OBJECT_REPR = re.compile(r"[A-Z]\w*\(\w+=")  # `StopEvent(result=...`: the repr of an object is nobody's text


def read_all(items: Sequence[Any]) -> list[Message]:
    """All messages of a list."""
    return [message for item in items if (message := read_message(item)) is not None]


def arguments_payload(value: Any) -> Payload | None:
    """The payload of arguments as written; None when there are none."""
    return None if value is None else payload(unwrap(value))


def requested(messages: list[Message]) -> tuple[RequestedCall, ...]:
    """The tool calls that output messages ask for."""
    return tuple(
        RequestedCall(call.call_id, call.name, arguments_payload(call.arguments))
        for message in messages
        for call in message.calls
    )


def answered(items: Sequence[Any]) -> tuple[AnsweredCall, ...]:
    """The tool results that are new in a history: those after the last assistant message without a result."""
    results: list[ToolResult] = []
    calls: list[ToolCall] = []
    for message in latest(items):
        if not message.calls and (calls or (message.role == "assistant" and message.text)):
            break  # everything before was answered in an older round
        results.extend(reversed(message.results))
        calls.extend(reversed(message.calls))
    results.reverse()
    calls.reverse()
    by_id = {call.call_id: call for call in calls if call.call_id}
    nameless = iter([call for call in calls if not call.call_id])
    return tuple(
        _answered(result, by_id.get(result.call_id) if result.call_id else next(nameless, None)) for result in results
    )


def whole_run(messages: list[Message]) -> tuple[tuple[RequestedCall, ...], tuple[AnsweredCall, ...]]:
    """Every call and every result in the messages of a whole run, with the turn that asked for it."""
    turns: dict[str, int] = {}
    by_id: dict[str, ToolCall] = {}
    calls: list[RequestedCall] = []
    answers: list[AnsweredCall] = []
    turn = 0
    for message in messages:
        turn += bool(message.calls)
        calls += [replace(call, turn=turn) for call in requested([message])]
        for call in message.calls:
            by_id[call.call_id], turns[call.call_id] = call, turn
        for result in message.results:
            asked = by_id.get(result.call_id) if result.call_id else None
            answers.append(replace(_answered(result, asked), turn=turns[result.call_id] if asked else turn))
    return tuple(calls), tuple(answers)


def without_plugins(own: dict[str, Any], separator: str) -> dict[str, Any]:
    """Facts whose tools are called by the function's name alone, without the plugin that stands before it."""
    plain_names = dict(own)
    if isinstance(name := own.get("tool_name"), str):
        plain_names["tool_name"] = name.rpartition(separator)[2] or name
    for key in ("requested_calls", "answered_calls"):
        calls = own.get(key, ())
        plain_names[key] = tuple(replace(call, name=call.name.rpartition(separator)[2] or call.name) for call in calls)
    return plain_names


def _answered(result: ToolResult, call: ToolCall | None) -> AnsweredCall:
    value = None if result.value is None else payload(unwrap(plain(result.value)))
    failure = None
    if result.flag:
        text = value.value if value and isinstance(value.value, str) else ""
        failure = Failure("tool_message", result.flag, "", text)
    return AnsweredCall(
        call_id=result.call_id,
        name=result.name or (call.name if call else ""),
        result=value,
        arguments=arguments_payload(call.arguments) if call else None,
        failure=failure,
    )


def plain(value: Any) -> Any:
    """Text content blocks as their text: `[{"type": "text", "text": ".."}]`, also Bedrock's `[{"text": ".."}]`."""
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        texts = [part.get("text", part.get("content") if "type" in part else None) for part in value]
        if all(isinstance(text, str) for text in texts) and all(part.get("type", "text") == "text" for part in value):
            return "\n".join(texts)
        if len(value) == 1 and value[0].keys() == {"json"}:
            return value[0]["json"]
    return value


def _block_text(part: Mapping[str, Any]) -> str | None:
    """The text of a content block; GenAI's text parts call it `content`."""
    kind = part.get("type", "text")
    text = part.get("content" if kind == "text" and "type" in part and "text" not in part else "text")
    return text if kind == "text" and isinstance(text, str) else None


def last_text(items: Sequence[Any], role: str) -> str | None:
    """The text of the last message of a role that has one."""
    for index in range(len(items) - 1, -1, -1):
        if isinstance(items, FlatMessages) and role_name(items.role_at(index)) != role:
            continue
        item = items[index]
        if role_of(item) == role:
            message = read_message(item)
            if message is not None and message.text:
                return message.text
    return None


def text_in(value: Any, role: str) -> str | None:
    """The one text that an input (role user) or output (role assistant) value carries; None when there is none."""
    if value is None:
        return None
    value = plain(unwrap(value))
    if isinstance(value, str):
        return None if value in _NO_TEXTS or _OBJECT_REPR.match(value) else value
    if not isinstance(value, dict | list):
        return str(value)
    items = raw_messages(value)
    if items:
        return last_text(items, role)
    if isinstance(value, list):
        return value[-1] if value and isinstance(value[-1], str) else None
    return _text_under(value, INPUT_KEYS if role == "user" else OUTPUT_KEYS)


def _text_under(value: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        held = value.get(key)
        if isinstance(held, str) and held:
            return held
    if len(value) == 1:
        only = next(iter(value.values()))
        if isinstance(only, str) and only:
            return only
    return None
