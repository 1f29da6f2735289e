"""Reads the reprs that dataclasses of plain values have by their tokens: an eighth of the time of Python's own parser.

What it does not know (calls with positional arguments, sets, bytes, bare names) it leaves to `object_repr`.
"""

import re
from collections.abc import Iterator
from typing import Any

from trace_store.attributes import NOT_JSON, json_safe

CLASS = "class"  # the key under which an object's class name stands
_ESCAPE = r"""\\(?:[\\'"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U00(?:0[0-9a-f]|10)[0-9a-f]{4})"""  # all that a repr writes
_WORDS = re.compile(
    rf"""'[^'\\\n]*(?:{_ESCAPE}[^'\\\n]*)*'|"[^"\\\n]*(?:{_ESCAPE}[^"\\\n]*)*"
    |<[A-Za-z_][\w.]*:[ ](?:'[^'\\]*'|\d+)>  # a member of an enum: <Role.USER: 'user'>
    |-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?
    |[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*[=(]?
    |\S""",
    re.VERBOSE | re.ASCII,
)
_CONSTANTS = {"None": None, "True": True, "False": False}


def read_plain_repr(text: str) -> Any:
    """The value of a repr as JSON can hold it, objects as `{"class": name, field: value}`.

    NOT_JSON when it needs Python's parser.
    """
    if text[:1].isspace():  # an indented line is none
        return NOT_JSON
    if not text.isascii():
        text = json_safe(text)
    words = iter(_WORDS.findall(text))
    try:
        value = _value(next(words), words)
    except (ValueError, StopIteration, RecursionError):
        return NOT_JSON
    return value if next(words, None) is None else NOT_JSON


def _value(word: str, rest: Iterator[str]) -> Any:
    first = word[0]
    if first in "'\"" and len(word) > 1:
        return word[1:-1] if "\\" not in word else _unescaped(word)
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if word[-1] == "(":
        return _object(word, rest) if word != "(" else _list(")", rest)
    if first == "[":
        return _list("]", rest)
    if first == "{":
        return _dict(rest)
    if first == "<":
        member = word[word.index(": ") + 2 : -1]
        return member[1:-1] if member[0] == "'" else int(member)
    if first not in "-0123456789":
        raise ValueError(word)
    return json_safe(int(word) if word.lstrip("-").isdigit() else float(word))


def _object(opening: str, rest: Iterator[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {CLASS: opening[:-1].rpartition(".")[2]}
    while (name := next(rest)) != ")":
        if name[-1] != "=" or name == "=":
            raise ValueError(name)
        fields[name[:-1]] = _value(next(rest), rest)
        if _ends(next(rest), ")"):
            break
    return fields


def _list(closing: str, rest: Iterator[str]) -> list[Any]:
    items: list[Any] = []
    while (word := next(rest)) != closing:
        items.append(_value(word, rest))
        if _ends(next(rest), closing):
            if closing == ")" and len(items) == 1:
                raise ValueError("a value in brackets is no tuple")
            break
    return items


def _dict(rest: Iterator[str]) -> dict[str, Any]:
    items: dict[str, Any] = {}
    while (word := next(rest)) != "}":
        key = str(_value(word, rest))
        if next(rest) != ":":
            raise ValueError("a set")
        items[key] = _value(next(rest), rest)
        if _ends(next(rest), "}"):
            break
    return items


def _ends(word: str, closing: str) -> bool:
    if word not in (",", closing):
        raise ValueError(word)
    return word == closing


def _unescaped(word: str) -> str:
    return json_safe(word[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape"))  # type: ignore[no-any-return]
