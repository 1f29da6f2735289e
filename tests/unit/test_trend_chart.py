"""Trends as bars: nothing leaves its field, and the tallest bar is the step with most events."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_store.lists.issue_rows import Release, Trend
from web.overview.trend_chart import (
    BOTTOM,
    CHART_WIDTH,
    LEFT,
    SPARK_HEIGHT,
    SPARK_WIDTH,
    TOP,
    chart,
    sparkline,
    spoken_trend,
)

SINCE = 1_760_000_400 * 1_000_000_000
TRENDS = st.builds(
    lambda counts, step_s: Trend(SINCE, step_s, tuple(counts)),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=400),
    st.sampled_from([60, 3600, 86_400]),
)


@given(TRENDS, st.lists(st.tuples(st.text(min_size=1), st.floats(0, 1)), max_size=12))
def test_everything_stays_in_its_field(trend: Trend, begun: list[tuple[str, float]]) -> None:
    length_ns = len(trend.counts) * trend.step_s * 10**9
    releases = tuple(Release(name, SINCE + int(at * (length_ns - 1))) for name, at in sorted(begun, key=lambda b: b[1]))
    drawn = chart(trend, releases)
    with_events = [count for count in trend.counts if count]
    assert len(drawn.bars) == len(sparkline(trend)) == len(with_events)
    for bar in sparkline(trend):
        assert (bar.x >= 0, bar.x + bar.width <= SPARK_WIDTH + 0.2, bar.y >= 0) == (True, True, True)
        assert bar.y + bar.height <= SPARK_HEIGHT + 0.2
    for bar in drawn.bars:
        assert bar.x >= LEFT
        assert bar.x + bar.width <= CHART_WIDTH + 1
        assert bar.y >= TOP - 0.1
        assert bar.y + bar.height <= BOTTOM + 0.2
    if with_events:
        assert max(bar.height for bar in drawn.bars) == drawn.bars[with_events.index(max(with_events))].height
    told = [flag for flag in drawn.flags if flag.text]
    assert all(one.text_x + one.width <= other.text_x for one, other in pairwise(told))
    assert [flag.name for flag in drawn.flags] == [release.name for release in releases]


@pytest.mark.parametrize(("most", "grid"), [(0, "2"), (2, "2"), (3, "4"), (5, "10"), (41, "100"), (999, "1,000")])
def test_the_grid_has_round_numbers(most: int, grid: str) -> None:
    assert chart(Trend(SINCE, 3600, (most,)), ()).heights[-1].text == grid


def test_a_trend_is_spoken() -> None:
    assert spoken_trend(Trend(SINCE, 3600, (0, 5, 2))) == "7 events, most of them at 09 Oct 10:00 UTC: 5"
    assert spoken_trend(Trend(SINCE, 3600, (0, 0))) == "No events"
