"""Bounds what parsing protobuf may cost: a message of many tiny parts takes up to 50 times its size once parsed."""

from functools import lru_cache

from google.protobuf.descriptor import Descriptor

from otlp_receiver.exceptions import MalformedBody

FIELDS_MAX = 1_000_000  # about 100 MB once parsed; a real message of 64 MiB has far fewer
UNCHECKED_BYTES_MAX = 1024 * 1024

_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


def require_few_fields(raw: bytes, descriptor: Descriptor) -> None:
    """Raise MalformedBody when parsing `raw` would give more than FIELDS_MAX fields; small messages pass unread.

    Bytes that are no protobuf pass too: the parser refuses them.
    """
    if len(raw) > UNCHECKED_BYTES_MAX and _has_more_fields(raw, descriptor, FIELDS_MAX):
        raise MalformedBody(f"a message has more than {FIELDS_MAX} fields: send smaller batches")


def _has_more_fields(raw: bytes, descriptor: Descriptor, fields_max: int) -> bool:
    unread = [(0, len(raw), descriptor)]
    count = 0
    try:
        while unread:
            position, end, message = unread.pop()
            children = _submessages(message)
            while position < end:
                count += 1
                if count > fields_max:
                    return True
                tag, position = varint(raw, position)
                wire_type = tag & 7
                if wire_type == _LENGTH_DELIMITED:
                    length, position = varint(raw, position)
                    child = children.get(tag >> 3)
                    if child is not None and length:
                        unread.append((position, min(position + length, end), child))
                    position += length
                elif wire_type == _VARINT:
                    _, position = varint(raw, position)
                elif wire_type == _FIXED64:
                    position += 8
                elif wire_type == _FIXED32:
                    position += 4
    except IndexError:
        return False  # cut off: the parser says so better
    return False


def varint(raw: bytes, position: int) -> tuple[int, int]:
    """A varint and the position after it; IndexError when it is cut off or too long."""
    byte = raw[position]
    position += 1
    if byte < 0x80:
        return byte, position
    value, shift = byte & 0x7F, 7
    while True:
        byte = raw[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise IndexError("a varint has at most 10 bytes")


@lru_cache(maxsize=64)
def _submessages(descriptor: Descriptor) -> dict[int, Descriptor]:
    return {field.number: field.message_type for field in descriptor.fields if field.message_type is not None}
