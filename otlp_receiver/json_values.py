"""Lenient reading of the scalar values of OTLP/JSON; each function returns a protobuf field value or raises ValueError.

Accepted beside what the spec writes (opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), because real senders
do it: numbers and strings for each other, 1.0 for 1, enum names, base64 ids, unpadded and URL-safe base64.
"""

import base64
import binascii
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from google.protobuf.descriptor import EnumDescriptor

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN_CHARACTERS = 60


def shown(value: Any) -> str:
    """A value as an error sentence quotes it."""
    text = ascii(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."


def without_lone_surrogates(text: str) -> str:
    """The text with each lone surrogate as U+FFFD: UTF-8, and so protobuf, cannot hold one."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def id_bytes(value: Any, length: int) -> bytes:
    """A trace or span id: hex as the spec says, or base64 as protobuf's own JSON does.

    2 * `length` hex digits are hex, base64 of exactly `length` bytes is base64; ids of another length are decoded as
    what fits, so that the check of their length can name them.
    """
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no id")
    text = value.strip()
    if not text:
        return b""
    is_hex = _HEX.fullmatch(text) is not None
    if is_hex and len(text) == 2 * length:
        return bytes.fromhex(text)
    decoded = _decode_base64(text)
    if decoded is not None and (len(decoded) == length or not is_hex):
        return decoded
    if is_hex:
        return bytes.fromhex(text)
    raise ValueError(f"{shown(value)} is neither hex nor base64")


def base64_bytes(value: Any) -> bytes:
    """A bytesValue: standard or URL-safe base64, padded or not."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no base64 text")
    decoded = _decode_base64(value) if value else b""
    if decoded is None:
        raise ValueError(f"{shown(value)} is no base64 text")
    return decoded


def integer(value: Any, smallest: int, largest: int) -> int:
    """An integer: a number, a decimal string, or a float without a fraction; within [smallest, largest]."""
    number = _whole(value)
    if number is None:
        raise ValueError(f"{shown(value)} is no integer")
    if not smallest <= number <= largest:
        raise ValueError(f"{shown(value)} is outside {smallest}..{largest}")
    return number


def double(value: Any) -> float:
    """A double: a number, a decimal string, or NaN, Infinity and -Infinity bare or as strings."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ValueError(f"{shown(value)} is too large for a double") from None
    if isinstance(value, str) and "_" not in value:
        try:
            return float(value)
        except ValueError:
            pass
    raise ValueError(f"{shown(value)} is no number")


def boolean(value: Any) -> bool:
    """A bool, or its name as a string."""
    if isinstance(value, bool):
        return value
    found = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{shown(value)} is neither true nor false")
    return found


def enum_number(value: Any, enum: EnumDescriptor) -> int:
    """An enum value: its number, its name, or its name without the enum's prefix, in any case."""
    if isinstance(value, str):
        wanted = value.upper()
        for entry in enum.values:
            if entry.name == wanted or entry.name.endswith("_" + wanted):
                return int(entry.number)
    return integer(value, -(2**31), 2**31 - 1)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if not isinstance(value, float | str) or (isinstance(value, str) and (len(value) > 40 or "_" in value)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > 40:
        return None
    return int(number) if number == number.to_integral_value() else None


def _decode_base64(text: str) -> bytes | None:
    body = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(text) - len(body) > 2 or not _BASE64.fullmatch(body):
        return None
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except binascii.Error:
        return None
