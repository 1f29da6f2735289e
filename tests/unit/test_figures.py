"""Percentiles of sorted runs and sets of users, against the same said plainly."""

import math

from hypothesis import given
from hypothesis import strategies as st

from trace_store.rollups import figures
from trace_store.rollups.figures import Figures, percentiles
from trace_store.rollups.user_sets import BITS, LIST, UserSet, packed_users

RUNS = st.lists(st.lists(st.integers(-(2**62), 2**62), max_size=20).map(sorted), max_size=8)
NUMBERS = st.lists(st.integers(0, 2**31 - 1) | st.integers(0, 200), max_size=40)


def plainly(values: list[int], fraction: float) -> int | None:
    if not values:
        return None
    place = fraction * (len(values) - 1)
    low = values[math.floor(place)]
    part = place - math.floor(place)
    return round(low + (values[math.floor(place) + 1] - low) * part) if part else low


@given(RUNS, st.booleans())
def test_percentiles_are_those_of_all_values_together(runs: list[list[int]], is_large: bool) -> None:
    values = sorted(value for run in runs for value in run)
    before = figures.SORTED_AT_ONCE
    figures.SORTED_AT_ONCE = 0 if is_large else before  # many values are looked for where they lie
    try:
        found = percentiles(runs, (0.0, 0.5, 0.95, 1.0))
    finally:
        figures.SORTED_AT_ONCE = before
    assert found == [plainly(values, fraction) for fraction in (0.0, 0.5, 0.95, 1.0)]


@given(st.lists(NUMBERS, max_size=5), st.sets(st.integers(), max_size=5))
def test_a_set_of_users_has_each_once(parts: list[list[int]], hashes: set[int]) -> None:
    united = UserSet()
    for part in parts:
        united.add_packed(packed_users(part))
    united.add(hashes, {})
    again, numbers = UserSet(), {number for part in parts for number in part}
    again.add(numbers, {number: number for number in numbers})
    assert len(united) == len(numbers) + len(hashes)
    assert united.packed() == again.packed()
    stored = UserSet()
    stored.add_packed(united.packed())
    assert len(stored) == len(numbers)


def test_many_users_are_bits_and_few_a_list() -> None:
    assert packed_users(range(1000))[:1] == BITS
    assert len(packed_users(range(1000))) == 126
    assert packed_users([2_000_000_000])[:1] == LIST
    assert packed_users([]) == b""


def test_figures_add_up() -> None:
    one, other = Figures(), Figures()
    one.add_packed([1, 2], packed_users([1]), b"", b"", 7)
    other.add_packed([3, 4, 5], packed_users([1, 2]), packed_users([2]), b"\0" * 7 + b"\1", 5)
    one.add(other)
    assert (one.sums, len(one.users), len(one.users_affected)) == ([4, 6, 5], 2, 1)
    assert (one.packed_durations(), one.latest_unix_nano) == (b"\0" * 7 + b"\1", 7)
