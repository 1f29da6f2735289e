"""Says cheaply, of encoded bytes, that no rule can find anything in them. It may say so wrongly of nothing.

A record is searched as it came, without decoding it: hints do not look at what stands around (a length byte may stand
before a text), and where texts are JSON they are also searched with the escapes taken out.
"""

import re
from collections.abc import Iterable

import re2

from otlp_receiver.redaction.built_in import BUILT_IN
from otlp_receiver.redaction.rules import RedactionRule

# A number of 12 to 19 digits as int_value or double_value of AnyValue: it may be a card.
_LARGE_INT = re.compile(rb"\x18[\x80-\xff]{5,8}[\x00-\x7f]")  # each begins with one byte, which is found fast
_LARGE_DOUBLE = re.compile(rb"\x21[\x00-\xff]{7}[\x42\x43]")
_RUN_OF_BACKSLASHES = re.compile(rb"\\{2,}")  # of JSON in JSON
_LETTER_ESCAPED = re.compile(rb"\\u(?!00[0-7])")
_ESCAPES = ((b"\\n", b"\n"), (b"\\t", b"\t"), (b"\\r", b"\r"), (b'\\"', b'"'), (b"\\/", b"/"))


class Hints:
    """The hints of some rules: one pattern for the built-in ones, searched at once, and one for each of the user's."""

    def __init__(self, rules: Iterable[RedactionRule]) -> None:
        rules = tuple(rules)
        built_in = [f"(?:{BUILT_IN[rule.name].hint})" for rule in rules if rule.pattern is None]
        self._built_in = re2.compile("|".join(built_in)) if built_in else None
        self._has_cards = any(rule.name == "card" and rule.pattern is None for rule in rules)
        self._own = _at_once([without_assertions(rule.pattern) for rule in rules if rule.pattern is not None])

    def may_find(self, encoded: bytes) -> bool:
        """Whether a rule may find something; about 3 µs per KB for all built-in rules."""
        if self._built_in is not None and self._built_in.search(encoded) is not None:
            return True
        if self._has_cards and (_LARGE_INT.search(encoded) or _LARGE_DOUBLE.search(encoded)):
            return True
        return bool(self._own) and self._own_may_find(encoded)

    def _own_may_find(self, encoded: bytes) -> bool:
        if any(hint.search(encoded) is not None for hint in self._own):
            return True
        if b"\\" not in encoded:
            return False
        encoded = _RUN_OF_BACKSLASHES.sub(rb"\\", encoded)
        if _LETTER_ESCAPED.search(encoded) is not None:
            return True
        for escape, character in _ESCAPES:
            encoded = encoded.replace(escape, character)
        return any(hint.search(encoded) is not None for hint in self._own)


def _at_once(patterns: list[str]) -> "list[re2._Regexp]":
    """One pattern for all of them; each by itself where that cannot be (two groups of one name)."""
    options = re2.Options()
    options.log_errors = False
    try:
        return [re2.compile("|".join(f"(?:{pattern})" for pattern in patterns), options=options)] if patterns else []
    except re2.error:
        return [re2.compile(pattern, options=options) for pattern in patterns]


def without_assertions(pattern: str) -> str:
    """A pattern that matches wherever this one does, and does not look at what stands around."""
    found, position, in_class = [], 0, False
    while position < len(pattern):
        part = pattern[position : position + 2] if pattern[position] == "\\" else pattern[position]
        if part == "\\Q":  # quoted up to \E
            end = pattern.find("\\E", position)
            part = pattern[position : end + 2] if end >= 0 else pattern[position:]
        position += len(part)
        if in_class:
            in_class = part != "]"
        elif part == "[":
            in_class = True
            for sign in "^]":  # a ] that comes first is a member of the class
                if pattern.startswith(sign, position):
                    part += sign
                    position += 1
        elif part in ("^", "$", "\\b", "\\B", "\\A", "\\z"):
            part = "(?:)"
        found.append(part)
    return "".join(found)
