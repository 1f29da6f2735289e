"""JSON values and types of schemas in words."""

from collections.abc import Sequence
from typing import Any

import orjson

VALUE_CHARS_MAX = 40
_TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")


def type_of(value: Any) -> str:
    """The type of a JSON value as schemas name it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    return "integer" if isinstance(value, int) else "number" if isinstance(value, float) else "string"


def named_types(told: Any) -> tuple[str, ...]:
    """The types that a schema names, also in capitals as Gemini writes them; none when it names one that is unknown."""
    names = [name.lower() if isinstance(name, str) else "" for name in (told if isinstance(told, list) else [told])]
    return tuple(names) if all(name in _TYPES for name in names) else ()


def expected_types(types: Sequence[str]) -> str:
    """Types as they are told: "string or null"."""
    return " or ".join(types)


def said_value(value: Any, *, with_type: bool = True) -> str:
    """A value in a few words: `integer 7`, `string "Bonn"`, `array of 3`, `null`."""
    kind = type_of(value)
    if kind in ("object", "array"):
        return f"{kind} of {len(value)}"
    text = str(value)[: VALUE_CHARS_MAX + 1] if isinstance(value, str) else None
    if text is not None and len(text) > VALUE_CHARS_MAX:
        text = text[: VALUE_CHARS_MAX - 1] + "…"
    try:
        told = orjson.dumps(value if text is None else text).decode()
    except TypeError:  # a number of more than 64 bits, a lone surrogate
        told = str(value)[:VALUE_CHARS_MAX].encode("utf-8", "replace").decode()
    return f"{kind} {told}" if with_type and kind != "null" else told
