"""Token buckets: how much somebody may use in a minute. A bucket holds a minute's worth and fills up evenly."""

import time
from collections import OrderedDict
from collections.abc import Callable

OWNERS_KEPT = 10_000  # beyond it the ones that have used nothing for longest are forgotten


class TokenBuckets:
    """One bucket per owner, of one process."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` is 0 for no limit."""
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # owner: (left at that time, time)

    def take(self, owner: str, amount: int = 1) -> float:
        """Takes so much of the owner's bucket: 0, or the seconds until it is there; then nothing is taken.

        More than a whole bucket is given when it is full, and paid back by waiting after it.
        """
        if not self.per_minute:
            return 0.0
        now, per_s = self._clock(), self.per_minute / 60
        left, since = self._buckets.get(owner, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + (now - since) * per_s)
        missing = min(amount, self.per_minute) - left
        self._buckets[owner] = (left if missing > 0 else left - amount, now)
        self._buckets.move_to_end(owner)
        if len(self._buckets) > OWNERS_KEPT:
            self._buckets.popitem(last=False)
        return max(0.0, missing / per_s)
