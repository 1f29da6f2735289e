"""Answers that keep within a number of tokens. Pure.

How a model cuts text into tokens differs from model to model; three bytes of UTF-8 are counted as one token, which is
more tokens than the usual vocabularies make of prose, code or JSON (about four bytes of English, three of Chinese).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

BYTES_A_TOKEN = 3
# Longest text and most items of a list in what is told of one thing: the first that fits is taken.
LEVELS = ((20_000, 1_000), (4_000, 100), (1_200, 40), (400, 20), (160, 10), (80, 5), (30, 2), (0, 0))
CUT_NOTE = "Texts that end in `more characters)` and lists that end in `more` are cut to fit the token budget."
CUT_ANSWER = "… (cut at the token budget: ask with a larger token_budget)"


def tokens_of(text: str) -> int:
    """How many tokens a text counts."""
    return -(-_size(text) // BYTES_A_TOKEN)


def clipped(text: str, chars_max: int) -> str:
    """The beginning of a text and how much more there is; the text itself when it is short enough."""
    rest = len(text) - chars_max
    return text if rest <= 0 else f"{text[:chars_max]}… ({rest:,} more characters)"


def one_line(text: str, chars_max: int) -> str:
    """The same on one line."""
    return clipped(" ".join(text.split()), chars_max)


def shortened(value: Any, chars_max: int, items_max: int) -> Any:
    """A JSON value with long texts clipped, and of long lists and objects the first."""
    if isinstance(value, str):
        return clipped(value, chars_max)
    if isinstance(value, Mapping):
        found = {
            clipped(key, max(chars_max, 20)): shortened(each, chars_max, items_max)
            for key, each in list(value.items())[: max(items_max, 1) * 4]
        }
        rest = len(value) - max(items_max, 1) * 4
        return found | {"…": f"{rest:,} more"} if rest > 0 else found
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        items = [shortened(each, chars_max, items_max) for each in value[:items_max]]
        rest = len(value) - items_max
        return [*items, f"… {rest:,} more"] if rest > 0 else items
    return value


def json_line(value: Any) -> str:
    """A value as JSON on one line."""
    return orjson.dumps(value).decode()


def fitting_count(lines: Iterable[str], budget: int) -> int:
    """How many lines, from the first on and each with its line feed, fit."""
    room, count = budget * BYTES_A_TOKEN, 0
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        count += 1
    return count


def fitted_json(value: Any, budget: int) -> str:
    """A JSON value, shortened as far as the budget needs, and a note when it is."""
    text = json_line(value)
    if tokens_of(text) <= budget:
        return text
    for level in LEVELS:
        text = f"{json_line(shortened(value, *level))}\n{CUT_NOTE}"
        if tokens_of(text) <= budget:
            return text
    return within(text, budget)


def within(text: str, budget: int) -> str:
    """The last resort: a text cut where the budget ends, with a sentence that says so where there is room for it."""
    room = budget * BYTES_A_TOKEN
    if _size(text) <= room:
        return text
    note = CUT_ANSWER if _size(CUT_ANSWER) * 2 <= room else ""
    return text.encode("utf-8", "replace")[: room - _size(note)].decode(errors="ignore") + note


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
