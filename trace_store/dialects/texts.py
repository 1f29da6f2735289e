"""The text in an input or output value of any shape, and the tool traffic in a list of messages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from trace_store.attributes import payload, unwrap
from trace_store.dialects.finish_reason import canonical_reason
from trace_store.dialects.flattened import FlatMessages
from trace_store.dialects.messages import (
    Message,
    raw_messages,
    read_as,
    read_message,
    role_name,
    role_of,
)
from trace_store.dialects.reading import as_text
from trace_store.dialects.tool_traffic import ToolCall, ToolResult
from trace_store.dialects.usage import counts_of
from trace_store.facts import AnsweredCall, Failure, ModelTurn, Payload, RequestedCall, SpanFacts

# Names under which inputs and outputs of agents and chains keep their one text.
INPUT_KEYS = ("input", "question", "query", "prompt", "user_prompt", "message", "text", "task", "user_input", "content")
OUTPUT_KEYS = ("output", "answer", "response", "result", "final_output", "text", "content", "message")

Run = tuple[tuple[RequestedCall, ...], tuple[AnsweredCall, ...], tuple[tuple[Any, ModelTurn], ...]]
_RECENT_RUNS: Final[dict[int, tuple[Sequence[Any], Run]]] = {}  # by identity of the messages, which are held here
_RECENT_RUNS_MAX = 8
_CONTAINERS = (dict, list)
_NO_TEXTS = frozenset({"", "null", "None", "undefined"})  # what a step without input or output leaves behind
# `StopEvent(result=...`, `<groq.Stream object at 0x7f..>`: the repr of an object is nobody's text.
_OBJECT_REPR = re.compile(r"[A-Z]\w*\(\w+=|<[\w.]+ object(?: [\w.<>]+)? at 0x[0-9a-f]+>$")


def read_all(items: Sequence[Any]) -> list[Message]:
    """All messages of a list."""
    return [message for item in items if (message := read_message(item)) is not None]


def arguments_payload(value: Any) -> Payload | None:
    """The payload of arguments as written; None when there are none."""
    return None if value is None else payload(unwrap(value))


def requested(messages: list[Message]) -> tuple[RequestedCall, ...]:
    """The tool calls that output messages ask for."""
    calls = [call for message in messages for call in message.calls]
    return _asked(calls) if calls else ()


def _asked(calls: Sequence[ToolCall]) -> tuple[RequestedCall, ...]:
    if len(calls) == 1:
        call_id, name, told = calls[0]
        return (RequestedCall(call_id, name, arguments_payload(told)),)
    return tuple([RequestedCall(call_id, name, arguments_payload(told)) for call_id, name, told in calls])


def answered(items: Sequence[Any]) -> tuple[str, tuple[RequestedCall, ...]]:
    """What the assistant says in output messages, "" for nothing, and the tool calls that they ask for."""
    if len(items) != 1:
        messages = read_all(items)
        texts = [message.text for message in messages if message.role == "assistant" and message.text]
        return "\n".join(texts), requested(messages)
    item = items[0]
    role = role_of(item)
    if role is None:
        return "", ()
    said_by, said, calls, _ = read_as(role, item)
    return said if said_by == "assistant" else "", _asked(calls) if calls else ()


def given(items: Sequence[Any]) -> tuple[str | None, tuple[AnsweredCall, ...]]:
    """What is new in a history: the user's last text, and the tool results after the last assistant message without
    a result. Messages are read from the last to the first, each once and only as far as either is told."""
    results: list[ToolResult] = []
    calls: list[ToolCall] = []
    text = None
    end = 0
    for end in range(len(items) - 1, -1, -1):
        item = items[end]
        role = role_of(item)
        if role is None:
            continue
        said_by, said, asked, told = read_as(role, item)
        if text is None and role == "user":
            text = said or None
        if asked:
            calls.extend(reversed(asked))
        elif calls or (said and said_by == "assistant"):
            break  # everything before was answered in an older round
        if told:
            results.extend(reversed(told))
    if text is None and end:
        text = last_text(items, "user", end)
    return text, _matched(results[::-1], calls[::-1]) if results else ()


def _matched(results: list[ToolResult], calls: list[ToolCall]) -> tuple[AnsweredCall, ...]:
    if not calls:
        return tuple([_answer(told, "", None) for told in results])
    by_id: dict[str, ToolCall] = {}
    nameless: list[ToolCall] = []
    for call in calls:
        if call.call_id:
            by_id[call.call_id] = call
        else:
            nameless.append(call)
    rest = iter(nameless)
    return tuple([_answered(told, by_id.get(told.call_id) if told.call_id else next(rest, None)) for told in results])


def whole_run(items: Sequence[Any]) -> Run:
    """Every call and every result in the messages of a whole run, with the turn that asked for it; and each message
    that tells of the model's turn that it is (`model`, `usage`), with that turn.

    A list that is asked for again, as a step repeats the one below it, is read once: nobody may change it.
    """
    held = _RECENT_RUNS.get(id(items))
    if held is not None and held[0] is items:
        return held[1]
    run = _whole_run(items)
    if len(_RECENT_RUNS) >= _RECENT_RUNS_MAX:
        _RECENT_RUNS.clear()
    _RECENT_RUNS[id(items)] = (items, run)
    return run


def _whole_run(items: Sequence[Any]) -> Run:
    by_id: dict[str, RequestedCall] = {}
    calls: list[RequestedCall] = []
    answers: list[AnsweredCall] = []
    turns: list[tuple[Any, ModelTurn]] = []
    turn = 0
    for item in items:
        message = read_message(item)
        if message is None:
            continue
        if message.role == "assistant" and ("usage" in item or "model" in item):
            turns.append((item, _model_turn(item)))
        turn += bool(message.calls)
        for call in message.calls:
            asked = RequestedCall(call.call_id, call.name, arguments_payload(call.arguments), turn)
            calls.append(asked)
            by_id[call.call_id] = asked
        for result in message.results:
            known = by_id.get(result.call_id) if result.call_id else None
            answers.append(
                _answer(result, known.name, known.arguments, known.turn) if known else _answer(result, "", None, turn)
            )
    return tuple(calls), tuple(answers), tuple(turns)


def new_turns(turns: Sequence[tuple[Any, ModelTurn]], history: Sequence[Any]) -> tuple[ModelTurn, ...]:
    """The turns of a run (as `whole_run` tells them) without those whose messages it was given with its input."""
    given_before = [item for item in history if isinstance(item, dict) and ("usage" in item or "model" in item)]
    found = []
    for item, turn in turns:
        if given_before and item in given_before:
            given_before.remove(item)
        else:
            found.append(turn)
    return tuple(found)


def _model_turn(item: Mapping[str, Any]) -> ModelTurn:
    input_tokens, output_tokens, cached_tokens, reasoning_tokens, _, _ = counts_of(item.get("usage"))
    reason = item.get("finish_reason")
    if reason is not None:
        reason = canonical_reason(reason)
    return ModelTurn(as_text(item.get("model")), input_tokens, output_tokens, cached_tokens, reasoning_tokens, reason)


def drop_plugins(facts: SpanFacts, separator: str) -> None:
    """Tools are called by the function's name alone, without the plugin that stands before it."""

    def plain_name(name: str) -> str:
        return name.rpartition(separator)[2] or name

    if facts.tool_name is not None:
        facts.tool_name = plain_name(facts.tool_name)
    facts.requested_calls = tuple(replace(call, name=plain_name(call.name)) for call in facts.requested_calls)
    facts.answered_calls = tuple(replace(call, name=plain_name(call.name)) for call in facts.answered_calls)


def _answered(result: ToolResult, call: ToolCall | None) -> AnsweredCall:
    return _answer(result, call.name, arguments_payload(call.arguments)) if call else _answer(result, "", None)


def _answer(result: ToolResult, name: str, arguments: Payload | None, turn: int = 0) -> AnsweredCall:
    call_id, own_name, told, flag = result
    value = None
    if told is not None:
        value = payload(unwrap(plain(told) if told.__class__ is list else told))
    failure = None
    if flag:
        text = value.value if value and isinstance(value.value, str) else ""
        failure = Failure("tool_message", flag, "", text)
    return AnsweredCall(call_id, own_name or name, value, arguments, failure, turn)


def plain(value: Any) -> Any:
    """Text content blocks as their text: `[{"type": "text", "text": ".."}]`, also Bedrock's `[{"text": ".."}]`."""
    if not isinstance(value, list) or not value:
        return value
    texts: list[str] = []
    for part in value:
        if not isinstance(part, dict) or part.get("type", "text") != "text":
            break
        text = part["text"] if "text" in part else part.get("content") if "type" in part else None
        if not isinstance(text, str):
            break
        texts.append(text)
    else:
        return "\n".join(texts)
    if len(value) == 1 and isinstance(value[0], dict) and value[0].keys() == {"json"}:
        return value[0]["json"]
    return value


def _block_text(part: Mapping[str, Any]) -> str | None:
    """The text of a content block; GenAI's text parts call it `content`."""
    kind = part.get("type", "text")
    text = part.get("content" if kind == "text" and "type" in part and "text" not in part else "text")
    return text if kind == "text" and isinstance(text, str) else None


def last_text(items: Sequence[Any], role: str, end: int | None = None) -> str | None:
    """The text of the last message of a role that has one; `end` leaves out that message and all behind it."""
    flat = items if items.__class__ is FlatMessages else None  # isinstance asks slowly behind an abstract class
    for index in range((len(items) if end is None else end) - 1, -1, -1):
        if flat is not None and role_name(flat.role_at(index)) != role:
            continue
        item = items[index]
        if role_of(item) == role and (text := read_as(role, item).text):
            return text
    return None


def text_in(value: Any, role: str) -> str | None:
    """The one text that an input (role user) or output (role assistant) value carries; None when there is none."""
    if value is None:
        return None
    if value.__class__ is not list:
        value = unwrap(value)
    if isinstance(value, list) and not (value and value[0].__class__ is dict and "role" in value[0]):
        value = plain(value)
    if isinstance(value, str):
        if value in _NO_TEXTS or (("(" in value or value[0] == "<") and _OBJECT_REPR.match(value)):
            return None
        return value
    if not isinstance(value, _CONTAINERS):
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
