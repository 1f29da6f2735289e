"""Chat messages in the shapes that libraries write them, read into one: role, text, tool calls, tool results.

Shapes: OTel GenAI messages with parts, OpenAI chat messages and Responses items, Anthropic and Bedrock content blocks,
Vercel AI SDK prompt messages, serialised LangChain messages, and raw provider requests and responses that hold them.
Nothing here raises: a value of an unexpected type is no message.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trace_store.attributes import parse_text, unwrap
from trace_store.dialects.history import HISTORIES, TEXT_CHARS_MIN
from trace_store.dialects.tool_traffic import (
    CALL_TYPES,
    RESULT_KEYS,
    RESULT_TYPES,
    ToolCall,
    ToolResult,
    add_traffic,
    call_part,
    distinct,
    error_flag,
    first_of,
    kind_of,
    named_calls,
    read_call,
    read_result,
    text_of,
    tool_message,
)

MESSAGES_DEPTH_MAX = 6

ROLES: Mapping[str, str] = {
    "AIMessage": "assistant",  # LangChain's classes as they are written; any other case is found by its lower case
    "AIMessageChunk": "assistant",
    "HumanMessage": "user",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "ai": "assistant",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "assistant": "assistant",
    "chat": "assistant",
    "developer": "system",
    "function": "tool",
    "functionmessage": "tool",
    "human": "user",
    "humanmessage": "user",
    "humanmessagechunk": "user",
    "model": "assistant",
    "system": "system",
    "systemmessage": "system",
    "tool": "tool",
    "toolmessage": "tool",
    "user": "user",
}
ITEM_ROLES: Mapping[str, str] = {"function_call": "assistant", "function_call_output": "tool"}  # OpenAI Responses items
TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
NO_TEXT_TYPES = frozenset({"reasoning", "thinking", "redacted_thinking", "image", "file", "blob", "uri", "refusal"})
BLOCK_TYPES = CALL_TYPES | RESULT_TYPES | TEXT_TYPES | NO_TEXT_TYPES
_CONTAINERS = (dict, list)  # quicker than `dict | list`, which would be made each time
_BLOCKS_BEGIN = "[{"
_MAY_HOLD_MORE = (_BLOCKS_BEGIN, '{"')  # how a text begins that is blocks, or a message with calls
_OBJECT_BEGINS = ('{"', "{'")
_CALLS_BESIDE = frozenset({"tool_calls", "toolCalls", "additional_kwargs", "function_call"})  # beside the content
_INNER = frozenset({"kwargs", "data", "message"})  # what may hold the content of a message

# Where requests, responses and framework states keep their messages, in the order they are looked for.
_HOLDERS = (
    "messages",
    "input_messages",
    "choices",
    "generations",
    "output",
    "input",
    "outputs",
    "inputs",
    "update",
    "message",
    "response",
    "request",
    "prompt",
    "contents",  # Google
    "candidates",
    "items",  # LiveKit
    "content",
)
_HOLDER_KEYS = frozenset(_HOLDERS)


_new = tuple.__new__  # half the time of calling the class


class Message(NamedTuple):
    """One chat message. `text` joins its text parts; reasoning and media are left out."""

    role: str
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()


def raw_messages(value: Any, depth: int = 0) -> list[Any]:
    """The message objects in a value: a list of them, one message, or a request, response or state around them.

    The list may be the value itself: nobody may change it.
    """
    if value.__class__ is str:
        value = HISTORIES.parse(value) if len(value) >= TEXT_CHARS_MIN else parse_text(value)
        if value.__class__ is str:
            return []
        depth += 1
    if depth > MESSAGES_DEPTH_MAX:
        return []
    if value.__class__ is list:
        for item in value:
            if item.__class__ is not dict or item.get("role").__class__ is not str:
                return _listed(value, depth)
        return value
    if value.__class__ is not dict:
        return []
    if is_message(value):
        return [value]
    return [] if _HOLDER_KEYS.isdisjoint(value) else _held(value, depth)


def _held(value: Mapping[str, Any], depth: int) -> list[Any]:
    for key in _HOLDERS:
        if key in value:
            held = value[key]
            if isinstance(held, _CONTAINERS):
                found = raw_messages(held, depth + 1)
                if found:
                    return found
    return []


def _listed(items: list[Any], depth: int) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if isinstance(item, dict):
            if is_message(item):
                found.append(item)
            elif depth < MESSAGES_DEPTH_MAX and not _HOLDER_KEYS.isdisjoint(item):
                found += _held(item, depth + 1)
        elif isinstance(item, list) or (isinstance(item, str) and item[:1] == "{"):
            found += raw_messages(item, depth + 1)
    return found


def is_message(item: Mapping[str, Any]) -> bool:
    """Whether the object is a message by itself (and not something that holds messages)."""
    if item.get("role").__class__ is str:
        return True
    if "lc" in item and item["lc"] == 1 and isinstance(item.get("kwargs"), dict):
        return _lc_role(item) is not None
    kind = item.get("type")
    if kind.__class__ is not str:
        return False
    if kind in ROLES or kind.lower() in ROLES:
        return "content" in item or isinstance(item.get("data"), dict)
    return kind in ITEM_ROLES


def _lc_role(item: Mapping[str, Any]) -> str | None:
    """The role of a serialised LangChain object, None when it is no message."""
    path = item.get("id")
    if not isinstance(path, list) or not path or not isinstance(path[-1], str):
        return None
    name = path[-1]
    return ROLES.get(name) or ROLES.get(name.lower())


def role_name(role: str) -> str:
    """user, assistant, system or tool for what libraries call them; others in lower case."""
    return ROLES.get(role) or ROLES.get(role.lower(), role.lower())


def role_of(item: Any) -> str | None:
    """The role of a message object; None when it is none."""
    if not isinstance(item, dict):
        return None
    role = item.get("role")
    if role.__class__ is str:
        if role == "tool" and item.get("content").__class__ is dict and offered_tool(item) is not None:
            return None
        return ROLES.get(role) or role_name(role)
    if item.get("lc") == 1 and isinstance(item.get("kwargs"), dict):
        return _lc_role(item)
    kind = item.get("type")
    if kind.__class__ is not str:
        return ""
    return ROLES.get(kind) or ROLES.get(kind.lower()) or ITEM_ROLES.get(kind, "")


def offered_tool(item: Any) -> Mapping[str, Any] | None:
    """The definition of a tool that Langfuse's LangChain handlers put among the messages, in the place of a result."""
    content = item.get("content") if isinstance(item, dict) else None
    if content.__class__ is not dict or content.get("type") != "function" or item.get("role") != "tool":
        return None
    return content if isinstance(content.get("function"), dict) and "tool_call_id" not in item else None


def read_message(item: Any) -> Message | None:
    """Read one message object; None when it is none."""
    role = role_of(item)
    return None if role is None else read_as(role, item)


def read_as(role: str, item: Mapping[str, Any]) -> Message:
    """Read a message object whose role `role_of` has told."""
    size = len(item)
    if "role" in item and (size == 2 or (size == 3 and "finish_reason" in item and "parts" in item)):
        content = item.get("content")  # most have a role and a text
        if content is None:
            content = item.get("parts")  # or one part
        if content.__class__ is str:
            if role != "tool" and size == 2 and content[:2] not in _MAY_HOLD_MORE:
                return _new(Message, (role, content, (), ()))
        elif content.__class__ is list and len(content) == 1 and content[0].__class__ is dict:
            part = content[0]
            kind = part.get("type")
            if kind == "text":
                text = part.get("text")
                if text is None:
                    text = part.get("content")
                if text.__class__ is str and role != "tool" and (role != "assistant" or text[:1] != "{"):
                    return _new(Message, (role, text, (), ()))
            elif kind.__class__ is str:
                if kind in RESULT_TYPES:
                    return _new(Message, (role, "", (), (read_result(part),)))
                if kind in CALL_TYPES and role != "tool":
                    call = read_call(part)
                    return _new(Message, (role, "", (call,) if call else (), ()))
    return _read_any(role, item)


def _read_any(role: str, item: Mapping[str, Any]) -> Message:
    """As `read_as`, for messages of every shape."""
    kind = item.get("type")
    if kind.__class__ is str and kind in ITEM_ROLES:
        calls, results = call_part(item)
        return Message(role, "", calls, results)
    if not _INNER.isdisjoint(item):
        role, item = inner_message(role, item)
    content = item.get("parts")
    if content is None:
        content = item.get("content")
    if content is None:
        content = content_of(role, item)
    elif content.__class__ is str and content[:2] == _BLOCKS_BEGIN:
        content = _unwritten(role, content)
    if role == "tool" and not (content.__class__ is list and _holds_results(content)):
        return Message(role, "", (), (tool_message(item, content),))
    if role == "assistant" and not _CALLS_BESIDE.isdisjoint(item):
        return _from_parts(role, item, content)
    if content.__class__ is str:
        return Message(role, content)
    return _from_parts(role, None, content) if isinstance(content, _CONTAINERS) else Message(role)


def inner_message(role: str, item: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Role and object that holds the content: LangChain's two serialisations and choices put it one level down."""
    for key in ("kwargs", "data", "message"):
        held = item.get(key)
        if isinstance(held, dict) and (key != "message" or "content" not in item):
            return (key == "message" and role_of(held)) or role, held
    return role, item


def content_of(role: str, item: Mapping[str, Any]) -> Any:
    """The content of a message, text or parts; content blocks that were written as a JSON string are parsed."""
    content = item.get("parts")
    if content is None:
        content = item.get("content")
        if content is None:
            content = first_of(item, "contents", "text")
            if content is None and role == "tool":
                content = _listed_results(item.get("function"))
    return _unwritten(role, content) if isinstance(content, str) and content[:2] == _BLOCKS_BEGIN else content


def _unwritten(role: str, content: str) -> Any:
    """A text that begins like JSON as the content blocks it stands for; of a tool only when they are results."""
    blocks = _blocks_in_text(content)
    return blocks if role != "tool" or _holds_results(blocks) else content


def _listed_results(listed: Any) -> list[Any] | None:
    """The results of several calls in one message, as OpenInference flattens AutoGen's: `function.0`, `function.1`."""
    if not isinstance(listed, list):
        return None
    results = [parse_text(item) if isinstance(item, str) else item for item in listed]
    return [{"type": "tool_result", **item} for item in results if isinstance(item, dict)] or None


def _from_parts(role: str, item: Mapping[str, Any] | None, content: Any) -> Message:
    """A message with its content's parts and, of `item`, the calls beside the content."""
    texts: list[str] = []
    calls: list[ToolCall] = []
    results: list[ToolResult] = []
    if isinstance(content, str):
        texts.append(content)
    elif isinstance(content, list):
        for part in content:
            _read_part(part, texts, calls, results)
    elif isinstance(content, dict):
        _read_part(content, texts, calls, results)
    if item is not None:
        named_calls(item, calls)
    if not texts:
        text = ""
    else:
        if role == "assistant" and not calls and (texts[0][:1] == "{" or len(texts) > 1):
            texts = _without_messages(texts, calls)
        text = texts[0] if len(texts) == 1 else "\n".join([text for text in texts if text])
    return Message(role, text, distinct(calls) if calls else (), tuple(results) if results else ())


def _without_messages(texts: list[str], calls: list[ToolCall]) -> list[str]:
    """The texts, of one that is a client's whole message its own text alone; the calls of that go to `calls`."""
    found = []
    for text in texts:
        told = message_in_text(text)
        if told is not None:
            named_calls(told, calls)
            text = text_of(told.get("content"))
        found.append(text)
    return found


def message_in_text(text: str) -> dict[str, Any] | None:
    """The assistant's message that some instrumentations write as its text, as JSON or as Python's repr."""
    told = unwrap(text) if text[:2] in _OBJECT_BEGINS and "tool_calls" in text else None
    return told if isinstance(told, dict) and told.get("role") == "assistant" else None


def _blocks_in_text(content: str) -> Any:
    """Content blocks that were written as a JSON string; plain JSON that a user or model wrote stays text."""
    parsed = parse_text(content)
    if not isinstance(parsed, list) or not parsed:
        return content
    for item in parsed:
        if not _is_block(item):
            return content
    return parsed


def _is_block(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    kind = item.get("type")
    if kind.__class__ is str and kind in BLOCK_TYPES:
        return True
    return len(item) <= 2 and ("text" in item or "toolUse" in item or "toolResult" in item)


def _holds_results(content: Any) -> bool:
    if isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and (kind_of(part) in RESULT_TYPES or not RESULT_KEYS.isdisjoint(part)):
                return True
    return False


def _read_part(part: Any, texts: list[str], calls: list[ToolCall], results: list[ToolResult]) -> None:
    """Sort one content part into text, call or result."""
    if part.__class__ is not dict:
        if isinstance(part, str):
            texts.append(part)
        return
    kind = part.get("type")
    if kind.__class__ is not str:
        kind = ""
    if kind in TEXT_TYPES or (not kind and len(part) == 1):
        text = part.get("text")
        if text is None and kind:
            text = part.get("content")
        if isinstance(text, str):
            texts.append(text)
            return
    if add_traffic(part, calls, results):
        return
    if kind in NO_TEXT_TYPES or part.get("thought") is True:
        return
    if isinstance(part.get("message_content"), dict):  # OpenInference
        part = part["message_content"]
    text = first_of(part, "text", "content", "value")
    if isinstance(text, dict):  # {"text": {"value": ..}}
        text = text.get("value")
    if isinstance(text, str):
        texts.append(text)


def latest(messages: Sequence[Any]) -> Iterator[Message]:
    """Messages from the last to the first, read only as far as they are asked for."""
    for item in reversed(messages):
        message = read_message(item)
        if message is not None:
            yield message


def result_in(value: Any) -> ToolResult | None:
    """The tool result when a tool span's output wraps it: a serialised tool message, a state update that holds one,
    or LlamaIndex's ToolOutput."""
    if not isinstance(value, dict):
        return None
    if "raw_output" in value and "is_error" in value:
        return ToolResult("", text_of(value.get("tool_name")), value["raw_output"], error_flag(value))
    for message in latest(raw_messages(value)):
        if message.role == "tool" and message.results:
            return message.results[-1]
        return None
    return None
