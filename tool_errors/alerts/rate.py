"""Rate: a tool fails more often within a window than in the week before it, and by more than chance explains."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tool_errors.alerts.rule import RateRule

WEEK_S = 7 * 86_400
DEVIATIONS = 3.0  # how far beyond the rate of the week, in standard deviations of that many calls


class Calls(NamedTuple):
    """Calls of a tool within a time."""

    calls: int
    failed: int

    @property
    def rate(self) -> float:
        """Share of failed calls; 0 without calls."""
        return self.failed / self.calls if self.calls else 0.0


def holds(rule: RateRule, now: Calls, week: Calls) -> bool:
    """Whether the condition holds, from the calls within the window and those of the week before it.

    A rate counts as higher when it is so `times` and by three standard deviations of a binomial draw. The rate of the
    week is taken with one failed and one good call more, so that nothing is compared with zero; a tool with fewer than
    `calls_min` calls in that week has no past to be compared with.
    """
    if min(now.calls, week.calls) < rule.calls_min or now.rate < rule.rate_at_least:
        return False
    usual = (week.failed + 1) / (week.calls + 2)
    spread = math.sqrt(usual * (1 - usual) / now.calls)
    return now.rate >= usual * rule.times and now.rate > usual + DEVIATIONS * spread


def least(rule: RateRule, now: Calls, week: Calls) -> float:
    """The rate from which on the condition would hold with as many calls as now; 1 at most."""
    usual = (week.failed + 1) / (week.calls + 2)
    spread = math.sqrt(usual * (1 - usual) / max(1, now.calls))
    return min(1.0, max(rule.rate_at_least, usual * rule.times, usual + DEVIATIONS * spread))


def step_of(rule: RateRule) -> int:
    """The width in seconds of the steps in which a back-test moves its window."""
    return max(60, rule.window_s // 12)


class RateSpan(NamedTuple):
    """A time in which the condition held, in steps from the begin of the counted time."""

    from_step: int
    until_step: int | None  # None: it still held at the end
    rate: float


def spans(rule: RateRule, steps: Sequence[Calls], first: int) -> list[RateSpan]:
    """When the condition held after each step from number `first` on; what lies before is the past it compares with."""
    found: list[RateSpan] = []
    since: tuple[int, float] | None = None
    for end, now, past in windows(rule, steps, first):
        held = holds(rule, now, past)
        if held and since is None:
            since = end, now.rate
        elif not held and since is not None:
            found.append(RateSpan(since[0], end, since[1]))
            since = None
    if since is not None:
        found.append(RateSpan(since[0], None, since[1]))
    return found


def windows(rule: RateRule, steps: Sequence[Calls], first: int) -> Iterator[tuple[int, Calls, Calls]]:
    """After each step from number `first` on: its end, the calls within the window, and those of the week before it."""
    sums = [Calls(0, 0)]
    for step in steps:
        sums.append(Calls(sums[-1].calls + step.calls, sums[-1].failed + step.failed))
    width, week = max(1, rule.window_s // step_of(rule)), WEEK_S // step_of(rule)
    for end in range(first + 1, len(sums)):
        begin = max(0, end - width)
        yield end, _between(sums, begin, end), _between(sums, max(0, begin - week), begin)


def _between(sums: Sequence[Calls], begin: int, end: int) -> Calls:
    return Calls(sums[end].calls - sums[begin].calls, sums[end].failed - sums[begin].failed)
