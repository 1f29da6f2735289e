"""Calls whose arguments differ in nothing that matters, with the same failure or the same result.

White space, letter case, quotes, key order, a closing slash, a counter of attempts, a fresh request id, the time of the
call (see tool_errors/loop/call_signature.py); of failing calls also the order of the words, and single misspelt words.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence

from tool_errors.loop.call_signature import has_substance, names, words
from tool_errors.loop.identical_result import unchanged_runs
from tool_errors.loop.loop_steps import Run, Step, Steps
from tool_errors.loop.repeated_failure import failing_runs

TASKS_COMPARED_MAX = 8  # latest tasks of one tool with one failure that a new one is compared with
WORDS_MIN = 8  # of fewer words each one matters
DIFFERING_SHARE_MAX = 0.15
TYPO_LETTERS_MIN = 5
_SMALL_WORDS = names("a an and at by for from in is it me of on or please show the to with")


def near_identical(steps: Steps) -> list[Run]:
    """Runs of one tool in which at least two of the calls differ, and not in what matters."""
    tasks = _Tasks()
    runs = failing_runs(steps, tasks.of)
    runs += unchanged_runs(steps, lambda step: step.near if has_substance(step.call) else "")
    return [run for run in runs if len({step.exact for step in run.steps}) > 1]


class _Tasks:
    """Names the task of a failing call: the first call with nearly the same arguments and the same failure."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._latest: dict[str, deque[tuple[str, Counter[str]]]] = defaultdict(lambda: deque(maxlen=TASKS_COMPARED_MAX))

    def of(self, step: Step) -> str:
        """The name of the task; only calls with known arguments have one in common."""
        if not step.exact:
            return f"?{step.call.verdict.message}"
        bag = Counter(words(step.near))
        mark = step.call.verdict.fingerprint
        key = f"{step.call.name}\x1e{mark}\x1e" + " ".join(sorted(bag.elements()))
        if key in self._known:
            return self._known[key]
        if not step.call.failed:
            return "=" + step.near
        latest = self._latest[f"{step.call.name}\x1e{mark}"]
        task = next((task for task, other in latest if _differ_in_little(bag, other)), None)
        if task is None:
            task = key
            latest.append((task, bag))
        self._known[key] = task
        return task


def _differ_in_little(one: Counter[str], other: Counter[str]) -> bool:
    """Whether long texts differ in a few misspelt or small words alone."""
    removed = [word for word in (one - other).elements() if word.isalnum() and word not in _SMALL_WORDS]
    added = [word for word in (other - one).elements() if word.isalnum() and word not in _SMALL_WORDS]
    size = sum(one.values())
    if size < WORDS_MIN or len(removed) != len(added) or len(removed) > size * DIFFERING_SHARE_MAX:
        return False
    return all(_is_typo(first, second) for first, second in zip(sorted(removed), sorted(added), strict=True))


def _is_typo(one: str, other: str) -> bool:
    if min(len(one), len(other)) < TYPO_LETTERS_MIN or not (one.isalpha() and other.isalpha()):
        return False
    return _edits(one, other) <= 2


def _edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein distance; words are short."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one[:40], start=1):
        before, row[0] = row[0], number
        for at, other_letter in enumerate(other[:40], start=1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != other_letter))
    return row[len(other[:40])]
