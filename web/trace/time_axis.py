"""The time axis of a trace: where bars lie on it, and its ticks. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from web.filters import duration
from web.pages.view_models import TimeTick

TICKS_MAX = 7
WIDTH_PERCENT_MIN = 0.15  # a bar that can still be seen
_STEPS = (1, 2, 5, 10)


class Interval(NamedTuple):
    """A span's time; `end` 0 while it runs."""

    start_unix_nano: int
    end_unix_nano: int


class Axis(NamedTuple):
    """The time that the waterfall shows."""

    start_unix_nano: int
    length_ns: int

    def bar(self, interval: Interval) -> tuple[float, float]:
        """Left edge and width in percent of the axis; a running span reaches to its end."""
        start = self._percent(interval.start_unix_nano)
        end = self._percent(interval.end_unix_nano) if interval.end_unix_nano else 100.0
        width = min(100.0, max(end - start, WIDTH_PERCENT_MIN))
        return round(min(start, 100.0 - width), 3), round(width, 3)

    def ticks(self) -> tuple[TimeTick, ...]:
        """Round times, at most TICKS_MAX, the first at 0."""
        if not self.length_ns:
            return (TimeTick(0.0, "0"),)
        step = round_step(self.length_ns / TICKS_MAX)
        marks = range(0, self.length_ns, step)
        return tuple(TimeTick(round(100 * at / self.length_ns, 3), duration(at) if at else "0") for at in marks)

    def _percent(self, unix_nano: int) -> float:
        if not self.length_ns:
            return 0.0
        return min(100.0, max(0.0, 100 * (unix_nano - self.start_unix_nano) / self.length_ns))


def axis_of(intervals: Iterable[Interval]) -> Axis:
    """The axis that holds all intervals; spans without a start do not stretch it."""
    known = [interval for interval in intervals if interval.start_unix_nano]
    if not known:
        return Axis(0, 0)
    start = min(interval.start_unix_nano for interval in known)
    return Axis(start, max(0, max(max(interval) for interval in known) - start))


def round_step(at_least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... that is not below a number."""
    size = 1
    while size * 10 < at_least:
        size *= 10
    return next(size * step for step in _STEPS if size * step >= at_least)
