"""Where in the result of a tool call an error may stand: the result itself, and what lies in the wrappers around it.

Frameworks and protocols wrap results (LangChain's ToolMessage, MCP's content blocks, `{"output": ..}`, JSON in a
string). The items of a list and the fields of a record are data of the tool: nobody's failure is looked for there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from trace_store.attributes import parse_text

VIEWS_DEPTH_MAX = 8

_BLOCK_KEYS = frozenset({"text", "json", "toolResult", "functionResponse"})
_WRAPPER_KEYS = (
    "structuredContent",
    "content",
    "output",
    "result",
    "response",
    "raw_output",
    "value",
    "data",
    "text",
    "json",
    "toolResult",
    "functionResponse",
)
_WRAPPER_TYPES = ("tool", "tool_result", "text", "json")
_WRAPPER_MARKS = frozenset(
    {"isError", "is_error", "tool_call_id", "toolCallId", "tool_use_id", "toolUseId", "structuredContent"}
)


def views(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The value and what lies in its wrappers, outermost first, each with its path."""
    yield path, value
    if depth >= VIEWS_DEPTH_MAX:
        return
    if isinstance(value, str):
        parsed = parse_text(value)
        if not isinstance(parsed, str):
            yield from views(parsed, path, depth + 1)
    elif isinstance(value, list):
        for index, block in enumerate(_blocks(value)):
            yield from views(block, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        if value.get("lc") == 1 and isinstance(value.get("kwargs"), dict):
            yield f"{path}.kwargs", value["kwargs"]
            yield from views(value["kwargs"].get("content"), f"{path}.kwargs.content", depth + 1)
        elif _is_wrapper(value):
            for key in _WRAPPER_KEYS:
                if key in value:
                    yield from views(value[key], f"{path}.{key}", depth + 1)


def _blocks(value: list[Any]) -> list[dict[str, Any]]:
    """The one content block of a list, or the first of several texts; nothing of a list of anything else.

    Several results in one list are those of several calls, and several texts may be documents.
    """
    if len(value) == 1:
        return [block for block in value if isinstance(block, dict) and _is_block(block)]
    return [{"text": text} for text in texts_of_blocks(value)[:1]]


def _is_block(block: Mapping[str, Any]) -> bool:
    """`{"type": "text", "text": ".."}`, Bedrock's `{"text": ".."}`, `{"json": ..}` and `{"toolResult": ..}`."""
    if block.get("type") in ("text", "tool_result", "json"):
        return True
    return len(block) == 1 and not _BLOCK_KEYS.isdisjoint(block)


def texts_of_blocks(value: list[Any]) -> list[str]:
    """The texts of a list of content blocks (`[{"type": "text", "text": ".."}]`); nothing for any other list."""
    if not value or not all(isinstance(block, dict) and isinstance(block.get("text"), str) for block in value):
        return []
    if not all(block.get("type", "text") == "text" for block in value):
        return []
    return [block["text"] for block in value]


def _is_wrapper(value: Mapping[str, Any]) -> bool:
    """Whether an object only carries a result: it has one key, or it is a tool message or an MCP or tool output."""
    return len(value) == 1 or not _WRAPPER_MARKS.isdisjoint(value) or value.get("type") in _WRAPPER_TYPES
