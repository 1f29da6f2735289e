"""What differs between two texts: key by key when both are JSON objects, else word by word. Pure."""

import difflib
import json
from dataclasses import dataclass
from typing import Any

CHANGES_MAX = 20
WORDS_MAX = 400
VALUE_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Change:
    """A key of the arguments that differs; None where one side does not have it."""

    path: str
    a: str | None
    b: str | None


def argument_changes(a: str, b: str) -> tuple[Change, ...]:
    """Which keys differ, at most 20; one change without a path when a side is no whole JSON object."""
    if a == b:
        return ()
    one, other = _object(a), _object(b)
    if one is None or other is None:
        return (Change("", a or None, b or None),)
    flat_a, flat_b = _flat(one), _flat(other)
    paths = [*flat_a, *(path for path in flat_b if path not in flat_a)]
    changed = [path for path in paths if flat_a.get(path) != flat_b.get(path)]
    return tuple(Change(path, flat_a.get(path), flat_b.get(path)) for path in changed[:CHANGES_MAX])


def word_changes(a: str, b: str) -> tuple[tuple[str, str], ...]:
    """Runs of words as (`same`, `removed` or `added`, text); of the first 400 words of each."""
    one, other = a.split()[:WORDS_MAX], b.split()[:WORDS_MAX]
    found: list[tuple[str, str]] = []
    for what, a_from, a_to, b_from, b_to in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("same", " ".join(one[a_from:a_to])))
            continue
        if a_to > a_from:
            found.append(("removed", " ".join(one[a_from:a_to])))
        if b_to > b_from:
            found.append(("added", " ".join(other[b_from:b_to])))
    return tuple(found)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if isinstance(inner, dict) and inner:
            found |= _flat(inner, f"{path}.")
        else:
            found[path] = json.dumps(inner, ensure_ascii=False)[:VALUE_CHARACTERS_MAX]
    return found
