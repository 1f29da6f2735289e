"""What is counted within a time and can be put together: sums, users, sorted durations, a newest start. Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from trace_store.rollups.user_sets import UserSet

SORTED_AT_ONCE = 10_000  # durations; more are not put together


@dataclass(slots=True)
class Figures:
    """Those of some part of a time."""

    sums: list[int] = field(default_factory=list)
    users: UserSet = field(default_factory=UserSet)
    users_affected: UserSet = field(default_factory=UserSet)
    durations: list[Sequence[int]] = field(default_factory=list)  # in ns, each sorted
    latest_unix_nano: int | None = None

    def add_sums(self, sums: Sequence[int]) -> None:
        """Adds number by number."""
        if len(self.sums) < len(sums):
            self.sums += [0] * (len(sums) - len(self.sums))
        for place, value in enumerate(sums):
            self.sums[place] += value

    def add_latest(self, unix_nano: int | None) -> None:
        """Keeps the later one."""
        if unix_nano is not None and (self.latest_unix_nano is None or unix_nano > self.latest_unix_nano):
            self.latest_unix_nano = unix_nano

    def add(self, other: "Figures") -> None:
        """Adds those of another part."""
        self.add_sums(other.sums)
        self.users.update(other.users)
        self.users_affected.update(other.users_affected)
        self.durations += other.durations
        self.add_latest(other.latest_unix_nano)

    def add_packed(
        self, sums: Sequence[int], users: bytes, users_affected: bytes, durations: bytes, latest_unix_nano: int | None
    ) -> None:
        """Adds a stored row."""
        self.add_sums(sums)
        if users:
            self.users.add_packed(users)
        if users_affected:
            self.users_affected.add_packed(users_affected)
        if durations:
            self.durations.append(memoryview(durations).cast("q"))
        if latest_unix_nano is not None:
            self.add_latest(latest_unix_nano)

    def packed_durations(self) -> bytes:
        """All durations, to store."""
        return array("q", sorted(chain.from_iterable(self.durations))).tobytes()


def percentiles(runs: Sequence[Sequence[int]], fractions: Iterable[float]) -> list[int | None]:
    """Percentiles of sorted runs together, interpolated as `percentile_cont` of SQL does; None of nothing."""
    runs = [run for run in runs if len(run)]
    count = sum(map(len, runs))
    if count <= SORTED_AT_ONCE:
        together = sorted(chain.from_iterable(runs))
        runs = [together] if together else []
    return [_percentile(runs, count, fraction) if count else None for fraction in fractions]


def _percentile(runs: Sequence[Sequence[int]], count: int, fraction: float) -> int:
    place = fraction * (count - 1)
    low = _nth(runs, int(place))
    part = place - int(place)
    return round(low + (_nth(runs, int(place) + 1) - low) * part) if part else low


def _nth(runs: Sequence[Sequence[int]], number: int) -> int:
    """The value at a place of all runs together, counted from 0: the smallest that enough values do not exceed."""
    if len(runs) == 1:
        return runs[0][number]
    low, high = min(run[0] for run in runs), max(run[-1] for run in runs)
    while low < high:
        middle = (low + high) // 2
        if sum([bisect_right(run, middle) for run in runs]) > number:
            high = middle
        else:
            low = middle + 1
    return low
