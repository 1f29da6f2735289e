"""What bounds questions to the query API: how many a key, or an address without one, may ask in a minute, and how far a
search may reach.

Questions are counted in a token bucket per asker: as many as a minute allows may come at once. Each front process
counts for itself.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from otlp_receiver.token_buckets import TokenBuckets
from trace_store.exceptions import RainbarrelError


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """The limits of one server; 0: none."""

    queries_per_minute: int = 0
    search_days_max: int = 0


NO_LIMITS = QueryLimits()


class TooManyQueries(RainbarrelError):
    """This asker has asked as often as the limit allows."""

    def __init__(self, per_minute: int, wait_s: float) -> None:
        self.wait_s = max(1, math.ceil(wait_s))
        super().__init__(
            f"More than {per_minute} question{'s' if per_minute > 1 else ''} in a minute: "
            f"ask again in {self.wait_s} s. "
            "Whoever runs this server sets the limit by --queries-per-minute."
        )


class QueryRate:
    """Counts the questions of one process."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` is 0 for no limit."""
        self.per_minute = per_minute
        self._buckets = TokenBuckets(per_minute, clock)

    def check(self, asker: str) -> None:
        """Takes a question; raises TooManyQueries when there is none left."""
        if wait_s := self.take(asker):
            raise TooManyQueries(self.per_minute, wait_s)

    def take(self, asker: str) -> float:
        """Takes a question from the asker's bucket: 0, or the seconds until the next one when it is empty."""
        return self._buckets.take(asker)
