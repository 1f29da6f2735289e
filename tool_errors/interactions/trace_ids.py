"""Trace ids inside events: 32 hex digits, or base64 of 16 bytes, as Raindrop's SDKs write both."""

import base64
import binascii
import re
from typing import Any

_HEX = re.compile(r"[0-9a-fA-F]{32}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{22}(?:==)?")
_NONE = bytes(16)


def trace_id_of(value: Any) -> bytes | None:
    """The 16 bytes of a trace id; None for anything else and for one of zeros."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _HEX.fullmatch(text):
        found = bytes.fromhex(text)
    elif _BASE64.fullmatch(text):
        try:
            found = base64.b64decode(text[:22].replace("-", "+").replace("_", "/") + "==", validate=True)
        except binascii.Error:
            return None
    else:
        return None
    return found if found != _NONE else None
