"""Parses messages once: each model call repeats the whole history of the one before.

A JSON array that begins as a remembered one did, and goes on where that one ended, is that one's items and the rest.
The beginning finds the candidate; the whole remembered text is then compared, which costs no more than
reading it, so that no two histories can be taken for each other. What is parsed is shared: nobody may change it.
"""

from collections import OrderedDict
from typing import Any, Final

from trace_store.attributes import NOT_JSON, parse_json, parse_text

HEAD_CHARS = 160  # of a text: its beginning
TEXT_CHARS_MIN = 400  # shorter texts are parsed sooner than found
TEXT_CHARS_MAX = 2_000_000
CHARS_MAX = 16_000_000  # of all texts that are remembered; their parsed form takes several times that
_PARTS = 8  # texts with the same beginning that are remembered beside each other: parallel conversations


class Histories:
    """Remembered texts and what they mean, the least recently used forgotten first. For one thread."""

    __slots__ = ("_chars", "_chars_max", "_known", "parsed_chars", "reused_chars")

    def __init__(self, chars_max: int = CHARS_MAX) -> None:
        self._chars_max = chars_max
        self._chars = 0
        self._known: OrderedDict[str, list[tuple[str, Any]]] = OrderedDict()
        self.parsed_chars = 0  # what was parsed, and what was not: for benchmarks and tests
        self.reused_chars = 0

    def parse(self, text: str) -> Any:
        """As `parse_text`; the value must not be changed."""
        if not TEXT_CHARS_MIN <= len(text) <= TEXT_CHARS_MAX or text[0] not in "[{":
            return parse_text(text)
        key = text[:HEAD_CHARS]
        held = self._known.get(key)
        if held is None:
            held = self._known[key] = []
        else:
            self._known.move_to_end(key)
            for place, (known, value) in enumerate(held):
                if known == text:
                    self.reused_chars += len(text)
                    return value
                longer = _continued(known, value, text)
                if longer is not None:
                    self.reused_chars += len(known)
                    self.parsed_chars += len(text) - len(known)
                    held[place] = (text, longer)
                    self._chars += len(text) - len(known)
                    self._forget()
                    return longer
        value = parse_text(text)
        self.parsed_chars += len(text)
        if not isinstance(value, str):
            held.append((text, value))
            self._chars += len(text)
            if len(held) > _PARTS:
                self._chars -= len(held.pop(0)[0])
            self._forget()
        return value

    def clear(self) -> None:
        """Forget everything, the counts included."""
        self._known.clear()
        self._chars = self.parsed_chars = self.reused_chars = 0

    def _forget(self) -> None:
        while self._chars > self._chars_max:
            _, gone = self._known.popitem(last=False)
            self._chars -= sum(len(text) for text, _ in gone)


def _continued(known: str, value: Any, text: str) -> Any:
    """The items of a longer array, of which only the end is parsed; None when it does not go on from the known one."""
    end = len(known) - 1
    if not isinstance(value, list) or not value or len(text) <= len(known) or known[end] != "]":
        return None
    if text[end] != "," or not text.startswith(known[:end]):
        return None
    rest = parse_json("[" + text[end + 1 :])
    return None if rest is NOT_JSON or not isinstance(rest, list) else [*value, *rest]


HISTORIES: Final = Histories()
