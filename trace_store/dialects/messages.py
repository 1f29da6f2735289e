"""Chat messages in the shapes that libraries write them, read into one: role, text, tool calls, tool results.

Shapes: OTel GenAI messages with parts, OpenAI chat messages and Responses items, Anthropic and Bedrock content blocks,
Vercel AI SDK prompt messages, serialised LangChain messages, and raw provider requests and responses that hold them.
Nothing here raises: a value of an unexpected type is no message.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trace_store.attributes import parse_text, unwrap
from trace_store.dialects.history import HISTORIES

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
CALL_TYPES = frozenset({"tool_call", "tool_use", "tool-call", "function_call", "server_tool_use", "mcp_call"})
RESULT_TYPES = frozenset(
    {"tool_call_response", "tool_result", "tool-result", "function_call_output", "tool-error", "tool_response"}
)
ITEM_ROLES: Mapping[str, str] = {"function_call": "assistant", "function_call_output": "tool"}  # OpenAI Responses items
TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
NO_TEXT_TYPES = frozenset({"reasoning", "thinking", "redacted_thinking", "image", "file", "blob", "uri", "refusal"})
BLOCK_TYPES = CALL_TYPES | RESULT_TYPES | TEXT_TYPES | NO_TEXT_TYPES
_CONTAINERS = (dict, list)  # quicker than `dict | list`, which would be made each time
_FAILED = ("error", "failed")
_BLOCKS_BEGIN = ("[{", '{"')
_OBJECT_BEGINS = ('{"', "{'")
ERROR_OUTPUT_TYPES = frozenset({"error-text", "error-json"})
_CALL_KEYS = ("toolUse", "functionCall", "function_call", "tool_call", "toolRequest")  # Bedrock, Google, Genkit
_RESULT_KEYS = ("toolResult", "functionResponse", "function_response", "toolResponse")
_NO_TRAFFIC: tuple[tuple[()], tuple[()]] = ((), ())
_RESULT_KEY_SET = frozenset(_RESULT_KEYS)
_TRAFFIC_KEYS = frozenset({*_CALL_KEYS, *_RESULT_KEYS})
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


class ToolCall(NamedTuple):
    """A call as an assistant message asks for it; arguments as written."""

    call_id: str
    name: str
    arguments: Any


class ToolResult(NamedTuple):
    """A result as a message gives it; value as written."""

    call_id: str
    name: str
    value: Any
    flag: str = ""  # where the message itself says that the call failed, e.g. "status"


class Message(NamedTuple):
    """One chat message. `text` joins its text parts; reasoning and media are left out."""

    role: str
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()


def text_of(value: Any) -> str:
    """The value if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def first_of(source: Mapping[str, Any], *keys: str) -> Any:
    """The first value that is neither missing nor null."""
    for key in keys:
        value = source.get(key)
        if value is not None:
            return value
    return None


def raw_messages(value: Any, depth: int = 0) -> list[Any]:
    """The message objects in a value: a list of them, one message, or a request, response or state around them.

    The list may be the value itself: nobody may change it.
    """
    if isinstance(value, str):
        parsed = HISTORIES.parse(value)
        return [] if isinstance(parsed, str) else raw_messages(parsed, depth + 1)
    if depth > MESSAGES_DEPTH_MAX:
        return []
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, dict) or not isinstance(item.get("role"), str):
                return _listed(value, depth)
        return value
    if not isinstance(value, dict):
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
            else:
                found += raw_messages(item, depth + 1)
        elif isinstance(item, list) or (isinstance(item, str) and item[:1] == "{"):
            found += raw_messages(item, depth + 1)
    return found


def is_message(item: Mapping[str, Any]) -> bool:
    """Whether the object is a message by itself (and not something that holds messages)."""
    if isinstance(item.get("role"), str):
        return True
    if item.get("lc") == 1 and isinstance(item.get("kwargs"), dict):
        return _lc_role(item) is not None
    kind = item.get("type")
    if not isinstance(kind, str):
        return False
    if kind in ITEM_ROLES:
        return True
    return kind.lower() in ROLES and ("content" in item or isinstance(item.get("data"), dict))


def _lc_role(item: Mapping[str, Any]) -> str | None:
    """The role of a serialised LangChain object, None when it is no message."""
    path = item.get("id")
    if not isinstance(path, list) or not path or not isinstance(path[-1], str):
        return None
    name = path[-1]
    return ROLES.get(name) or ROLES.get(name.lower())


def _kind(item: Mapping[str, Any]) -> str:
    """The `type` of a message, part or item."""
    return text_of(item.get("type"))


def role_name(role: str) -> str:
    """user, assistant, system or tool for what libraries call them; others in lower case."""
    return ROLES.get(role) or ROLES.get(role.lower(), role.lower())


def role_of(item: Any) -> str | None:
    """The role of a message object; None when it is none."""
    if not isinstance(item, dict):
        return None
    role = item.get("role")
    if isinstance(role, str):
        return None if role == "tool" and offered_tool(item) is not None else ROLES.get(role) or role_name(role)
    if item.get("lc") == 1 and isinstance(item.get("kwargs"), dict):
        return _lc_role(item)
    kind = item.get("type")
    if not isinstance(kind, str):
        return ""
    if kind in ITEM_ROLES:
        return ITEM_ROLES[kind]
    return ROLES.get(kind.lower(), "")


def offered_tool(item: Any) -> Mapping[str, Any] | None:
    """The definition of a tool that Langfuse's LangChain handlers put among the messages, in the place of a result."""
    content = item.get("content") if isinstance(item, dict) else None
    if not isinstance(content, dict) or content.get("type") != "function" or item.get("role") != "tool":
        return None
    return content if isinstance(content.get("function"), dict) and "tool_call_id" not in item else None


def read_message(item: Any) -> Message | None:
    """Read one message object; None when it is none."""
    role = role_of(item)
    return None if role is None else read_as(role, item)


def read_as(role: str, item: Mapping[str, Any]) -> Message:
    """Read a message object whose role `role_of` has told."""
    kind = item.get("type")
    if isinstance(kind, str) and kind in ITEM_ROLES:
        calls, results = call_part(item)
        return Message(role, "", calls, results)
    if not _INNER.isdisjoint(item):
        role, item = inner_message(role, item)
    content = content_of(role, item)
    if role == "tool" and not _holds_results(content):
        return Message(role, "", (), (tool_message(item, content),))
    if role == "assistant" and not _CALLS_BESIDE.isdisjoint(item):
        return _from_parts(role, item, content)
    if isinstance(content, str):
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
    if isinstance(content, str) and content[:2] in _BLOCKS_BEGIN:
        blocks = _blocks_in_text(content)
        return blocks if role != "tool" or _holds_results(blocks) else content
    return content


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
        if role == "assistant" and not calls and any(text[:1] == "{" for text in texts):
            texts = _without_messages(texts, calls)
        text = texts[0] if len(texts) == 1 else "\n".join([text for text in texts if text])
    return Message(role, text, _distinct(calls) if calls else (), tuple(results) if results else ())


def _without_messages(texts: list[str], calls: list[ToolCall]) -> list[str]:
    """The texts, of one that is a client's whole message its own text alone; the calls of that go to `calls`."""
    found = []
    for text in texts:
        told = unwrap(text) if text[:2] in _OBJECT_BEGINS and "tool_calls" in text else None
        if isinstance(told, dict) and told.get("role") == "assistant":
            named_calls(told, calls)
            text = text_of(told.get("content"))
        found.append(text)
    return found


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
    if _kind(item) in BLOCK_TYPES:
        return True
    return len(item) <= 2 and ("text" in item or "toolUse" in item or "toolResult" in item)


def _holds_results(content: Any) -> bool:
    if isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and (_kind(part) in RESULT_TYPES or not _RESULT_KEY_SET.isdisjoint(part)):
                return True
    return False


def _read_part(part: Any, texts: list[str], calls: list[ToolCall], results: list[ToolResult]) -> None:
    """Sort one content part into text, call or result."""
    if isinstance(part, str):
        texts.append(part)
        return
    if not isinstance(part, dict):
        return
    kind = part.get("type")
    if not isinstance(kind, str):
        kind = ""
    if kind in TEXT_TYPES or (not kind and len(part) == 1):
        text = part.get("text")
        if text is None and kind:
            text = part.get("content")
        if isinstance(text, str):
            texts.append(text)
            return
    part_calls, part_results = call_part(part)
    if part_calls or part_results:
        calls.extend(part_calls)
        results.extend(part_results)
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


def call_part(part: Mapping[str, Any]) -> tuple[tuple[ToolCall, ...], tuple[ToolResult, ...]]:
    """The tool call or tool result in a content part, a Responses item or a Bedrock or Google block."""
    kind = part.get("type")
    if isinstance(kind, str):
        if kind in CALL_TYPES:
            call = _call(part)
            return ((call,), ()) if call else _NO_TRAFFIC
        if kind in RESULT_TYPES:
            return (), (_result(part),)
    if _TRAFFIC_KEYS.isdisjoint(part):
        return _NO_TRAFFIC
    for key in _CALL_KEYS:
        inner = part.get(key)
        if isinstance(inner, dict):
            call = _call(inner)
            return ((call,), ()) if call else _NO_TRAFFIC
    for key in _RESULT_KEYS:
        inner = part.get(key)
        if isinstance(inner, dict):
            return (), (_result(inner),)
    return _NO_TRAFFIC


def _call(item: Mapping[str, Any]) -> ToolCall | None:
    """A call from any of its shapes; None when it has no name."""
    function = item.get("function")
    source = function if isinstance(function, dict) else item
    name = first_of(source, "name", "toolName", "tool_name")
    if not isinstance(name, str) or not name:
        return None
    call_id = first_of(item, "call_id", "toolCallId", "toolUseId", "tool_call_id", "id", "ref")
    return ToolCall(text_of(call_id), name, first_of(source, "arguments", "args", "input", "parameters"))


def _result(item: Mapping[str, Any]) -> ToolResult:
    """A result from any of its shapes."""
    call_id = first_of(item, "tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "call_id", "id", "ref")
    name = text_of(first_of(item, "name", "toolName", "tool_name"))
    value = first_of(item, "response", "result", "output", "content", "error")
    flag = _error_flag(item)
    if isinstance(value, dict) and isinstance(value.get("type"), str) and "value" in value and len(value) <= 3:
        if value["type"] in ERROR_OUTPUT_TYPES:
            flag = flag or "output.type"
        value = value["value"]
    return ToolResult(text_of(call_id), name, value, flag)


def _error_flag(item: Mapping[str, Any]) -> str:
    """The field by which a message says that its call failed."""
    if item.get("is_error") is True:
        return "is_error"
    if item.get("isError") is True:
        return "isError"
    if item.get("status") in _FAILED:
        return "status"
    return "type" if item.get("type") == "tool-error" else ""


def tool_message(item: Mapping[str, Any], content: Any) -> ToolResult:
    """A whole message that is one tool result."""
    call_id = first_of(item, "tool_call_id", "toolCallId", "tool_use_id", "call_id", "id")
    flag = _error_flag(item)
    wrapped = parse_text(content) if isinstance(content, str) and content[:9] == '{"type":"' else content
    if isinstance(wrapped, dict) and _kind(wrapped) in ERROR_OUTPUT_TYPES and "value" in wrapped:
        content, flag = wrapped["value"], flag or "output.type"
    return ToolResult(text_of(call_id), text_of(first_of(item, "name", "tool_name")), content, flag)


def named_calls(item: Mapping[str, Any], calls: list[ToolCall]) -> None:
    """Calls beside the content: `tool_calls`, the old `function_call`, LangChain's additional_kwargs."""
    listed = first_of(item, "tool_calls", "toolCalls")
    if not listed and isinstance(item.get("additional_kwargs"), dict):
        listed = item["additional_kwargs"].get("tool_calls")
    if isinstance(listed, str):
        listed = parse_text(listed)
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, str):
            entry = parse_text(entry)
        if isinstance(entry, dict):
            inner = entry.get("tool_call")
            call = _call(inner if isinstance(inner, dict) else entry)
            if call:
                calls.append(call)
    single = item.get("function_call")
    if isinstance(single, dict):
        call = _call(single)
        if call:
            calls.append(call)


def _distinct(calls: list[ToolCall]) -> tuple[ToolCall, ...]:
    """Without the repetition of a call that stands in content and beside it."""
    if len(calls) < 2:
        return tuple(calls)
    kept: dict[str, ToolCall] = {}
    for index, call in enumerate(calls):
        key = call.call_id or f" {index}"
        if key not in kept or kept[key].arguments is None:
            kept[key] = call
    return tuple(kept.values())


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
        return ToolResult("", text_of(value.get("tool_name")), value["raw_output"], _error_flag(value))
    for message in latest(raw_messages(value)):
        if message.role == "tool" and message.results:
            return message.results[-1]
        return None
    return None
