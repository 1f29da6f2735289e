"""Reads the repr of Python dataclasses: `ToolCall(tool_name='a', arguments={'b': 1})`, as a value of plain types.

Pydantic's `str` of a model is the same without the class and its commas: `status='failure' error='no route'`.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any

from trace_store.attributes import NOT_JSON, REPR_CHARS_MAX, json_safe
from trace_store.dialects.plain_repr import CLASS, read_plain_repr

_ENUM_MEMBER = re.compile(r"<[\w.]+: ('[^'\\]*'|\d+)>")  # <Role.USER: 'user'>
_FIELD = re.compile(r"(?:^|\s)([A-Za-z_]\w*)=")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_NAMES = {"nan": "NaN", "inf": "Infinity"}


def parse_object_repr(text: str) -> Any:
    """The value of a repr, objects as `{"class": name, field: value}`; NOT_JSON when it is none or too long."""
    if len(text) > REPR_CHARS_MAX:
        return NOT_JSON
    value = read_plain_repr(text)
    return value if value is not NOT_JSON else _by_pythons_parser(text)


def _by_pythons_parser(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in somebody's text is no concern of ours
            tree = ast.parse(_ENUM_MEMBER.sub(r"\1", text), mode="eval")
        return json_safe(_value(tree.body))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return NOT_JSON


def parse_fields(text: str) -> dict[str, Any] | None:
    """The fields that are told in Pydantic's `str` of a model, those that are None left out; None when it is none."""
    if len(text) > REPR_CHARS_MAX or not _FIELD.match(text):
        return None
    parsed = parse_object_repr("fields(" + "".join(_with_commas(text)) + ")")
    if not isinstance(parsed, dict):
        return None
    return {name: value for name, value in parsed.items() if name != CLASS and value is not None}


def _with_commas(text: str) -> Iterator[str]:
    """The text with a comma before each field but the first; what stands in quotes and brackets stays as it is."""
    quote, depth, escaped = "", 0, False
    for index, char in enumerate(text):
        if escaped or char == "\\":
            escaped = not escaped
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        else:
            depth += _BRACKETS.get(char, 0)
            if char == " " and not depth and _FIELD.match(text, index):
                yield ","
        yield char


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return None if node.value is Ellipsis else node.value
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {str(_value(key)): _value(item) for key, item in zip(node.keys, node.values, strict=True) if key}
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return {CLASS: name, **{field.arg: _value(field.value) for field in node.keywords if field.arg}}
    if isinstance(node, ast.Name):
        return _NAMES.get(node.id, node.id)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
