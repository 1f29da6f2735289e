"""The failure that a span states by itself: exception event, status, `error.type`, a dialect's flag."""

import ast
import re
from typing import Any

from trace_store.attributes import parse_text
from trace_store.dialects.reading import Reading, as_text
from trace_store.facts import Failure
from trace_store.model import STATUS_ERROR, Span

MESSAGE_CHARS_MAX = 20_000  # a longer status message is a dump: its beginning says what is wrong

# Exceptions by which frameworks steer: an interrupt, a handoff, the end of an iteration.
CONTROL_FLOW = re.compile(
    r"(^|\.)(Graph(Interrupt|BubbleUp|Delegate)|NodeInterrupt|ParentCommand|Stop(Async)?Iteration|GeneratorExit"
    r"|\w*Handoff\w*|CallDeferred|ApprovalRequired|InterruptException)$"
)
_FIRST_WORD = re.compile(r"[\w.]+")
_TRACEBACK = "Traceback (most recent call last)"
_HINT = "\n\nTroubleshooting URL: "  # LangChain's
_STACK_LINE = re.compile(r"at \S.*:\d+|File \"|During task with name ")
_ERROR_LINE = re.compile(r"(Uncaught )?[\w.$]{0,200}(Error|Exception)\b")
_TYPE_PREFIX = re.compile(r"^((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Exit|Timeout|Warning|Interrupt)):\s+")
_REPR = re.compile(r"^((?:[A-Za-z_]\w*\.)*[A-Z]\w*)\((.*)\)$", re.DOTALL)
_ANY_TYPE = frozenset({"", "Exception"})  # says nothing: the repr in the message knows better
_FLAGS = (str, bool)
_MESSAGE_KEYS = ("error", "message", "detail", "error_message", "msg")


def read_failure(span: Span, reading: Reading, has_output: bool) -> Failure | None:
    """The failure of a span, None when it states none. `has_output` says that the span also carries a result."""
    is_error = span.status_code == STATUS_ERROR
    if not (is_error or span.events or reading.layout.may_fail):
        return None
    error_type = (reading.text("error_type") or "") if "error_type" in reading.fields else ""
    from_event = _exception_event(span, error_type, is_error) if span.events else None
    if from_event is not None:
        if is_error or not has_output:
            return from_event
        return None  # recorded, handled, and the step went on
    if (error_type or span.status_message) and _is_control_flow(span, error_type):
        return None
    if is_error and not (reading.dialect.failures_have_events and has_output):
        return _from_status(span, reading, error_type)
    if not is_error and error_type and not has_output:
        message, type_ = clean_message(reading.text("error_message") or "", error_type)
        return Failure("error_type", reading.sources["error_type"], type_, message)
    return _flagged(reading, error_type)


def _exception_event(span: Span, error_type: str, is_error: bool) -> Failure | None:
    """The first exception that is no control flow; later ones wrap it."""
    for index, event in enumerate(span.events):
        if event.name != "exception":
            continue
        type_ = as_text(event.attributes.get("exception.type")) or ""
        if CONTROL_FLOW.search(type_):
            continue
        path = f"events[{index}].exception.message"
        message, type_ = clean_message(as_text(event.attributes.get("exception.message")) or "", type_ or error_type)
        if not message and is_error:
            message, type_ = clean_message(span.status_message, type_)
        return Failure("exception_event", path, type_, message)
    return None


def _is_control_flow(span: Span, error_type: str) -> bool:
    if CONTROL_FLOW.search(error_type):
        return True
    name = _FIRST_WORD.match(span.status_message)
    return name is not None and CONTROL_FLOW.search(name.group()) is not None


def _from_status(span: Span, reading: Reading, error_type: str) -> Failure:
    message, type_ = clean_message(span.status_message, error_type)
    path = "status.message"
    if not message:
        message, type_ = clean_message(reading.text("error_message") or "", type_)
        path = reading.sources.get("error_message", "status.code")
    return Failure("span_status", path, type_, message)


def _flagged(reading: Reading, error_type: str) -> Failure | None:
    """A dialect's own attribute that says so."""
    for key, failed in reading.layout.flags:
        value = reading.attributes[key]
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, _FLAGS) and str(value).lower() in failed:
            message, type_ = clean_message(reading.text("error_message") or "", error_type)
            return Failure(key, key, type_, message)
    return None


def clean_message(text: str, type_: str) -> tuple[str, str]:
    """The original message and the exception type: without stack, `Type: ` prefixes and Python repr around it."""
    text = text[:MESSAGE_CHARS_MAX].strip()
    text = _without_object(_without_stack(text))
    text, type_ = _without_repr(text, type_)
    for _ in range(2):
        prefix = _TYPE_PREFIX.match(text)
        if prefix and (not type_ or _same_type(prefix.group(1), type_)):
            type_ = type_ or prefix.group(1)
            text = text[prefix.end() :]
        elif type_ and text.startswith(type_ + ": "):
            text = text[len(type_) + 2 :]
        else:
            break
    return text.strip(), type_


def _without_stack(text: str) -> str:
    """The text before a stack: Python's traceback, lines of a JavaScript stack, or a blank line and the error again."""
    text = text.partition(_TRACEBACK)[0].partition(_HINT)[0].rstrip()
    lines = text.split("\n")
    for index, line in enumerate(lines[1:], 1):
        line = line.strip()
        if _STACK_LINE.match(line) or (not lines[index - 1].strip() and _ERROR_LINE.match(line)):
            return "\n".join(lines[:index]).rstrip()
    return text


def _same_type(one: str, other: str) -> bool:
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def _without_repr(text: str, type_: str) -> tuple[str, str]:
    """`TimeoutError('late')` is `late` of type TimeoutError."""
    match = _REPR.match(text)
    if not match:
        return text, type_
    inner = match.group(2).rstrip(",")
    if inner[:1] not in ("'", '"') or len(inner) > MESSAGE_CHARS_MAX:
        return text, type_
    try:
        value = ast.literal_eval(inner)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text, type_
    if isinstance(value, tuple):
        value = value[0] if value else ""
    if not isinstance(value, str):
        return text, type_
    return value, match.group(1) if type_ in _ANY_TYPE else type_


def _without_object(text: str) -> str:
    """The innermost error text of a status message that is a JSON object or the repr of a dict."""
    if text[:1] != "{":
        return text
    found = _error_in(parse_text(text), 0)
    return found or text


def _error_in(value: Any, depth: int) -> str:
    if not isinstance(value, dict) or depth > 3:
        return ""
    for nested in (value.get("data"), value.get("error")):
        found = _error_in(nested, depth + 1)
        if found:
            return found
    for key in _MESSAGE_KEYS:
        held = value.get(key)
        if isinstance(held, str) and held:
            return held
    return ""
