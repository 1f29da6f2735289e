"""Objects that say themselves that a call failed: error keys, flags, statuses, exit codes, envelopes of known APIs.

Each function looks at one object and finds at most one error in it. What only looks like an error is kept out by what
stands beside it: a success flag, the fields of a record, data.
"""

import re
from collections.abc import Mapping
from typing import Any

from tool_errors.failure.error_phrases import REASON
from tool_errors.failure.error_values import MESSAGE_KEYS, TYPE_KEYS, PayloadError, found, text_in

_NOTHING = frozenset(
    {"", "-", "0", "false", "n/a", "nil", "no", "no error", "no errors", "none", "null", "ok", "success", "undefined"}
)
NO_ERROR = re.compile(r"(?:none|null|nil|n/a|no|false|no errors?(?: \w+){0,3}|[\d\s.,%+\-±eE/()]+)\.?", re.IGNORECASE)
TEST_REPORT = re.compile(r"\b\d+ (?:failed|passed)\b|^FAILED |^Tests?: +\d+", re.MULTILINE)  # the tool ran
_ERROR_KEYS = ("error", "Error", "error_message", "errorMessage", "errorText", "exceptionMessage")
_STATUS_KEYS = ("status", "statusCode", "status_code", "httpStatus", "http_status", "code")
_REASON_KEYS = (
    "statusText",
    "status_text",
    "reasonPhrase",
    "reason_phrase",
    "reason",
)  # of a response
_RECORD_KEYS = frozenset(
    {"assignee", "author", "body", "created_at", "id", "labels", "name", "project", "severity", "title", "updated_at"}
)
_RECORD_KEYS_MIN = 3  # with so many of them an object is a ticket or a log entry about an error
_DATA_KEYS = frozenset({"data", "result", "results", "items", "rows", "records", "output", "content"})
_REPORT_CHARS_MAX = 100_000
_EXIT_KEYS = ("exit_code", "exitCode", "returncode", "return_code", "exit_status")
_LIST_KEYS = ("errors", "errorMessages")
_LIST_ENVELOPE = frozenset(
    {"data", "error", "errors", "errorMessages", "extensions", "message", "status", "statusCode", "code", "success"}
    | {"title", "type", "detail", "traceId", "path", "timestamp"}
)
_GITHUB_KEYS = frozenset({"message", "documentation_url", "status", "errors"})
_ERROR_NAME = re.compile(r"(?:[\w.#]*(?:Exception|Error|Fault)|E_?[A-Z0-9_]*|\w*(?:ERROR|INVALID|NOT_FOUND|DENIED)\w*)")


def says_success(value: Mapping[str, Any]) -> bool:
    """Whether an object claims that the call worked, whatever else it reports."""
    status = value.get("status")
    if isinstance(status, str) and status.lower() in ("ok", "success", "succeeded"):
        return True
    return value.get("success") is True or value.get("ok") is True


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether an object is a ticket, a log entry or the like: what it tells of errors is its data."""
    return len(_RECORD_KEYS & value.keys()) >= _RECORD_KEYS_MIN


def error_key(value: Any) -> PayloadError | None:
    """`{"error": ..}` and its spellings."""
    if not isinstance(value, dict) or says_success(value) or is_record(value):
        return None
    for key in _ERROR_KEYS:
        if key in value and _means_error(value[key], value):
            return found(f".{key}", value[key], value)
    return None


def _means_error(error: Any, around: Mapping[str, Any]) -> bool:
    """Whether the value of an `error` key says that there was one."""
    if error is True:
        return True
    if isinstance(error, str):
        return error.strip().lower() not in _NOTHING and NO_ERROR.fullmatch(error.strip()) is None
    if isinstance(error, int):  # an exit or HTTP code; a float is a margin of error
        return error != 0 and not (_DATA_KEYS & around.keys()) and (400 <= error <= 599 or bool(text_in(dict(around))))
    if isinstance(error, list):
        return any(isinstance(item, str | dict) and _means_error(item, around) for item in error)
    if isinstance(error, dict):
        if text_in(error):
            return True
        codes = [error.get(key) for key in TYPE_KEYS]
        return any(code not in (None, "", 0, "0", "OK", "ok", 200, "200") and not _is_nested(code) for code in codes)
    return False


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def error_list(value: Any) -> PayloadError | None:
    """GraphQL's and JSON:API's `errors`, Jira's `errorMessages`: in an envelope, not among other data."""
    if not isinstance(value, dict) or says_success(value) or not value.keys() <= _LIST_ENVELOPE:
        return None
    for key in _LIST_KEYS:
        held = value.get(key)
        if not isinstance(held, str | list | dict) or not held:
            continue
        if isinstance(held, dict) and not text_in(next(iter(held.values()))):
            continue
        if isinstance(held, dict) or _means_error(held, value):
            source = next(iter(held.values())) if isinstance(held, dict) and not text_in(held) else held
            return found(f".{key}", source, value)
    return None


def one_error_in_a_list(value: Any) -> PayloadError | None:
    """`[{"error": {..}}]` and `[{"message": .., "errorCode": ..}]`: an answer that is one error; several are data."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        return None
    inner = value[0]
    if inner.keys() <= {"error"} and isinstance(inner.get("error"), dict) and text_in(inner["error"]):
        return found("[0].error", inner["error"], inner)
    if inner.keys() <= {"message", "errorCode", "fields"} and len(inner) > 1 and text_in(inner):
        return found("[0]", inner, inner)
    return None


def success_flag(value: Any) -> PayloadError | None:
    """`success: false`; `ok: false` beside a reason that is an error's."""
    if not isinstance(value, dict):
        return None
    for key in ("success", "successful", "succeeded"):
        if value.get(key) is False or value.get(key) == "false":
            return found(f".{key}", value.get("error"), value)
    if value.get("ok") is False and any(value.get(key) for key in ("error", "error_code", "description", "message")):
        return found(".ok", value.get("error"), value)
    return None


def status_code(value: Any) -> PayloadError | None:
    """An HTTP status of 400 to 599, or the word error beside a message."""
    if not isinstance(value, dict) or says_success(value):
        return None
    for key in _STATUS_KEYS:
        code = value.get(key)
        number = int(code) if isinstance(code, str) and re.fullmatch(r"[45]\d\d", code) else code
        if isinstance(number, int) and not isinstance(number, bool) and 400 <= number <= 599:
            if key == "code" and not text_in({k: v for k, v in value.items() if k in MESSAGE_KEYS}):
                continue  # a product, a room, an area: only beside a message it is HTTP's
            what = found(f".{key}", value.get("error"), value)
            if what.message:
                return what
            reason = next((text for key in _REASON_KEYS if (text := _text(value.get(key)))), "")
            return what._replace(message=reason or f"status {number}")
    for key in ("ResponseMetadata", "$metadata"):
        held = value.get(key)
        code = next((held.get(k) for k in ("HTTPStatusCode", "httpStatusCode")), None) if isinstance(held, dict) else 0
        if isinstance(code, int) and 400 <= code <= 599:
            return found(f".{key}", value.get("Error"), value)
    if value.get("status") in ("error", "failed", "failure") and not is_record(value):
        what = found(".status", value.get("error"), value)
        return what if what.message else None
    return None


def error_flag(value: Any) -> PayloadError | None:
    """MCP's `isError` and the same in snake case."""
    if not isinstance(value, dict):
        return None
    for key in ("isError", "is_error"):
        if value.get(key) is True or value.get(key) == "true":
            inner = next((value[k] for k in ("error", "content", "message", "raw_output") if value.get(k)), None)
            return found(f".{key}", inner, value)
    return None


def typed_output(value: Any) -> PayloadError | None:
    """The error outputs of the Vercel AI SDK."""
    if isinstance(value, dict) and value.get("type") in ("error-text", "error-json"):
        return found(".type", value.get("value"), value)
    return None


def exit_code(value: Any) -> PayloadError | None:
    """A process that ended with a code other than 0.

    Code 1 with an explicitly empty stderr is an answer, as of `grep` and `diff`, and so is a report of failed tests.
    """
    if not isinstance(value, dict):
        return None
    holders = [("", value)]
    if isinstance(value.get("metadata"), dict) and "output" in value:
        holders.append((".metadata", value["metadata"]))
    for place, holder in holders:
        for key in _EXIT_KEYS:
            code = holder.get(key)
            if not isinstance(code, int) or isinstance(code, bool) or code == 0:
                continue
            stderr = next((value[k] for k in ("stderr", "err") if isinstance(value.get(k), str)), None)
            if code == 1 and _is_answer(value, stderr):
                return None
            said = next((text for k in ("stderr", "error", "output", "stdout") if (text := _text(value.get(k)))), "")
            what = found(f"{place}.{key}", said, {})
            return what if what.message else what._replace(message=f"exit code {code}")
    return None


def _is_answer(value: Mapping[str, Any], stderr: str | None) -> bool:
    if stderr is not None and not stderr.strip():
        return True
    reports = (_text(value.get(key))[:_REPORT_CHARS_MAX] for key in ("stdout", "output"))
    return not stderr and any(TEST_REPORT.search(report) for report in reports)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def known_envelope(value: Any) -> PayloadError | None:
    """Errors of AWS, GitHub, FastAPI, Salesforce and Node, which carry neither status nor error key."""
    if not isinstance(value, dict) or says_success(value) or is_record(value):
        return None
    aws_type = value.get("__type")
    if isinstance(aws_type, str) and re.fullmatch(r"[\w.#]*(?:Exception|Error|Fault)", aws_type):
        return found(".__type", None, value)
    if isinstance(value.get("documentation_url"), str) and value.keys() <= _GITHUB_KEYS and value.get("message"):
        return found(".message", None, value)
    if isinstance(value.get("errno"), int) and isinstance(value.get("syscall"), str):
        what = found(".errno", None, value)
        return what if what.message else what._replace(message=f"{what.type} {value['syscall']}".strip())
    if value.keys() == {"detail"} and _is_fastapi_detail(value["detail"]):
        return found(".detail", value["detail"], value)
    for key in ("errorCode", "error_code", "exceptionCode", "code"):
        code = value.get(key)
        if isinstance(code, str) and _ERROR_NAME.fullmatch(code) and value.keys() <= {key, "message", "details"}:
            return found(f".{key}", None, value) if value.get("message") else None
    return None


def _is_fastapi_detail(detail: Any) -> bool:
    if isinstance(detail, str):
        return REASON.fullmatch(detail) is not None
    return (
        isinstance(detail, list)
        and bool(detail)
        and all(isinstance(item, dict) and {"loc", "msg", "type"} <= item.keys() for item in detail)
    )
