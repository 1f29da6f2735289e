"""What makes two tool calls the same: their arguments and their outcome without what differs and does not matter.

Works on previews and digests alone, so that stored calls compare like fresh ones. A preview that was cut proves
nothing: such calls are the same only when their digests are.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from tool_errors.findings import FAILED, ToolCall
from trace_store.facts import PREVIEW_BYTES_MAX, Payload

CLOCK_TOLERANCE_S = 600.0  # a time this near to the call is a reading of the clock


def names(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


_WHY_KEYS = frozenset({"reason", "reasoning", "explanation", "justification", "rationale", "purpose"})
_NOISE_KEYS = _WHY_KEYS | names(
    """
        attempt attempts attemptnumber try tries retry retries retrycount counter iteration requestid
        traceid spanid correlationid idempotencykey nonce callid toolcallid messageid timestamp ts now
        currenttime calledat requestedat sentat
    """
)
_RESULT_NOISE_KEYS = _NOISE_KEYS | names(
    """
        took tookms elapsed elapsedms elapsedtime duration durationms latency latencyms time date servertime
        generatedat fetchedat updatedat
    """
)
_NOT_LETTERS = re.compile(r"[^a-z]+")
_ATTEMPT = re.compile(r"[\s(\[,;#-]*\b(?:attempt|try|retry)\s*(?:no\.?)?\s*#?\d+\W*$")
_MARKS = re.compile(r"[\s\"'`.,;!?\u2018\u2019\u201c\u201d]+|\s[-\u2013\u2014]+\s")
_ROUND_SIGNS = re.compile(r"\s*([^\w\s])\s*")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_EPOCH = re.compile(r"\b1\d{9}(?:\d{3}){0,3}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_WORD = re.compile(r"\w+|[^\w\s]")


def exact_key(call: ToolCall) -> str:
    """Equal for equal arguments; for unknown ones "" ."""
    return "" if call.arguments is None else call.arguments.digest.hex()


def near_key(call: ToolCall) -> str:
    """Equal for arguments that differ only in letter case, white space, quotes, punctuation, key order, a closing
    slash, a counter of attempts, an id of the request, a reason given, or the time of the call; "" for unknown ones."""
    if call.arguments is None:
        return ""
    if is_cut(call.arguments):
        return exact_key(call)
    return "\x1f".join(_parts(_value(call.arguments), call.start_unix_nano / 1e9, _NOISE_KEYS, ""))


def has_substance(call: ToolCall) -> bool:
    """Whether anything of the arguments is left in their near key but signs."""
    return any(character.isalnum() for character in near_key(call))


def words(near: str) -> list[str]:
    """The words of a near key."""
    return _WORD.findall(near)


def outcome_key(call: ToolCall) -> str | None:
    """Equal for equal outcomes: the fingerprint of a failure, else the result but for clocks and random ids.

    None when the result is unknown: nothing can be said then.
    """
    if call.verdict.status in FAILED:
        return "!" + call.verdict.fingerprint
    if call.result is None:
        return None
    if is_cut(call.result):
        return call.result.digest.hex()
    value = _value(call.result)
    at_s = call.start_unix_nano / 1e9
    if isinstance(value, str):
        return "=" + _UUID.sub("<id>", _without_clock(value, at_s))
    return "=" + _UUID.sub("<id>", "\x1f".join(_parts(value, at_s, _RESULT_NOISE_KEYS, "", is_result=True)))


def argument_shape(call: ToolCall) -> str:
    """The names of the arguments, without their values."""
    value = None if call.arguments is None else _value(call.arguments)
    return ",".join(sorted(value)) if isinstance(value, dict) else type(value).__name__


def is_cut(payload: Payload) -> bool:
    """Whether a preview may be only the beginning of its value."""
    return len(payload.preview) >= PREVIEW_BYTES_MAX // 4 and len(payload.preview.encode()) >= PREVIEW_BYTES_MAX - 3


def _value(payload: Payload) -> Any:
    """The value as the preview tells it; a text that is no JSON is itself."""
    try:
        return orjson.loads(payload.preview)
    except ValueError:
        return payload.preview


def _parts(value: Any, at_s: float, noise: frozenset[str], path: str, *, is_result: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value):
            if _NOT_LETTERS.sub("", key.lower()) not in noise:
                yield from _parts(value[key], at_s, noise, f"{path}.{key}", is_result=is_result)
        if not value:
            yield path + "{}"
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item, at_s, noise, path + "[]", is_result=is_result)
        if not value:
            yield path + "[]"
    elif isinstance(value, str):
        text = _without_clock(value, at_s)
        yield f"{path}={text if is_result else _plain(text)}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{path}={_without_clock(str(value), at_s)}"
    else:
        yield f"{path}={str(value).lower()}"


def _plain(text: str) -> str:
    text = _ATTEMPT.sub(" ", text.casefold()).replace("\\", "")
    text = _MARKS.sub(" ", text).strip()
    return _ROUND_SIGNS.sub(r"\1", text).rstrip("/").removeprefix("./")


def _without_clock(text: str, at_s: float) -> str:
    """The text with a placeholder for each time that is about that of the call."""
    if len(text) < 10:
        return text
    text = _TIME.sub(lambda match: "<now>" if _is_about(_seconds(match[0]), at_s) else match[0], text)
    return _EPOCH.sub(lambda match: "<now>" if _is_about(int(match[0][:10]), at_s) else match[0], text)


def _seconds(text: str) -> float:
    try:
        parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return parsed.timestamp() if parsed.tzinfo else datetime.fromisoformat(text + "+00:00").timestamp()
    except ValueError:
        return 0.0


def _is_about(seconds: float, at_s: float) -> bool:
    return abs(seconds - at_s) <= CLOCK_TOLERANCE_S
