"""Fills OTLP protobuf messages from JSON values, by descriptor: one table per message type, compiled once.

Lenient where real senders are: camelCase and snake_case names, unknown fields ignored, null means absent. A value that
has no meaning in its place raises JsonValueError, which costs the record it stands in.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from otlp_receiver import json_values

DEPTH_MAX = 100  # protobuf's own limit for nested messages

LONE_SURROGATE_WARNING = "lone surrogates in strings were stored as U+FFFD"
STRING_WARNING = "numbers and booleans in the place of strings were stored as text"

_ID_BYTES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_INTEGER_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}

Warnings = set[str]
_Setter = Callable[[Message, Any, Warnings, int], None]


class JsonValueError(ValueError):
    """A JSON value has no meaning where it stands."""


def fill(message: Message, value: Any, warnings: Warnings, depth: int = 1) -> None:
    """Set the fields of `message` from a JSON object; changes that lose something are named in `warnings`."""
    if not isinstance(value, dict):
        raise JsonValueError(f"expected an object, not {json_values.shown(value)}")
    if depth > DEPTH_MAX:
        raise JsonValueError(f"values are nested deeper than {DEPTH_MAX} messages")
    setters = _setters(message.DESCRIPTOR)
    for name, item in value.items():
        if item is None:
            continue
        setter = setters.get(name)
        if setter is not None:
            setter(message, item, warnings, depth)


@lru_cache(maxsize=64)
def _setters(descriptor: Descriptor) -> dict[str, _Setter]:
    found: dict[str, _Setter] = {}
    for field in descriptor.fields:
        setter = _repeated(field) if field.is_repeated else _single(field)
        found[field.name] = found[field.json_name] = setter
    return found


def _single(field: FieldDescriptor) -> _Setter:
    name = field.name
    if field.message_type is not None:

        def set_message(message: Message, value: Any, warnings: Warnings, depth: int) -> None:
            child = getattr(message, name)
            child.SetInParent()  # an empty object is present all the same
            fill(child, value, warnings, depth + 1)

        return set_message
    convert = _converter(field)

    def set_scalar(message: Message, value: Any, warnings: Warnings, _depth: int) -> None:
        try:
            setattr(message, name, convert(value, warnings))
        except ValueError as error:
            raise JsonValueError(f"{field.json_name}: {error}") from None

    return set_scalar


def _repeated(field: FieldDescriptor) -> _Setter:
    name, is_message = field.name, field.message_type is not None
    keeps_null = is_message and field.message_type.name == "AnyValue"  # null in an array is an empty value
    convert = None if is_message else _converter(field)

    def set_list(message: Message, value: Any, warnings: Warnings, depth: int) -> None:
        if not isinstance(value, list):
            raise JsonValueError(f"{field.json_name}: expected an array, not {json_values.shown(value)}")
        items = getattr(message, name)
        for item in value:
            if item is None and not keeps_null:
                continue
            if convert is None:
                fill(items.add(), {} if item is None else item, warnings, depth + 1)
                continue
            try:
                items.append(convert(item, warnings))
            except ValueError as error:
                raise JsonValueError(f"{field.json_name}: {error}") from None

    return set_list


def _converter(field: FieldDescriptor) -> Callable[[Any, Warnings], Any]:
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text
    if field.type == FieldDescriptor.TYPE_BYTES:
        length = _ID_BYTES.get(field.name)
        read = json_values.base64_bytes if length is None else partial(json_values.id_bytes, length=length)
        return lambda value, _: read(value)
    if field.type == FieldDescriptor.TYPE_ENUM:
        enum = field.enum_type
        return lambda value, _: json_values.enum_number(value, enum)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return lambda value, _: json_values.boolean(value)
    if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return lambda value, _: json_values.double(value)
    smallest, largest = _INTEGER_RANGES[field.cpp_type]
    return lambda value, _: json_values.integer(value, smallest, largest)


def _text(value: Any, warnings: Warnings) -> str:
    if isinstance(value, str):
        if value.isascii():
            return value
        text = json_values.without_lone_surrogates(value)
        if text != value:
            warnings.add(LONE_SURROGATE_WARNING)
        return text
    if isinstance(value, bool | int | float):
        warnings.add(STRING_WARNING)
        return str(value).lower() if isinstance(value, bool) else str(value)
    raise ValueError(f"expected a string, not {json_values.shown(value)}")
