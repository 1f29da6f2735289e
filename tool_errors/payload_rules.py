"""Rules over the result of a tool call: what a payload itself says about failure, for calls whose span looks fine.

A rule looks at one object or text; tool_errors/payload_views.py says at which ones.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tool_errors.error_text import take_apart
from tool_errors.payload_views import texts_of_blocks, views

TEXT_CHARS_MAX = 4000  # a longer text that begins like an error is a log or a document
TEXT_LINES_MAX = 40


class PayloadError(NamedTuple):
    """What a rule found, with the place below the object it looked at."""

    place: str  # ".error", ".status"; "" for the object itself
    type: str
    message: str


@dataclass(frozen=True, slots=True)
class PayloadRule:
    """One entry of the registry."""

    id: str
    looks_at: str
    example: str
    find: Callable[[Any], PayloadError | None]


_NOTHING = frozenset(
    {"", "-", "0", "false", "n/a", "nil", "no", "no error", "no errors", "none", "null", "ok", "success", "undefined"}
)
_MESSAGE_KEYS = (
    "message",
    "msg",
    "error_message",
    "errorMessage",
    "error_description",
    "detail",
    "details",
    "reason",
    "description",
    "title",
    "text",
    "value",
)
_TYPE_KEYS = ("type", "error_type", "errorType", "name", "code", "error_code", "errorCode")
_NO_TYPES = ("error", "error-json", "error-text", "text", "tool", "tool_result")  # kinds of messages, not of errors
_ERROR_KEYS = ("error", "Error", "error_message", "errorMessage")
_STATUS_KEYS = ("status", "statusCode", "status_code", "httpStatus", "http_status", "code")
_RECORD_KEYS = frozenset(
    {"assignee", "author", "body", "created_at", "id", "labels", "name", "project", "severity", "title", "updated_at"}
)
_RECORD_KEYS_MIN = 3  # with so many of them an object is a ticket or a log entry about an error
_DATA_KEYS = frozenset({"data", "result", "results", "items", "rows", "records", "output", "content"})
_CLASS_PREFIX = re.compile(r"(?:[A-Za-z_]\w*\.)*_?[A-Z]\w*(?:Error|Exception)(?: \[[^\]\n]{1,80}\])?(?::\s+\S|\(['\"])")
_BARE_PREFIX = re.compile(r"(?:error|exception|fatal|fatal error|\[error\])\s*:\s*(?P<message>\S.*)", re.IGNORECASE)
_RUN_PREFIX = re.compile(
    r"(?:an )?error (?:occurred )?(?:while |when |during )?(?:execut|runn|invok|call)ing (?:the )?(?:tool|function)\b"
    r"|(?:tool|function) (?:call |execution )?failed\b",
    re.IGNORECASE,
)
_NO_ERROR = re.compile(
    r"(?:none|null|nil|n/a|no|false|no errors?(?: \w+){0,3}|[\d\s.,%+\-\u00b1eE/()]+)\.?", re.IGNORECASE
)
_HEADING = re.compile(r"^#{1,4} ", re.MULTILINE)


def _text(value: Any) -> str:
    """A text out of an error value: itself, its message, or the first of a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        texts = texts_of_blocks(value)
        return "\n".join(texts) if texts else _text(value[0])
    if isinstance(value, dict):
        for key in (*_MESSAGE_KEYS, "error", "content"):
            if value.get(key) and (text := _text(value[key])):
                return text
    return ""


def _found(place: str, source: Any, around: Mapping[str, Any]) -> PayloadError:
    """Message and type of an error value, else of the object around it."""
    text = _text(source) or _text({key: value for key, value in around.items() if key in (*_MESSAGE_KEYS, "content")})
    parts = take_apart(text)
    error_type = parts.type
    for holder in (source, around):
        if error_type or not isinstance(holder, dict):
            continue
        named = (holder.get(key) for key in _TYPE_KEYS)
        error_type = next((name for name in named if isinstance(name, str) and name not in _NO_TYPES), "")
    return PayloadError(place, error_type, parts.message)


def _says_success(value: Mapping[str, Any]) -> bool:
    status = value.get("status")
    if isinstance(status, str) and status.lower() in ("ok", "success", "succeeded"):
        return True
    return value.get("success") is True or value.get("ok") is True


def _is_record(value: Mapping[str, Any]) -> bool:
    return len(_RECORD_KEYS & value.keys()) >= _RECORD_KEYS_MIN


def _means_error(error: Any, around: Mapping[str, Any]) -> bool:
    """Whether the value of an `error` key says that there was one."""
    if error is True:
        return True
    if isinstance(error, str):
        return error.strip().lower() not in _NOTHING and _NO_ERROR.fullmatch(error.strip()) is None
    if isinstance(error, int):  # an exit or HTTP code; a float is a margin of error
        return error != 0 and not (_DATA_KEYS & around.keys()) and (400 <= error <= 599 or bool(_text(dict(around))))
    if isinstance(error, list):
        return any(isinstance(item, str | dict) and _means_error(item, around) for item in error)
    if isinstance(error, dict):
        if _text(error):
            return True
        codes = [error.get(key) for key in _TYPE_KEYS]
        return any(code not in (None, "", 0, "0", "OK", "ok", 200, "200") for code in codes)
    return False


def _error_key(value: Any) -> PayloadError | None:
    if not isinstance(value, dict) or _says_success(value) or _is_record(value):
        return None
    for key in _ERROR_KEYS:
        if key in value and _means_error(value[key], value):
            return _found(f".{key}", value[key], value)
    return None


def _success_flag(value: Any) -> PayloadError | None:
    if not isinstance(value, dict):
        return None
    for key in ("success", "successful", "succeeded"):
        if value.get(key) is False or value.get(key) == "false":
            return _found(f".{key}", value.get("error"), value)
    return None


def _status_code(value: Any) -> PayloadError | None:
    if not isinstance(value, dict) or _says_success(value):
        return None
    for key in _STATUS_KEYS:
        code = value.get(key)
        number = int(code) if isinstance(code, str) and re.fullmatch(r"[45]\d\d", code) else code
        if isinstance(number, int) and not isinstance(number, bool) and 400 <= number <= 599:
            if key == "code" and not _text({k: v for k, v in value.items() if k in _MESSAGE_KEYS}):
                continue  # a product, a room, an area: only beside a message it is HTTP's
            found = _found(f".{key}", value.get("error"), value)
            return found if found.message else found._replace(message=f"status {number}")
    if value.get("status") == "error":
        found = _found(".status", value.get("error"), value)
        return found if found.message else None
    return None


def _error_flag(value: Any) -> PayloadError | None:
    if not isinstance(value, dict):
        return None
    for key in ("isError", "is_error"):
        if value.get(key) is True or value.get(key) == "true":
            inner = next((value[k] for k in ("error", "content", "message", "raw_output") if value.get(k)), None)
            return _found(f".{key}", inner, value)
    return None


def _typed_output(value: Any) -> PayloadError | None:
    if isinstance(value, dict) and value.get("type") in ("error-text", "error-json"):
        return _found(".type", value.get("value"), value)
    return None


def _error_text(value: Any) -> PayloadError | None:
    if not isinstance(value, str):
        return None
    text = value.lstrip()
    if not text.startswith("Traceback (most recent call last):"):
        if len(text) > TEXT_CHARS_MAX or text.count("\n") > TEXT_LINES_MAX or _HEADING.search(text):
            return None
        bare = _BARE_PREFIX.match(text)
        if bare:
            if _NO_ERROR.fullmatch(bare["message"].strip()):
                return None
        elif not (_CLASS_PREFIX.match(text) or _RUN_PREFIX.match(text)):
            return None
    parts = take_apart(text)
    return PayloadError("", parts.type, parts.message)


PAYLOAD_RULES: tuple[PayloadRule, ...] = (
    PayloadRule("payload.is_error", "isError or is_error is true", '{"isError": true, "content": [..]}', _error_flag),
    PayloadRule("payload.error", "error holds a text, an object or true", '{"error": "rate limited"}', _error_key),
    PayloadRule("payload.success", "success is false", '{"success": false, "message": ".."}', _success_flag),
    PayloadRule("payload.status", "status is 400 to 599, or error with a message", '{"status": 429}', _status_code),
    PayloadRule("payload.type", "type is error-text or error-json", '{"type": "error-text"}', _typed_output),
    PayloadRule("payload.text", "the text begins as an error does", "TimeoutError: no answer", _error_text),
)


def judge_payload(value: Any, path: str) -> tuple[str, str, PayloadError] | None:
    """The first rule that any view of the value fulfils: its id, the full path, and what it found."""
    for place, view in views(value, path):
        for rule in PAYLOAD_RULES:
            found = rule.find(view)
            if found is not None:
                return rule.id, place + found.place, found
    return None
