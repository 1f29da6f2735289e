"""The strip of a run: one mark per step, the calls of a loop in a ring. Pure; letters as in tool_errors/steps.py."""

from dataclasses import dataclass

MARKS_MAX = 14  # with the count of the rest as wide as the column of the list
RING_MARKS_MIN, RING_MARKS_MAX = 2, 8
RING_AND_NUMBER = 3  # as wide as so many marks
_KINDS = {
    "L": "is-llm",
    "X": "is-error",
    "T": "is-tool",
    "E": "is-error",
    "S": "is-soft",
    "U": "is-open",
    "P": "is-live",
}


@dataclass(frozen=True, slots=True)
class StripPart:
    """Marks beside each other; those of a loop stand in a ring with the number of its calls."""

    marks: tuple[str, ...]  # classes
    loop_calls: int = 0  # 0: no loop


@dataclass(frozen=True, slots=True)
class Strip:
    """What a strip shows, and how much of it does not fit."""

    parts: tuple[StripPart, ...]
    beyond: int  # steps
    has_failures_beyond: bool
    is_cut: bool  # even the letters are not all


def strip(steps: str) -> Strip:
    """The marks of a run. Model calls between the calls of a loop fold away."""
    letters = steps.removesuffix("+")
    parts: list[StripPart] = []
    at = shown = 0
    while at < len(letters) and shown < MARKS_MAX:
        if letters[at].islower():
            end = _end_of_ring(letters, at)
            calls = [letter for letter in letters[at:end] if letter.islower()]
            room = min(RING_MARKS_MAX, MARKS_MAX - shown - RING_AND_NUMBER)
            if room < RING_MARKS_MIN and shown:
                break
            marks = tuple(_KINDS.get(letter.upper(), "is-tool") for letter in calls[:room])
            parts.append(StripPart(marks, len(calls)))
            shown += len(marks) + RING_AND_NUMBER
        else:
            end = next((n for n in range(at, len(letters)) if letters[n].islower()), len(letters))
            end = min(end, at + MARKS_MAX - shown)
            parts.append(StripPart(tuple(_KINDS.get(letter, "is-tool") for letter in letters[at:end])))
            shown += end - at
        at = end
    rest = letters[at:]
    return Strip(tuple(parts), len(rest), any(letter in "EXe" for letter in rest), steps.endswith("+"))


def _end_of_ring(letters: str, at: int) -> int:
    """Where the calls of a loop end that begin at `at`: only model calls stand between them."""
    end = at
    for n in range(at, len(letters)):
        if letters[n].islower():
            end = n + 1
        elif letters[n] not in "LX":
            break
    return end
