"""Ids as people paste them: hex with or without dashes, base64, Datadog's decimal numbers, a `traceparent`. Pure.

Sources: W3C Trace Context (`traceparent`), OTLP JSON (hex; some senders write base64), Datadog (the lower 64 bits of
both ids as a decimal number).
"""

import base64
import binascii
import re
from dataclasses import dataclass

TRACE_BYTES, HALF_BYTES = 16, 8
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_BASE64_CHARACTERS = {22: TRACE_BYTES, 24: TRACE_BYTES, 11: HALF_BYTES, 12: HALF_BYTES}


@dataclass(frozen=True, slots=True)
class TypedIds:
    """What a text may mean; more than one where it can be read in several ways."""

    traces: tuple[bytes, ...] = ()  # of 16 bytes
    halves: tuple[bytes, ...] = ()  # of 8 bytes: a span, or the lower half of a trace
    span: bytes | None = None  # of the only trace, where the text names both


def read_typed_ids(text: str) -> TypedIds:
    """Everything that a text can mean; nothing for a text that is no id."""
    text = text.strip()
    if both := _TRACEPARENT.fullmatch(text.lower()):
        return TypedIds((bytes.fromhex(both[1]),), (), bytes.fromhex(both[2]))
    readings = {*_hex(text), *_decimal(text), *_base64(text)}
    return TypedIds(
        tuple(sorted(found for found in readings if len(found) == TRACE_BYTES)),
        tuple(sorted(found for found in readings if len(found) == HALF_BYTES)),
    )


def datadog_id(identifier: bytes) -> str:
    """The lower 64 bits of a trace or span id as Datadog writes them."""
    return str(int.from_bytes(identifier[-HALF_BYTES:]))


def _hex(text: str) -> list[bytes]:
    digits = text.lower().removeprefix("0x").replace("-", "")
    if len(digits) not in (TRACE_BYTES * 2, HALF_BYTES * 2) or not re.fullmatch("[0-9a-f]+", digits):
        return []
    return [bytes.fromhex(digits)]


def _decimal(text: str) -> list[bytes]:
    if not re.fullmatch("[0-9]{6,39}", text):  # ids are random: a shorter number is a count, a status, an order
        return []
    number = int(text)
    if number < 2**64:
        return [number.to_bytes(HALF_BYTES)] if number else []
    return [number.to_bytes(TRACE_BYTES)] if number < 2**128 else []


def _base64(text: str) -> list[bytes]:
    length = _BASE64_CHARACTERS.get(len(text))
    if length is None or not _BASE64.fullmatch(text):
        return []
    try:
        digits = text.rstrip("=").translate(str.maketrans("-_", "+/"))
        raw = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except binascii.Error:
        return []
    return [raw] if len(raw) == length else []
