"""Slows down whoever guesses passwords: so many wrong ones within a time, per address and of all together."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

WINDOW_S = 300.0
PER_CLIENT_MAX = 10
ALL_MAX = 200
CLIENTS_KEPT = 10_000


class Attempts:
    """Counts the wrong attempts of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of_client: OrderedDict[str, deque[float]] = OrderedDict()
        self._of_all: deque[float] = deque()

    def wait_s(self, client: str) -> float:
        """How long this address has to wait for its next attempt; 0 when it may try now."""
        own = self._of_client.get(client, deque())
        return max(self._left(own, PER_CLIENT_MAX), self._left(self._of_all, ALL_MAX))

    def count_wrong(self, client: str) -> None:
        """One more wrong attempt."""
        own = self._of_client.setdefault(client, deque(maxlen=PER_CLIENT_MAX))
        self._of_client.move_to_end(client)
        own.append(self._clock())
        self._of_all.append(self._clock())
        while len(self._of_all) > ALL_MAX:
            self._of_all.popleft()
        while len(self._of_client) > CLIENTS_KEPT:
            self._of_client.popitem(last=False)

    def _left(self, times: deque[float], count_max: int) -> float:
        """Seconds until fewer than `count_max` of these times lie within the window."""
        if len(times) < count_max:
            return 0.0
        return max(0.0, times[-count_max] + WINDOW_S - self._clock())
