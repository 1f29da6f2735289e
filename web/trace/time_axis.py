"""The time axis of a trace. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

WIDTH_PERCENT_MIN = 0.15  # a bar that can still be seen
_STEPS = (1, 2, 5, 10)


class Axis(NamedTuple):
    """The time that a trace takes."""

    start_unix_nano: int
    length_ns: int


def axis_of(intervals: Iterable[tuple[int, int]]) -> Axis:
    """The axis that holds all intervals, each a start and an end, 0 while it runs; what has no start does not count."""
    known = [interval for interval in intervals if interval[0]]
    if not known:
        return Axis(0, 0)
    start = min(known)[0]
    return Axis(start, max(0, max(map(max, known)) - start))


def round_step(at_least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... that is not below a number."""
    size = 1
    while size * 10 < at_least:
        size *= 10
    return next(size * step for step in _STEPS if size * step >= at_least)
