"""Message and type out of the value that an error envelope holds: a text, an object, a list of either."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tool_errors.failure.error_text import take_apart
from tool_errors.failure.payload_views import texts_of_blocks

MESSAGE_KEYS = (
    "message",
    "Message",
    "msg",
    "error_message",
    "errorMessage",
    "exceptionMessage",
    "errorText",
    "error_description",
    "detail",
    "details",
    "reason",
    "description",
    "title",
    "text",
    "value",
)
TYPE_KEYS = (
    "type",
    "__type",
    "error_type",
    "errorType",
    "name",
    "code",
    "Code",
    "error_code",
    "errorCode",
    "exceptionCode",
    "status",
)
_NO_TYPES = ("error", "error-json", "error-text", "text", "tool", "tool_result", "failed", "failure")
_ABOUT_BLANK = "about:blank"
_DEPTH_MAX = 8


class PayloadError(NamedTuple):
    """What a rule found, with the place below the object it looked at."""

    place: str  # ".error", ".status"; "" for the object itself
    type: str
    message: str


def text_in(value: Any, depth: int = 0) -> str:
    """A text out of an error value: itself, its message, or the first of a list; "" when there is none."""
    if isinstance(value, str):
        return value
    if depth >= _DEPTH_MAX:
        return ""
    if isinstance(value, list) and value:
        texts = texts_of_blocks(value)
        return "\n".join(texts) if texts else text_in(value[0], depth + 1)
    if isinstance(value, dict):
        for key in (*MESSAGE_KEYS, "error", "content", "output"):
            if value.get(key) and (text := text_in(value[key], depth + 1)):
                return text
    return ""


def found(place: str, source: Any, around: Mapping[str, Any]) -> PayloadError:
    """Message and type of an error value, else of the object around it."""
    beside = {key: value for key, value in around.items() if key in (*MESSAGE_KEYS, "content", "output")}
    parts = take_apart(text_in(source) or text_in(beside))
    error_type = parts.type
    for holder in (source, around):
        if error_type or not isinstance(holder, dict):
            continue
        keys = [key for key in TYPE_KEYS if key != "name" or "tool_call_id" not in holder]  # there it is the tool's
        names = (holder[key] for key in keys if isinstance(holder.get(key), str))
        error_type = next((name for name in names if _is_type(name)), "")
    return PayloadError(place, error_type, parts.message)


def _is_type(name: str) -> bool:
    return name not in _NO_TYPES and name != _ABOUT_BLANK and not name.isdigit()
