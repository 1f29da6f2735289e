"""The calls of a trace or conversation as the loop detectors read them: what repeats, and what is progress.

Progress between two repeats is a change made to the world (an edit, a shell command that writes) that was not made
before, or another call whose result has changed. A result that says "still running" is waited for more patiently.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from tool_errors.findings import FAILED, ToolCall
from tool_errors.loop.call_signature import exact_key, near_key, outcome_key
from tool_errors.loop.progress import is_waiting, writes
from trace_store.quickly_made import quickly_made

PATIENT_GAP_S = 30.0  # who waits so long between two calls is polling


@dataclass(frozen=True, slots=True)
class LoopThresholds:
    """From how many repeats on repetition counts as a loop."""

    repeats_min: int = 3  # calls of one tool, or rounds of a cycle
    waiting_repeats_min: int = 10  # the same while the results say that something is still under way
    cycle_calls_max: int = 5  # calls in one round of a cycle


@quickly_made
@dataclass(frozen=True, slots=True)
class Step:
    """One finished call and what it is compared by."""

    index: int  # among the steps
    call: ToolCall
    exact: str
    near: str
    outcome: str | None  # None: unknown
    is_waiting: bool
    turn: tuple[bytes, bytes, int] | None  # calls with the same one were asked for at once

    @property
    def request(self) -> str:
        """The user's request that the call serves."""
        return self.call.scope.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Run:
    """Steps that repeat each other, by time."""

    steps: tuple[Step, ...]
    iterations: int


class Steps:
    """All steps by time, with sums that tell whether something lies between two of them."""

    def __init__(self, calls: Sequence[ToolCall], thresholds: LoopThresholds) -> None:
        finished = [
            call
            for call in calls
            if call.verdict.status == "ok" or (call.verdict.status in FAILED and call.propagated_from is None)
        ]
        finished.sort(key=lambda call: (call.start_unix_nano, call.trace_id, call.call_key))
        self.thresholds = thresholds
        self.all = [_step(index, call) for index, call in enumerate(finished)]
        changes, news = _progress(self.all)
        self._changes = list(accumulate(changes, initial=0))
        self._news = list(accumulate(news, initial=0))
        self._last_success = {step.call.name: step for step in self.all if step.call.verdict.status == "ok"}
        self._by_arguments: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for step in self.all:
            self._by_arguments[step.call.scope, step.call.name, step.exact].append(step.index)
        self._waiting = list(accumulate((step.is_waiting for step in self.all), initial=0))

    def without_progress(self, steps: Sequence[Step], *, round_length: int = 1) -> list[Run]:
        """The runs among steps that repeat each other in which nothing was achieved and that are long enough.

        Where something was achieved in most of the gaps, only the pieces between are looked at; a single change does
        not excuse the rest. `round_length` is the number of steps of one round of a cycle.
        """
        news = all(step.call.verdict.status == "ok" for step in steps)
        ends = [step.index for step in steps]
        gaps = [self._is_progress(before, after, news) for before, after in pairwise(ends)]
        rounds = len(steps) // round_length
        pieces = [list(steps)]
        if sum(gaps) * 2 >= rounds - 1 and any(gaps):
            pieces = [[steps[0]]]
            for step, progress in zip(steps[1:], gaps, strict=True):
                if progress:
                    pieces.append([])
                pieces[-1].append(step)
        runs = []
        for piece in pieces:
            count = len(piece) // round_length if round_length > 1 else _tries(piece)
            if count >= self._least(piece, round_length):
                kept = piece[: count * round_length] if round_length > 1 else piece
                runs.append(Run(tuple(kept), count if round_length > 1 else len(piece)))
        return runs

    def has_changed_between(self, before: int, after: int) -> bool:
        """Whether something was written between two steps that was not written before."""
        return self._changes[after] > self._changes[before + 1]

    def works_later(self, step: Step) -> bool:
        """Whether a later call of the same tool succeeds, and is not just another repeat of it."""
        last = self._last_success.get(step.call.name)
        if last is None or last.call.start_unix_nano < step.call.end_unix_nano:
            return False
        return step.call.failed or (last.near, last.outcome) != (step.near, step.outcome)

    def next_with_same_arguments(self, after: int, step: Step) -> Step | None:
        """The next call of the same tool for the same piece of work with equal arguments."""
        indexes = self._by_arguments[step.call.scope, step.call.name, step.exact]
        at = bisect_right(indexes, after)
        return self.all[indexes[at]] if at < len(indexes) else None

    def _is_progress(self, before: int, after: int, news: bool) -> bool:
        return self.has_changed_between(before, after) or (news and self._news[after] > self._news[before + 1])

    def _least(self, steps: Sequence[Step], round_length: int) -> int:
        if not steps:
            return 1
        waiting = self._waiting[steps[-1].index + 1] > self._waiting[steps[0].index]
        return (
            self.thresholds.waiting_repeats_min
            if waiting or _is_patient(steps, round_length)
            else (self.thresholds.repeats_min)
        )


def contains(outer: Step, inner: Step) -> bool:
    """Whether a call ran inside another one; calls asked for at once do not contain each other."""
    return (
        outer.call.trace_id == inner.call.trace_id
        and outer.call.span_id is not None
        and inner.call.start_unix_nano < outer.call.end_unix_nano
        and inner.call.end_unix_nano <= outer.call.end_unix_nano
        and (outer.turn is None or outer.turn != inner.turn)
    )


def _step(index: int, call: ToolCall) -> Step:
    turn = None if call.asked_by is None else (call.trace_id, call.asked_by, call.asked_turn)
    return Step(index, call, exact_key(call), near_key(call), outcome_key(call), is_waiting(call), turn)


def _tries(steps: Sequence[Step]) -> int:
    """How often something was tried one after the other; calls asked for at once or side by side are one try."""
    return bool(steps) + sum(
        later.call.start_unix_nano >= earlier.call.end_unix_nano
        and later.call.start_unix_nano > earlier.call.start_unix_nano
        and (later.turn is None or later.turn != earlier.turn)
        for earlier, later in pairwise(steps)
    )


def _is_patient(steps: Sequence[Step], round_length: int) -> bool:
    firsts = steps[::round_length]
    gaps = sorted(later.call.start_unix_nano - earlier.call.end_unix_nano for earlier, later in pairwise(firsts))
    return bool(gaps) and not firsts[0].call.failed and gaps[len(gaps) // 2] >= PATIENT_GAP_S * 1e9


def _progress(steps: Sequence[Step]) -> tuple[list[int], list[int]]:
    """For each step whether it changes something anew, and whether its result differs from that of the call before
    with the same arguments."""
    done: set[tuple[str, str]] = set()
    last: dict[tuple[str, str], str] = {}
    changes, news = [], []
    for step in steps:
        key = (step.call.name, step.exact)
        worked = step.call.verdict.status == "ok"
        changes.append(int(worked and key not in done and writes(step.call)))
        is_news = worked and step.outcome is not None and last.get(key, step.outcome) != step.outcome
        news.append(int(is_news))
        if worked:
            done.add(key)
            if step.outcome is not None:
                last[key] = step.outcome
    return changes, news


def counted(steps: Sequence[Step]) -> Counter[tuple[str, str, str, str | None]]:
    """How often each call came with each outcome, for each piece of work."""
    return Counter((step.call.scope, step.call.name, step.near, step.outcome) for step in steps)
