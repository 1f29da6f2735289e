"""Bars and ticks of the waterfall."""

from hypothesis import given
from hypothesis import strategies as st

from web.trace.time_axis import TICKS_MAX, Interval, axis_of

S = 1_000_000_000
T0 = 1_795_000_000 * S


def test_bars_lie_where_their_time_is() -> None:
    axis = axis_of([Interval(T0, T0 + 10 * S), Interval(T0 + 2 * S, T0 + 4 * S)])
    assert axis.bar(Interval(T0 + 2 * S, T0 + 4 * S)) == (20.0, 20.0)
    assert axis.bar(Interval(T0, T0 + 10 * S)) == (0.0, 100.0)


def test_a_running_span_reaches_the_end_of_the_axis() -> None:
    axis = axis_of([Interval(T0, T0 + 10 * S), Interval(T0 + 5 * S, 0)])
    assert axis.bar(Interval(T0 + 5 * S, 0)) == (50.0, 50.0)


def test_an_instant_is_still_seen_and_stays_on_the_axis() -> None:
    axis = axis_of([Interval(T0, T0 + 10 * S)])
    left, width = axis.bar(Interval(T0 + 10 * S, T0 + 10 * S))
    assert width > 0
    assert left + width <= 100


def test_ticks_are_round() -> None:
    axis = axis_of([Interval(T0, T0 + 14_200_000_000)])
    assert [tick.label for tick in axis.ticks()] == ["0", "5.00 s", "10.0 s"]


def test_spans_without_a_time_do_not_stretch_the_axis() -> None:
    assert axis_of([Interval(0, 0), Interval(T0, T0 + S)]).start_unix_nano == T0
    assert axis_of([Interval(0, 0)]).ticks()[0].label == "0"


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=8))
def test_no_times_break_the_axis(times: list[tuple[int, int]]) -> None:
    intervals = [Interval(*pair) for pair in times]
    axis = axis_of(intervals)
    assert 1 <= len(axis.ticks()) <= TICKS_MAX + 1
    for interval in intervals:
        left, width = axis.bar(interval)
        assert 0 <= left <= 100
        assert 0 <= width <= 100
