"""What changed between two values, line by line, and within changed lines word by word. Pure."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

import orjson

from trace_store.attributes import json_safe
from web.pages.repeat_models import DiffLine, DiffPart, ValueDiff

TEXT_LENGTH_MAX = 20_000  # characters of each value that are compared
LINES_MAX = 500
CONTEXT_LINES = 2  # equal lines that stand round a change
_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
_WORDS_MAX = 400  # of a line whose words are compared


def diff_values(label: str, before: Any, after: Any) -> ValueDiff:
    """The difference of two JSON values, or texts; the order of keys is no difference, and None is no value."""
    old, new = _text(before), _text(after)
    if old == new:
        return ValueDiff(label, "the same", (), is_same=True, is_cut=False)
    old_lines, new_lines = (text[:TEXT_LENGTH_MAX].split("\n")[:LINES_MAX] if text else [] for text in (old, new))
    is_cut = any("\n".join(lines) != text for lines, text in ((old_lines, old), (new_lines, new)))
    lines = tuple(_lines(old_lines, new_lines))
    changed = max(sum(line.kind == kind for line in lines) for kind in ("removed", "added"))
    if not changed:
        said, lines = "differ after what is compared", ()
    elif before is None or after is None:
        said = "came in" if before is None else "left out"
    else:
        said = "1 line differs" if changed == 1 else f"{changed} lines differ"
    return ValueDiff(label, said, lines, is_same=False, is_cut=is_cut)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return orjson.dumps(json_safe(value), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffLine]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    operations = matcher.get_opcodes()
    for number, (tag, old_from, old_to, new_from, new_to) in enumerate(operations):
        if tag == "equal":
            is_first, is_last = number == 0, number == len(operations) - 1
            yield from _equal(old[old_from:old_to], is_first=is_first, is_last=is_last)
            continue
        pairs = min(old_to - old_from, new_to - new_from)
        changed = [_words(old[old_from + at], new[new_from + at]) for at in range(pairs)]
        yield from (DiffLine("removed", parts) for parts, _ in changed)
        yield from (DiffLine("removed", (DiffPart(line, True),)) for line in old[old_from + pairs : old_to])
        yield from (DiffLine("added", parts) for _, parts in changed)
        yield from (DiffLine("added", (DiffPart(line, True),)) for line in new[new_from + pairs : new_to])


def _equal(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[DiffLine]:
    """Equal lines next to a change; how many others there are."""
    head = 0 if is_first else CONTEXT_LINES
    tail = 0 if is_last else CONTEXT_LINES
    left_out = len(lines) - head - tail
    if left_out <= 1:
        yield from (DiffLine("same", (DiffPart(line, False),)) for line in lines)
        return
    yield from (DiffLine("same", (DiffPart(line, False),)) for line in lines[:head])
    yield DiffLine("left_out", (DiffPart(f"{left_out} equal lines", False),))
    yield from (DiffLine("same", (DiffPart(line, False),)) for line in lines[len(lines) - tail :])


def _words(old: str, new: str) -> tuple[tuple[DiffPart, ...], tuple[DiffPart, ...]]:
    """Both lines in parts, the words that differ marked."""
    words = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(found) for found in words) > _WORDS_MAX:
        return (DiffPart(old, True),), (DiffPart(new, True),)
    matcher = SequenceMatcher(None, *words, autojunk=False)
    sides: tuple[list[DiffPart], list[DiffPart]] = ([], [])
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        for side, found, begin, end in ((0, words[0], old_from, old_to), (1, words[1], new_from, new_to)):
            if end > begin:
                sides[side].append(DiffPart("".join(found[begin:end]), tag != "equal"))
    return tuple(sides[0]), tuple(sides[1])
