"""Trends as small bars: nothing leaves its field, and the tallest bar is the step with most events."""

from hypothesis import given
from hypothesis import strategies as st

from trace_store.lists.issue_rows import Trend
from web.charts.sparkline import BARS_HEIGHT, BARS_WIDTH, sparkline, spoken_trend

SINCE = 1_760_000_400 * 1_000_000_000
TRENDS = st.builds(
    lambda counts, step_s: Trend(SINCE, step_s, tuple(counts)),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=400),
    st.sampled_from([60, 3600, 86_400]),
)


@given(TRENDS)
def test_everything_stays_in_its_field(trend: Trend) -> None:
    bars = sparkline(trend)
    with_events = [count for count in trend.counts if count]
    assert len(bars) == len(with_events)
    for bar in bars:
        assert (bar.x >= 0, bar.x + bar.width <= BARS_WIDTH + 1, bar.y >= 0) == (True, True, True)
        assert bar.y + bar.height <= BARS_HEIGHT + 0.2
    if with_events:
        assert max(bar.height for bar in bars) == bars[with_events.index(max(with_events))].height


def test_a_trend_is_spoken() -> None:
    assert spoken_trend(Trend(SINCE, 3600, (0, 5, 2))) == "7 events, most of them at 09 Oct 10:00 UTC: 5"
    assert spoken_trend(Trend(SINCE, 3600, (0, 0))) == "No events"
