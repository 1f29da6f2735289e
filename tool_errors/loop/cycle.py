"""Cycles: the same two to five calls with the same outcomes, round after round (A, B, A, B, A, B).

Calls that do not repeat themselves may lie in between. A call that contains another one of the cycle (the delegation
to an agent) is not one of its steps.
"""

from collections import defaultdict
from collections.abc import Sequence

from tool_errors.loop.loop_steps import Run, Step, Steps, contains, counted

_Signature = tuple[str, str, str, str | None]


def cycles(steps: Steps) -> list[Run]:
    """Cycles within one request of the user."""
    counts = counted(steps.all)
    lanes: dict[str, list[Step]] = defaultdict(list)
    for step in steps.all:
        if step.exact and step.outcome is not None and counts[_signature(step)] >= steps.thresholds.repeats_min:
            lanes[step.request].append(step)
    runs = []
    for lane in lanes.values():
        sequence = _without_containers(lane)
        for first, last, length in _periodic(sequence, steps.thresholds.cycle_calls_max):
            run = sequence[first:last]
            if not _paid_off(steps, run, length):
                runs += steps.without_progress(run, round_length=length)
    return runs


def _signature(step: Step) -> _Signature:
    return step.call.scope, step.call.name, step.near, step.outcome


def _without_containers(lane: Sequence[Step]) -> list[Step]:
    """The steps without those that contain a later one; calls asked for at once do not contain each other."""
    containers: set[int] = set()
    open_steps: list[Step] = []
    for step in lane:
        while open_steps and not contains(open_steps[-1], step):
            open_steps.pop()
        containers.update(outer.index for outer in open_steps)
        open_steps.append(step)
    return [step for step in lane if step.index not in containers]


def _periodic(sequence: Sequence[Step], length_max: int) -> list[tuple[int, int, int]]:
    """Stretches of at least two rounds, the shortest period first: first, behind the last, length of a round."""
    signatures = [_signature(step) for step in sequence]
    taken = [False] * len(sequence)
    found = []
    for length in range(2, length_max + 1):
        begin = 0
        for at in range(length, len(sequence) + 1):
            if (
                at < len(sequence)
                and signatures[at] == signatures[at - length]
                and not (taken[at] or taken[at - length])
            ):
                continue
            first, last = begin, at - (at - begin) % length
            if last - first >= 2 * length and len(set(signatures[first : first + length])) == length:
                found.append((first, last, length))
                taken[first:last] = [True] * (last - first)
            begin = at - length + 1
    return found


def _paid_off(steps: Steps, run: Sequence[Step], length: int) -> bool:
    """Whether a call of the cycle gave another result right afterwards, without a change in between: it was polled."""
    last = run[-length:]
    for step in last:
        follower = steps.next_with_same_arguments(run[-1].index, step)
        if follower is not None and not follower.call.failed and follower.outcome != step.outcome:
            return not steps.has_changed_between(run[-1].index, follower.index)
    return False
