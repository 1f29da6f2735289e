"""Bars and ticks of the waterfall."""

from hypothesis import given
from hypothesis import strategies as st

from web.trace.span_extents import TICKS_MAX, Window
from web.trace.time_axis import axis_of

S = 1_000_000_000
T0 = 1_795_000_000 * S


def window(length: int) -> Window:
    return Window("duration", 0, length)


def test_the_axis_holds_all_that_has_a_time() -> None:
    assert axis_of([(T0 + 2 * S, T0 + 4 * S), (T0, T0 + 10 * S), (T0 + 11 * S, 0)]) == (T0, 11 * S)
    assert axis_of([(0, 0), (T0, T0 + S)]) == (T0, S)
    assert axis_of([(0, T0)]) == axis_of([]) == (0, 0)


def test_bars_lie_where_their_time_is() -> None:
    assert window(10 * S).bar((2 * S, 4 * S)) == (20.0, 20.0)
    assert window(10 * S).bar((0, 10 * S)) == (0.0, 100.0)


def test_an_instant_is_still_seen_and_stays_on_the_axis() -> None:
    left, width = window(10 * S).bar((10 * S, 10 * S))
    assert width > 0
    assert left + width <= 100


def test_ticks_are_round() -> None:
    assert [tick.label for tick in window(14_200_000_000).ticks()] == ["0", "5.00 s", "10.0 s"]
    assert [tick.label for tick in window(0).ticks()] == ["0"]


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=8))
def test_no_times_break_the_axis(times: list[tuple[int, int]]) -> None:
    axis = axis_of(times)
    shown = window(axis.length_ns)
    assert 1 <= len(shown.ticks()) <= TICKS_MAX + 1
    for start, end in times:
        left, width = shown.bar((start - axis.start_unix_nano, end - axis.start_unix_nano))
        assert 0 <= left <= 100
        assert 0 <= width <= 100
