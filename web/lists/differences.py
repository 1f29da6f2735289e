"""What is different about the traces that fail: for each value its share among them and among the rest. Pure.

The two shares are compared by Newcombe's interval for a difference of proportions, made of Wilson's intervals
(Newcombe 1998, method 10), at Z standard errors. Many values are compared at once, so Z is 3: among a thousand values
that make no difference about three would pass. A difference counts as clear when its interval leaves zero out, and is
ranked by the end of its interval that is nearer to zero, so that small numbers do not shout.
"""

import math
from dataclasses import dataclass

from trace_store.lists.trace_lists import ListFacets

Z = 3.0
TRACES_MIN = 5  # a value of fewer traces is not compared
FIELDS = ("service", "agent", "tool", "model", "provider", "release", "environment", "dialect", "user")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value: in how many failing traces and in how many of the rest it is met."""

    field: str
    value: str
    failing: int
    of_failing: int
    rest: int
    of_rest: int
    low: float  # of the interval for the difference of the shares
    high: float

    @property
    def share_failing(self) -> float:
        """Between 0 and 1."""
        return self.failing / self.of_failing

    @property
    def share_rest(self) -> float:
        """Between 0 and 1."""
        return self.rest / self.of_rest

    @property
    def difference(self) -> float:
        """Positive where failing traces have the value more often."""
        return self.share_failing - self.share_rest

    @property
    def strength(self) -> float:
        """The end of the interval that is nearer to zero; 0 for no clear difference."""
        return self.low if self.low > 0 else self.high if self.high < 0 else 0.0


@dataclass(frozen=True, slots=True)
class Differences:
    """The clear differences, the strongest first, and how many values were compared."""

    more: tuple[Difference, ...]  # more often in failing traces
    less: tuple[Difference, ...]
    compared: int
    of_failing: int
    of_rest: int
    is_cut: bool


def differences(counted: ListFacets) -> Differences:
    """The differences between failing traces and the rest; none without both."""
    found = [
        difference(field, each.value, each.failing, counted.failing, each.count - each.failing, counted.rest)
        for field in FIELDS
        if counted.failing and counted.rest and (facet := counted.facets.get(field)) is not None
        for each in facet.values
        if each.count >= TRACES_MIN
    ]
    clear = [each for each in found if each.strength]
    clear.sort(key=lambda each: (-abs(each.strength), each.field, each.value))
    more, less = (tuple(each for each in clear if each.strength * sign > 0) for sign in (1, -1))
    return Differences(more, less, len(found), counted.failing, counted.rest, counted.is_cut)


def difference(field: str, value: str, failing: int, of_failing: int, rest: int, of_rest: int) -> Difference:
    """The shares of one value with their interval. Both totals are positive."""
    share, other = failing / of_failing, rest / of_rest
    low, high = wilson(failing, of_failing)
    other_low, other_high = wilson(rest, of_rest)
    below = math.hypot(share - low, other_high - other)
    above = math.hypot(high - share, other - other_low)
    return Difference(field, value, failing, of_failing, rest, of_rest, share - other - below, share - other + above)


def wilson(count: int, total: int, z: float = Z) -> tuple[float, float]:
    """Wilson's interval for a share."""
    share, square = count / total, z * z
    centre = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    return centre - half, centre + half
