"""How often something that grows is derived again: the longer it took the last time, the longer it rests.

So the total work on it stays linear in its size, whatever it is: a trace, or a group of traces.
"""

import time
from collections import OrderedDict
from collections.abc import Hashable

HEAVY_DURATION_S = 0.01  # what derives faster is derived at every batch
HEAVY_MAX = 10_000  # how many are remembered


class Rest:
    """Remembers what is so heavy that it must be done less often."""

    def __init__(self, wait_factor: float, wait_s_max: float) -> None:
        self._wait_factor = wait_factor
        self._wait_s_max = wait_s_max
        self._next: OrderedDict[Hashable, float] = OrderedDict()  # of heavy ones: monotonic time of the next turn

    def wait_s(self, unit: Hashable) -> float:
        """Seconds until the next turn; 0 when it may be derived now."""
        return max(0.0, self._next.get(unit, 0.0) - time.monotonic())

    def remember(self, unit: Hashable, duration_s: float) -> None:
        """Notes how long a derivation took."""
        self._next.pop(unit, None)
        if duration_s > HEAVY_DURATION_S:
            self._next[unit] = time.monotonic() + min(self._wait_s_max, self._wait_factor * duration_s)
            while len(self._next) > HEAVY_MAX:
                self._next.popitem(last=False)
