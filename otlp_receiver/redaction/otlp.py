"""Rewrites the texts of an encoded OTLP message in place: every other byte of it stays as it came.

A message is walked on the wire, not parsed and encoded again, which would change the order of fields and how they are
written. Lengths around a changed text are written anew. Sources: https://protobuf.dev/programming-guides/encoding/ and
opentelemetry/proto/{trace,logs,common,resource}/v1.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from otlp_receiver.field_counts import varint
from otlp_receiver.redaction.fields import RESOURCE, SCOPE, attribute_name

_INT_VALUE, _DOUBLE_VALUE = 3, 4  # of AnyValue
_STRING_VALUE_TAG = b"\x0a"
NUMBER_MIN = 1_000_000  # a smaller number is no phone and no card; counts and sizes are left alone

Redact = Callable[[str, bytes], bytes]  # a field's name and a text: the text to store, the same object if unchanged
MayFind = Callable[[bytes], bool]  # false for the bytes of a part in which no rule finds anything
_Kind = Literal["unknown", "text", "as sent", "attribute", "value", "array", "map", "entry", "event", "link", "status"]
Fields = Mapping[int, tuple[_Kind, str]]  # by number: what it is, and the name of a text

_VARINT, _FIXED64, _LENGTH_DELIMITED, _GROUP, _END_GROUP, _FIXED32 = 0, 1, 2, 3, 4, 5
_UNKNOWN: Final = ("unknown", "")
_OFTEN_WITHOUT = frozenset({"attribute", "event", "link"})
_ID: Final = ("as sent", "")

SPAN: Fields = {
    1: _ID,
    2: _ID,
    4: _ID,
    3: ("text", "trace_state"),
    5: ("text", "span.name"),
    9: ("attribute", ""),
    11: ("event", ""),
    13: ("link", ""),
    15: ("status", ""),
}
LOG: Fields = {
    3: ("text", "severity_text"),
    5: ("value", "body"),
    6: ("attribute", ""),
    9: _ID,
    10: _ID,
    12: ("text", "event.name"),
}
RESOURCE_FIELDS: Fields = {1: ("attribute", RESOURCE), 3: ("as sent", "")}
SCOPE_FIELDS: Fields = {1: ("text", SCOPE), 2: ("text", SCOPE), 3: ("attribute", SCOPE)}
_INSIDE: Mapping[_Kind, Fields] = {
    "event": {2: ("text", "event.name"), 3: ("attribute", "")},
    "link": {1: _ID, 2: _ID, 3: ("text", "trace_state"), 4: ("attribute", "")},
    "status": {2: ("text", "status.message")},
    "value": {1: ("text", ""), 5: ("array", ""), 6: ("map", ""), 7: ("text", "")},
    "array": {1: ("value", "")},
    "map": {1: ("entry", "")},
    "entry": {1: ("text", ""), 2: ("value", "")},
    "attribute": {1: ("as sent", ""), 2: ("value", "")},
}
_VALUE = _INSIDE["value"]


def rewrite(otlp: bytes, fields: Fields, redact: Redact, may_find: MayFind = bool) -> bytes:
    """The message with every text and large number handed to `redact`; the same object when nothing changed.

    An attribute, event or link in which `may_find` sees nothing is not walked. The message was parsed before, so it is
    well-formed. A field that OTLP does not define is left out when it holds something to redact: nobody knows where
    in it a text begins.
    """
    return _Rewriting(redact, may_find).rewritten(otlp, fields, "")


class _Rewriting(NamedTuple):
    redact: Redact
    may_find: MayFind

    def rewritten(self, raw: bytes, fields: Fields, inherited: str) -> bytes:
        pieces: list[bytes] = []
        position = copied = 0
        while position < len(raw):
            begin = position
            tag, position = varint(raw, position)
            wire_type, number = tag & 7, tag >> 3
            if wire_type == _LENGTH_DELIMITED:
                after_tag = position
                length, position = varint(raw, position)
                payload = raw[position : position + length]
                position += length
                kind, name = fields.get(number, _UNKNOWN)
            elif wire_type == _GROUP:
                position = after_tag = _end_of_group(raw, position)
                payload, (kind, name) = raw[begin:position], _UNKNOWN
            else:
                after_tag, position = position, _skipped(raw, position, wire_type)
                if fields is _VALUE and number in (_INT_VALUE, _DOUBLE_VALUE):
                    text = _number_text(raw[after_tag:position], wire_type)
                    if text and (new := self.redact(inherited, text)) is not text:
                        pieces += (raw[copied:begin], _STRING_VALUE_TAG, _varint_bytes(len(new)), new)
                        copied = position
                continue
            new = self._payload(kind, payload, name or inherited)
            if new is not payload:
                pieces.append(raw[copied:begin])
                if kind != "unknown":
                    pieces += (raw[begin:after_tag], _varint_bytes(len(new)), new)
                copied = position
        return b"".join((*pieces, raw[copied:])) if pieces else raw

    def _payload(self, kind: _Kind, payload: bytes, name: str) -> bytes:
        if kind == "as sent":
            return payload
        if kind in ("text", "unknown"):
            return self.redact(name, payload)
        if kind in _OFTEN_WITHOUT and not self.may_find(payload):
            return payload
        if kind == "attribute":
            key = _key(payload)
            name = attribute_name(name, key)
        return self.rewritten(payload, _INSIDE[kind], name)


def _key(raw: bytes) -> str:
    """The key of a KeyValue, wherever in it it stands; of several the last one, as parsers read it."""
    key, position = b"", 0
    while position < len(raw):
        tag, position = varint(raw, position)
        if tag & 7 == _LENGTH_DELIMITED:
            length, position = varint(raw, position)
            key = raw[position : position + length] if tag >> 3 == 1 else key
            position += length
        elif tag & 7 == _GROUP:
            position = _end_of_group(raw, position)
        else:
            position = _skipped(raw, position, tag & 7)
    return key.decode()


def _number_text(encoded: bytes, wire_type: int) -> bytes:
    """A large whole number of an attribute in digits; empty for any other."""
    if wire_type == _VARINT:
        value = varint(encoded, 0)[0]
        return b"%d" % value if NUMBER_MIN <= value < 1 << 63 else b""
    if wire_type == _FIXED64:
        (real,) = struct.unpack("<d", encoded)
        return b"%d" % real if NUMBER_MIN <= real < 1 << 63 and real.is_integer() else b""
    return b""


def _skipped(raw: bytes, position: int, wire_type: int) -> int:
    if wire_type == _VARINT:
        return varint(raw, position)[1]
    return position + {_FIXED64: 8, _FIXED32: 4}.get(wire_type, 0)


def _end_of_group(raw: bytes, position: int) -> int:
    depth = 1
    while depth:
        tag, position = varint(raw, position)
        if tag & 7 == _LENGTH_DELIMITED:
            length, position = varint(raw, position)
            position += length
        else:
            depth += (tag & 7 == _GROUP) - (tag & 7 == _END_GROUP)
            position = _skipped(raw, position, tag & 7)
    return position


def _varint_bytes(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
