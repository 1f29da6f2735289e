"""Charts over time: what is drawn and what the table says are the same."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_store.lists.issue_rows import Release
from web.charts.time_chart import Line, Series, TimeChart, TimeSpan, step_words

SECOND_NS = 1_000_000_000
SINCE = 1_760_000_400 * SECOND_NS
AMOUNTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=60)


@given(AMOUNTS, st.sampled_from([10, 3600, 86_400]))
def test_the_table_has_every_step_that_is_drawn(amounts: list[tuple[int, int]], step_s: int) -> None:
    errors, soft = (tuple(values) for values in zip(*amounts, strict=True))
    chart = TimeChart(
        since_unix_nano=SINCE,
        step_ns=step_s * SECOND_NS,
        series=(Series("errors", "error", errors), Series("soft errors", "soft", soft)),
        spoken="some",
        step_url=lambda begin, end: f"{begin}-{end}",
    )
    drawn = orjson.loads(chart.data)
    assert (drawn["since"], drawn["step"]) == (SINCE / SECOND_NS, step_s)
    assert [tuple(series["values"]) for series in drawn["series"]] == [errors, soft]
    by_step = {row.step: row for row in chart.rows}
    assert list(by_step) == [step for step in reversed(range(len(amounts))) if any(amounts[step])]
    for step, row in by_step.items():
        begin = SINCE + step * step_s * SECOND_NS
        assert (row.unix_nano, row.url) == (begin, f"{begin}-{begin + step_s * SECOND_NS}")
        assert [int(amount.replace(",", "")) for amount in row.amounts] == list(amounts[step])


def test_shares_lines_spans_and_releases_are_told() -> None:
    chart = TimeChart(
        since_unix_nano=SINCE,
        step_ns=60 * SECOND_NS,
        series=(Series("failed calls", "quiet", (0.25, 0.0, 0.5)),),
        spoken="a quarter, then a half",
        line=Line("fires from", (0.3, None, None)),
        unit="share",
        releases=(Release("9.1", SINCE + 30 * SECOND_NS),),
        spans=(TimeSpan(SINCE, SINCE + SECOND_NS, "it fires"),),
    )
    assert chart.heads == ("failed calls", "fires from")
    assert [(row.amounts, row.url) for row in chart.rows] == [(("50.0%", "none"), ""), (("25.0%", "30.0%"), "")]
    drawn = orjson.loads(chart.data)
    assert drawn["line"] == {"name": "fires from", "values": [0.3, None, None]}
    assert drawn["releases"] == [[SINCE / SECOND_NS + 30, "9.1"]]
    assert drawn["spans"] == [[SINCE / SECOND_NS, SINCE / SECOND_NS + 1, "it fires"]]


@pytest.mark.parametrize(("step_s", "words"), [(10, "10 s"), (1800, "30 min"), (3600, "hour"), (172_800, "2 days")])
def test_the_length_of_a_step_is_told(step_s: int, words: str) -> None:
    assert step_words(step_s) == words
