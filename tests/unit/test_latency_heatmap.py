"""The table of durations over time: its steps, its ranges, and what it says in words."""

from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.lists.latency_heatmap import (
    BOUNDS_NS,
    COLUMNS_MAX,
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SHADES,
    Steps,
    counts_of,
    heatmap,
    heatmap_json,
    steps_of,
)

T0 = 1_795_046_400_000_000_000  # 2026-11-19 00:00 UTC
MS = 1_000_000


def listed(begin: int, end: int, query: str) -> str:
    return f"{(begin - T0) // HOUR_NS} to {(end - T0) // HOUR_NS}: {query}"


@pytest.mark.parametrize(
    ("length_ns", "step_ns", "count"),
    [
        (15 * MINUTE_NS, MINUTE_NS, 16),
        (HOUR_NS, 2 * MINUTE_NS, 31),
        (3 * HOUR_NS, 10 * MINUTE_NS, 19),
        (4 * HOUR_NS, HOUR_NS, 5),
        (DAY_NS, HOUR_NS, 25),
        (7 * DAY_NS, 6 * HOUR_NS, 29),
        (30 * DAY_NS, DAY_NS, 31),
        (5000 * DAY_NS, 364 * DAY_NS, 14),
    ],
)
def test_the_steps_of_a_time(length_ns: int, step_ns: int, count: int) -> None:
    since = T0 + 30_000_000_000
    found = steps_of(since, since + length_ns)
    assert found.step_ns == step_ns
    assert found.count in (count, count + 1)


@given(st.integers(0, 2**62), st.integers(1, 2**62))
def test_the_steps_hold_any_time(since: int, length: int) -> None:
    found = steps_of(since, since + length)
    assert found.origin_unix_nano <= since
    assert found.origin_unix_nano + found.count * found.step_ns >= since + length
    assert 1 <= found.count <= COLUMNS_MAX
    assert found.origin_unix_nano % found.step_ns == 0


def test_calls_are_counted_in_the_range_of_their_duration() -> None:
    steps = Steps(T0, HOUR_NS, 2)
    runs: dict[int, list[Sequence[int]]] = {
        0: [[0, MS - 1, MS, 2 * MS], array("q", [MS])],
        1: [[400_000 * MS], [299 * 1000 * MS] * 9],
    }
    counts = counts_of(runs, steps)
    assert counts[0][:3] == [2, 3, 0]
    assert counts[1][-2:] == [9, 1]
    assert [sum(of_step) for of_step in counts] == [5, 10]
    found = heatmap(counts, steps, listed)
    assert found is not None
    assert [row.text for row in found.rows][:2] == ["300 s and more", "100 s to 300 s"]
    assert [row.text for row in found.rows][-2:] == ["1 ms to 3 ms", "under 1 ms"]
    assert [cell.shade for cell in found.rows[1].cells] == [0, SHADES]
    assert found.rows[0].cells[1].spoken == "1 call of 300 s and more, 2026-11-19T01:00Z"
    assert [row.cells[1].url for row in found.rows[:2]] == [
        "1 to 2: duration>=300s",
        "1 to 2: duration>=100s duration<300s",
    ]
    assert [row.cells[0].url for row in found.rows[-2:]] == [
        "0 to 1: duration>=1ms duration<3ms",
        "0 to 1: duration>=0s duration<1ms",
    ]
    assert found.rows[0].cells[0].url == ""
    assert (found.calls, found.step) == (15, "hour")
    assert found.spoken == "15 calls; most of one cell: 9 of 100 s to 300 s, 19 Nov 01:00 UTC"
    told = heatmap_json(counts, steps)
    assert (told["step_s"], told["since_unix_nano"], told["counts"]) == (3600, str(T0), counts)
    assert len(told["bounds_ns"]) + 1 == len(counts[0])


def test_only_ranges_that_were_met_have_a_row() -> None:
    steps = Steps(T0, 6 * HOUR_NS, 29)
    found = heatmap(counts_of({0: [[20 * MS]], 28: [[90 * MS]]}, steps), steps, listed)
    assert found is not None
    assert [row.text for row in found.rows] == ["30 ms to 100 ms", "10 ms to 30 ms"]
    assert (found.step, sum(column.has_label for column in found.columns)) == ("6 hours", 7)
    assert heatmap(counts_of({}, steps), steps, listed) is None


@given(st.lists(st.integers(0, 2**62), max_size=50))
def test_no_call_is_lost(durations: list[int]) -> None:
    (counts,) = counts_of({0: [sorted(durations)]}, Steps(T0, HOUR_NS, 1))
    assert sum(counts) == len(durations)
    for place, bound in enumerate(BOUNDS_NS):
        assert sum(counts[: place + 1]) == sum(duration < bound for duration in durations)
