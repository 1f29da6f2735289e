"""Shares with their intervals, and whether two of them differ by more than chance explains. Pure.

Sources: Wilson, Probable inference (1927): the score interval of a proportion; Newcombe, Interval estimation for the
difference between independent proportions (1998), method 10: the interval of a difference from two of Wilson's.
"""

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054  # of 95 % on both sides


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, with its 95 % interval; all None of nothing."""

    part: int
    whole: int
    share: float | None
    low: float | None
    high: float | None


def share_of(part: int, whole: int) -> Share:
    """The share with Wilson's interval; ValueError unless 0 <= part <= whole."""
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    if not whole:
        return Share(part, whole, None, None, None)
    p, z2 = part / whole, Z_95 * Z_95
    centre = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z_95 / (1 + z2 / whole) * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Share(part, whole, p, 0.0 if part == 0 else low, 1.0 if part == whole else high)


def differ(a: Share, b: Share) -> bool:
    """Whether the 95 % interval of the difference leaves 0 out; False when a side is of nothing."""
    if a.share is None or b.share is None or a.low is None or b.low is None or a.high is None or b.high is None:
        return False
    difference = b.share - a.share
    low = difference - math.hypot(b.share - b.low, a.high - a.share)
    high = difference + math.hypot(b.high - b.share, a.share - a.low)
    return low > 0 or high < 0
