"""JSON as PostgreSQL's jsonb takes it."""

import re
from typing import Any

import orjson

from trace_store.rows import VISIBLE_NUL

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # an escape of U+0000, but not an escaped backslash before "u0000"


def json_text(value: Any) -> str:
    """JSON that PostgreSQL's jsonb takes: U+0000 becomes a visible sign, NaN becomes null, bytes are a bytea."""
    return json_bytes(value).decode()


def json_bytes(value: Any) -> bytes:
    """The same as UTF-8."""
    return without_nul(orjson.dumps(value, default=_bytea))


def without_nul(encoded: bytes) -> bytes:
    """JSON text with each U+0000 as a visible sign, as columns hold it."""
    return _NUL.sub(rb"\1" + VISIBLE_NUL.encode(), encoded) if b"\\u0000" in encoded else encoded


def _bytea(value: Any) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
