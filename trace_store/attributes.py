"""Attribute values: from OTLP's AnyValue to Python, to JSON, and to the canonical payload that detectors compare.

The same tool call is written in many ways (JSON in a string, JSON twice, `{"args": [], "kwargs": {...}}`, a Python
repr). `unwrap` takes the wrapping off, so that equal calls have equal values and `payload` gives them equal digests.
"""

import ast
import base64
import json
import math
import re
import warnings
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

import orjson

from trace_store.facts import PREVIEW_BYTES_MAX, Payload

NOT_JSON: Final = object()
UNWRAP_DEPTH_MAX = 4
REPR_CHARS_MAX = 32_768  # ast.literal_eval costs about 1 us per character
DEPTH_MAX = 100  # deeper values become text: orjson and the recursion limit end near 250

# What the last texts mean, by the identity of the text, which is held here and so cannot become another's: one
# attribute of a span is asked for its text, its messages, its token counts and more, one after the other.
RECENT_TEXTS: Final[dict[int, tuple[str, Any]]] = {}
RECENT_TEXTS_MAX = 16
RECENT_CHARS_MAX = 262_144  # of a text that is held

_INT_MIN: Final = -(2**63)
_INT_MAX: Final = 2**64 - 1
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_WRAPPER_KEYS: Final = frozenset({"args", "kwargs"})
_REPR_ENDS: Final = {"{": "}", "[": "]", "(": ")", "'": "'", '"': '"'}
_JSON_BEGINS: Final = frozenset('{["')
_DIGEST: Final = blake2b(digest_size=16)  # to copy, which is quicker than to begin
_CANONICAL: Final = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def any_value(value: Any) -> Any:
    """The Python value of an AnyValue: str, bool, int, float, bytes, list, dict, or None when nothing is set.

    Its depth is bounded by the parser, which reads at most 100 messages inside each other.
    """
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [item.string_value or any_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return key_values(value.kvlist_value.values)
    return None if kind is None else getattr(value, kind)


def key_values(pairs: Iterable[Any]) -> dict[str, Any]:
    """Decode repeated KeyValue; of a repeated key the first counts."""
    decoded: dict[str, Any] = {}
    for pair in pairs:
        key = pair.key
        if key not in decoded:
            value = pair.value
            decoded[key] = value.string_value or any_value(value)  # most are texts
    return decoded


def json_safe(value: Any, depth: int = 0) -> Any:
    """The value as JSON can hold it.

    NaN, infinities and integers over 64 bit become strings, bytes base64, tuples and sets lists, surrogates U+FFFD.
    """
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if _INT_MIN <= value <= _INT_MAX else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if depth >= DEPTH_MAX:
        return "..."
    if isinstance(value, Mapping):
        return {json_safe(k if isinstance(k, str) else str(k)): json_safe(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item, depth + 1) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((json_safe(item, depth + 1) for item in value), key=str)
    return str(value)


def parse_json(text: str) -> Any:
    """The JSON document in the text, or `NOT_JSON`."""
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON


def parse_repr(text: str) -> Any:
    """The value of a Python literal (`{'a': 1}`), or `NOT_JSON`; longer texts than REPR_CHARS_MAX are not tried."""
    if len(text) > REPR_CHARS_MAX or len(text) < 2 or _REPR_ENDS.get(text[0]) != text[-1]:
        return NOT_JSON
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in somebody's text is no concern of ours
            return json_safe(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return NOT_JSON


def parse_text(text: str) -> Any:
    """The value a text stands for when it is a JSON object, array or string, or a Python literal of these; else itself.

    Bare scalars ("22", "true") stay text: an argument `"1234"` is a string, whatever its characters are. The value of
    a text that is asked for again is the same object: nobody may change it.
    """
    head = text[:1]
    if head not in _REPR_ENDS and (not head.isspace() or text.lstrip()[:1] not in _REPR_ENDS):
        return text
    held = RECENT_TEXTS.get(id(text))
    if held is not None and held[0] is text:
        return held[1]
    try:
        value = orjson.loads(text) if head in _JSON_BEGINS else _parse_odd(text)
    except (ValueError, RecursionError):
        value = _parse_odd(text)
    if len(text) <= RECENT_CHARS_MAX:
        if len(RECENT_TEXTS) >= RECENT_TEXTS_MAX:
            RECENT_TEXTS.clear()
        RECENT_TEXTS[id(text)] = (text, value)
    return value


def _parse_odd(text: str) -> Any:
    """As `parse_text`, for what is not JSON as it stands: with space around it, or a Python literal, or a text."""
    stripped = text.strip()
    value = parse_json(stripped) if stripped is not text and stripped[0] in _JSON_BEGINS else NOT_JSON
    if value is NOT_JSON:
        value = parse_repr(stripped)
    return text if value is NOT_JSON else value


def unwrap(value: Any) -> Any:
    """The value without its wrapping: JSON in strings, JSON twice, argument wrappers, Python repr."""
    if value.__class__ is str and value[:1].isalnum():  # a word, a number: nothing that could be a wrapping
        return value
    for _ in range(UNWRAP_DEPTH_MAX):
        if value.__class__ is str:
            inner = parse_text(value)
        elif value.__class__ is dict and ("args" in value or "kwargs" in value or "input_str" in value):
            inner = _without_wrapper(value)
        else:
            break
        if inner is value:
            break
        value = inner
    return value


def _without_wrapper(value: dict[str, Any]) -> Any:
    """Take `{"args": [...], "kwargs": {...}}` and `{"input_str": "<json or repr>"}` off."""
    if ("args" in value or "kwargs" in value) and (value.keys() <= _WRAPPER_KEYS or value.keys() >= _WRAPPER_KEYS):
        args, kwargs = value.get("args", []), value.get("kwargs", {})
        if isinstance(args, list) and isinstance(kwargs, dict):
            if not args or args == [None]:
                return kwargs  # whatever stands beside both is the wrapper's own
            if not kwargs and len(value) <= len(_WRAPPER_KEYS):
                return args[0] if len(args) == 1 else args
        return value
    if "input_str" in value and isinstance(text := value["input_str"], str):
        parsed = parse_text(text)
        return parsed if isinstance(parsed, dict) else value
    return value


def canonical_json(value: Any) -> bytes:
    """Compact JSON with sorted keys; the same bytes for the same value whatever its key order was."""
    try:
        return orjson.dumps(value, option=_CANONICAL)
    except (TypeError, ValueError, RecursionError):  # what json_safe has not seen
        text = json.dumps(json_safe(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "replace")


def _json_as_it_is(value: Any) -> bytes | None:
    """The canonical JSON of a value that `json_safe` would not change; None when it might, which is rare."""
    try:
        canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError, RecursionError):  # bytes, sets, surrogates, large integers, other keys than text
        return None
    if b"null" in canonical:  # NaN
        return None
    if len(canonical) >= 2 * DEPTH_MAX and canonical.count(b"{") + canonical.count(b"[") >= DEPTH_MAX:  # deep values
        return None
    return canonical


def preview(text: str | bytes, bytes_max: int = PREVIEW_BYTES_MAX) -> str:
    """At most `bytes_max` bytes of UTF-8, cut at a character."""
    if isinstance(text, str):
        text = text[:bytes_max].encode("utf-8", "replace")
    return text[:bytes_max].decode("utf-8", "ignore")


def payload(value: Any) -> Payload:
    """Wrap a JSON value (unwrapped already) with its digest and preview."""
    digest = _DIGEST.copy()
    if value.__class__ is str and value.isascii():
        digest.update(orjson.dumps(value))
        return Payload(digest.digest(), value[:PREVIEW_BYTES_MAX], value)
    canonical = None if isinstance(value, str) else _json_as_it_is(value)
    if canonical is None:
        value = json_safe(value)
        canonical = canonical_json(value)
    digest.update(canonical)
    if isinstance(value, str):
        return Payload(digest.digest(), preview(value), value)
    shown = canonical.decode() if len(canonical) <= PREVIEW_BYTES_MAX else preview(canonical)
    return Payload(digest.digest(), shown, value)
