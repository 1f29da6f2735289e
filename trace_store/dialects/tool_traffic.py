"""Tool calls and tool results as messages, content parts, Responses items and blocks of vendors write them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from trace_store.attributes import parse_text

CALL_TYPES = frozenset({"tool_call", "tool_use", "tool-call", "function_call", "server_tool_use", "mcp_call"})
_FAILED = ("error", "failed")
ERROR_OUTPUT_TYPES = frozenset({"error-text", "error-json"})
_CALL_KEYS = ("toolUse", "functionCall", "function_call", "tool_call", "toolRequest")  # Bedrock, Google, Genkit
_RESULT_KEYS = ("toolResult", "functionResponse", "function_response", "toolResponse")
# The spellings of what calls and results are made of, in the order in which they are believed.
_NAMES = ("name", "toolName", "tool_name")
_ARGUMENTS = ("arguments", "args", "input", "parameters")
_VALUES = ("response", "result", "output", "content", "error")
_IDS_OF_CALL = ("call_id", "toolCallId", "toolUseId", "tool_call_id", "id", "ref", "tool_id")
_IDS_OF_RESULT = ("tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "call_id", "id", "ref", "tool_id")
_IDS_OF_MESSAGE = ("tool_call_id", "toolCallId", "tool_use_id", "call_id", "id")
_FIRST_IDS = frozenset(_IDS_OF_CALL[: _IDS_OF_CALL.index("id")])  # what is believed more than `id`
_OTEL_RESULT = {"type", "id", "response"}  # the keys of a result in OTel's GenAI conventions
_FLAG_KEYS = frozenset({"is_error", "isError", "status"})
RESULT_KEYS = frozenset(_RESULT_KEYS)
_TRAFFIC_KEYS = frozenset({*_CALL_KEYS, *_RESULT_KEYS})
RESULT_TYPES = frozenset(
    {"tool_call_response", "tool_result", "tool-result", "function_call_output", "tool-error", "tool_response"}
)


_new = tuple.__new__  # half the time of calling the class, of which each message makes several


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


def text_of(value: Any) -> str:
    """The value if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def first_of(source: Mapping[str, Any], *keys: str) -> Any:
    """The first value that is neither missing nor null."""
    return first_in(source, keys)


def first_in(source: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """As `first_of`, for keys that stand in a constant."""
    for key in keys:
        value = source.get(key)
        if value is not None:
            return value
    return None


def kind_of(item: Mapping[str, Any]) -> str:
    """The `type` of a message, part or item."""
    return text_of(item.get("type"))


def call_part(part: Mapping[str, Any]) -> tuple[tuple[ToolCall, ...], tuple[ToolResult, ...]]:
    """The tool call or tool result in a content part, a Responses item or a Bedrock or Google block."""
    calls: list[ToolCall] = []
    results: list[ToolResult] = []
    add_traffic(part, calls, results)
    return tuple(calls), tuple(results)


def add_traffic(part: Mapping[str, Any], calls: list[ToolCall], results: list[ToolResult]) -> bool:
    """Add the call or the result in a content part to those before it; False when it has none."""
    kind = part.get("type")
    if kind.__class__ is str:
        if kind in CALL_TYPES:
            return _add_call(part, calls)
        if kind in RESULT_TYPES:
            results.append(read_result(part))
            return True
    if _TRAFFIC_KEYS.isdisjoint(part):
        return False
    for key in _CALL_KEYS:
        if key in part and isinstance(inner := part[key], dict):
            return _add_call(inner, calls)
    for key in _RESULT_KEYS:
        if key in part and isinstance(inner := part[key], dict):
            results.append(read_result(inner))
            return True
    return False


def _add_call(item: Mapping[str, Any], calls: list[ToolCall]) -> bool:
    call = read_call(item)
    if call is not None:
        calls.append(call)
    return call is not None


def read_call(item: Mapping[str, Any]) -> ToolCall | None:
    """A call from any of its shapes; None when it has no name."""
    function = item.get("function")
    source = function if isinstance(function, dict) else item
    name = source.get("name")
    if name is None:
        name = first_in(source, _NAMES)
    if not isinstance(name, str) or not name:
        return None
    arguments = source.get("arguments")
    if arguments is None:
        arguments = first_in(source, _ARGUMENTS)
    call_id = item.get("id") if _FIRST_IDS.isdisjoint(item) else None
    if call_id is None:
        call_id = first_in(item, _IDS_OF_CALL)
    return _new(ToolCall, (call_id if isinstance(call_id, str) else "", name, arguments))


def read_result(item: Mapping[str, Any]) -> ToolResult:
    """A result from any of its shapes."""
    if item.keys() == _OTEL_RESULT and item["type"] == "tool_call_response":  # most have no more than this
        call_id, name, value, flag = item["id"], "", item["response"], ""
    else:
        call_id = first_in(item, _IDS_OF_RESULT)
        name = first_in(item, _NAMES)
        value = first_in(item, _VALUES)
        flag = error_flag(item)
    if value.__class__ is dict and isinstance(value.get("type"), str) and "value" in value and len(value) <= 3:
        if value["type"] in ERROR_OUTPUT_TYPES:
            flag = flag or "output.type"
        value = value["value"]
    call_id, name = call_id if call_id.__class__ is str else "", name if name.__class__ is str else ""
    return _new(ToolResult, (call_id, name, value, flag))


def error_flag(item: Mapping[str, Any]) -> str:
    """The field by which a message says that its call failed."""
    if _FLAG_KEYS.isdisjoint(item):
        return "type" if item.get("type") == "tool-error" else ""
    if item.get("is_error") is True:
        return "is_error"
    if item.get("isError") is True:
        return "isError"
    if item.get("status") in _FAILED:
        return "status"
    return "type" if item.get("type") == "tool-error" else ""


def tool_message(item: Mapping[str, Any], content: Any) -> ToolResult:
    """A whole message that is one tool result."""
    call_id = first_in(item, _IDS_OF_MESSAGE)
    flag = error_flag(item)
    wrapped = parse_text(content) if isinstance(content, str) and content[:9] == '{"type":"' else content
    if isinstance(wrapped, dict) and kind_of(wrapped) in ERROR_OUTPUT_TYPES and "value" in wrapped:
        content, flag = wrapped["value"], flag or "output.type"
    return ToolResult(text_of(call_id), text_of(first_of(item, "name", "tool_name")), content, flag)


def named_calls(item: Mapping[str, Any], calls: list[ToolCall]) -> None:
    """Calls beside the content: `tool_calls`, the old `function_call`, LangChain's additional_kwargs."""
    listed = item.get("tool_calls")
    if listed is None:
        listed = item.get("toolCalls")
    if not listed and isinstance(item.get("additional_kwargs"), dict):
        listed = item["additional_kwargs"].get("tool_calls")
    if isinstance(listed, str):
        listed = parse_text(listed)
    for entry in listed if listed and isinstance(listed, list) else ():
        if isinstance(entry, str):
            entry = parse_text(entry)
        if isinstance(entry, dict):
            inner = entry.get("tool_call")
            call = read_call(inner if isinstance(inner, dict) else entry)
            if call:
                calls.append(call)
    single = item.get("function_call")
    if isinstance(single, dict):
        call = read_call(single)
        if call:
            calls.append(call)


def distinct(calls: list[ToolCall]) -> tuple[ToolCall, ...]:
    """Without the repetition of a call that stands in content and beside it."""
    if len(calls) < 2:
        return tuple(calls)
    kept: dict[str, ToolCall] = {}
    for index, call in enumerate(calls):
        key = call.call_id or f" {index}"
        if key not in kept or kept[key].arguments is None:
            kept[key] = call
    return tuple(kept.values())
