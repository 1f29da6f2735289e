"""Conditions of alert rules over findings in memory, and what becomes of a subject."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alert_findings import event
from tool_errors.alerts import count, first_seen, match, rate, regression
from tool_errors.alerts.rule import CountRule, RateRule
from tool_errors.alerts.states import Change, changes
from trace_store.alerts.alert_rows import NANOSECONDS, FindingEvent

WINDOW_S = 100
RULE = CountRule(kind="count", at_least=3, window_s=WINDOW_S)


def ns(at_s: float) -> int:
    return round(at_s * NANOSECONDS)


def held(rule: CountRule, events: list[FindingEvent], until_s: float) -> list[tuple[str, float, float | None]]:
    return [
        (span.subject, span.from_unix_nano / NANOSECONDS, span.until_unix_nano and span.until_unix_nano / NANOSECONDS)
        for span in count.spans(rule, events, ns(until_s))
    ]


def test_a_count_holds_while_enough_events_lie_within_the_window() -> None:
    events = [event(at_s) for at_s in (30, 10, 20, 400, 1000, 1001, 1002)]
    assert held(RULE, events, 1050) == [("", 30, 110), ("", 1002, None)]
    assert held(RULE, [event(0), event(50), event(100)], 1000) == [], "the first has just left"


def test_a_count_of_users_counts_each_once() -> None:
    rule = RULE.model_copy(update={"counts": "users", "at_least": 2})
    events = [
        event(10, user_id="a"),
        event(20, user_id="a"),
        event(30),
        event(40, user_id="b"),
        event(109, user_id="b"),
    ]
    assert held(rule, events, 300) == [("", 40, 120)]


def test_each_issue_and_each_tool_counts_for_itself() -> None:
    events = [event(at_s, fingerprint="fg"[at_s % 2], tool="t") for at_s in range(5)]
    assert held(RULE.model_copy(update={"per": "issue"}), events, 50) == [("f", 4, None)]
    assert held(RULE.model_copy(update={"per": "tool"}), events, 50) == [("t", 2, None)]


def tick(rule: CountRule, events: list[FindingEvent], now_s: int) -> dict[str, int]:
    """What an evaluation sees that is done at an instant."""
    window = count.window_of(rule, 1, ns(now_s))
    seen = [event for event in events if window.after_unix_nano < event.end_unix_nano <= ns(now_s)]
    return {"": len(seen)} if len(seen) >= rule.at_least else {}


@given(
    bursts=st.lists(st.tuples(st.integers(150, 400), st.integers(3, 6), st.integers(0, 8)), max_size=5),
    steps=st.lists(st.integers(1, 40), min_size=1),
)
def test_the_firings_do_not_depend_on_when_ticks_come(bursts: list[tuple[int, int, int]], steps: list[int]) -> None:
    """Each burst holds for at least 60 s and bursts lie apart, so that ticks up to 40 s apart see each of them."""
    events, begin_s = [], 0
    for gap_s, size, spread_s in bursts:
        begin_s += gap_s
        events += [event(begin_s + number * spread_s) for number in range(size)]
        begin_s += (size - 1) * spread_s
    states: dict[str, str] = {}
    told: list[str] = []
    now_s, number = 0, 0
    while now_s < begin_s + 2 * WINDOW_S:
        now_s += steps[number % len(steps)]
        number += 1
        for what, subject in changes(states, tick(RULE, events, now_s), is_snoozed=False):
            told.append(what)
            states.update({subject: "firing"}) if what == "fire" else states.pop(subject)
    assert told == ["fire", "resolve"] * len(bursts)
    assert len(held(RULE, events, 10_000)) == len(bursts)


def test_what_becomes_of_a_subject() -> None:
    assert changes({}, ["a"], is_snoozed=False) == [Change("fire", "a")]
    assert changes({"a": "firing"}, ["a"], is_snoozed=False) == []
    assert changes({"a": "firing"}, [], is_snoozed=False) == [Change("resolve", "a")]
    assert changes({}, ["a"], is_snoozed=True) == [Change("snooze", "a")]
    assert changes({"a": "snoozed"}, ["a"], is_snoozed=True) == []
    assert changes({"a": "snoozed"}, ["a"], is_snoozed=False) == [Change("fire", "a")]
    assert changes({"a": "snoozed"}, [], is_snoozed=True) == [Change("forget", "a")]
    assert changes({"a": "firing"}, ["a", "b"], is_snoozed=True) == [Change("snooze", "b")]


RATE = RateRule(kind="rate", tool="search", window_s=3600)


@pytest.mark.parametrize(
    ("now", "week", "holds"),
    [
        ((100, 30), (10_000, 200), True),
        ((100, 30), (10_000, 3_000), False),  # as ever
        ((100, 30), (10_000, 1_400), True),  # twice as often
        ((100, 4), (10_000, 10), False),  # below rate_at_least
        ((19, 19), (10_000, 200), False),  # fewer than calls_min
        ((20, 2), (10_000, 200), False),  # chance explains it
        ((100, 100), (19, 0), False),  # no past
        ((0, 0), (0, 0), False),
    ],
)
def test_a_rate_is_compared_with_the_last_week(now: tuple[int, int], week: tuple[int, int], holds: bool) -> None:
    assert rate.holds(RATE, rate.Calls(*now), rate.Calls(*week)) is holds


def test_a_rate_holds_step_by_step() -> None:
    steps = [rate.Calls(20, 0)] * 100 + [rate.Calls(20, 10)] * 6 + [rate.Calls(20, 0)] * 30
    ((begin, end, value),) = rate.spans(RATE, steps, 50)
    assert 100 < begin <= 106 < (end or 0) <= 118
    assert 0.05 <= value <= 0.25
    assert rate.spans(RATE, steps[:106], 50) == [(begin, None, value)]
    assert rate.spans(RATE, steps, 120) == []


def test_an_issue_is_new_once() -> None:
    old = event(50, fingerprint="old", first_seen_unix_nano=ns(10))
    new = [event(at_s, fingerprint="new", first_seen_unix_nano=ns(60)) for at_s in (70, 60)]
    unknown = event(80, fingerprint="unknown", first_seen_unix_nano=None)
    assert first_seen.happened([old, *new, unknown], ns(20)) == [("new", new[1])]


def test_a_resolved_issue_happens_again() -> None:
    resolved = datetime.fromtimestamp(100, UTC)
    before, after, later = (event(at_s, resolved_at=resolved) for at_s in (100, 200, 300))
    ((key, first),) = regression.happened([later, after, before, event(400)])
    assert first == after
    again = event(500, resolved_at=datetime.fromtimestamp(450, UTC))
    assert [found.event for found in regression.happened([after, again])] == [after, again]
    assert {key} < {found.event_key for found in regression.happened([after, again])}
    assert regression.happened([event(200, resolved_at=resolved, is_of_earlier_release=True)]) == []


def test_every_finding_matches_once() -> None:
    events = [event(20), event(10), event(10)]
    found = match.happened([*events])
    assert [one.event.end_unix_nano for one in found] == [ns(10), ns(10), ns(20)]
    assert len({one.event_key for one in found}) == 3
    assert match.happened(list(reversed(events))) == found


@given(st.lists(st.integers(0, 999), max_size=30), st.sampled_from(["rule", "issue"]))
def test_the_chart_shows_the_highest_count_of_each_part_of_the_time(ends: list[int], per: str) -> None:
    rule = RULE.model_copy(update={"per": per})
    events = [event(at_s, fingerprint="fg"[at_s % 2]) for at_s in ends]
    found = count.highest(rule, events, ns(200), ns(1000), 8)
    for part, value in enumerate(found):
        begin, end = 200 + 100 * part, 300 + 100 * part
        moments = [begin, *(at_s for at_s in ends if begin <= at_s < end)]
        by_subject = [
            [at_s for at_s in ends if moment - WINDOW_S < at_s <= moment and (per == "rule" or at_s % 2 == subject)]
            for moment in moments
            for subject in (0, 1)
        ]
        assert value == max(len(counted) for counted in by_subject)
    assert (max(found) >= rule.at_least) >= bool([one for one in held(rule, events, 1000) if one[1] >= 200])


def test_a_rate_fires_from_its_threshold_on() -> None:
    rule = RateRule(kind="rate", tool="t", times=2.0, rate_at_least=0.05, calls_min=20)
    for failed in range(101):
        now, week = rate.Calls(100, failed), rate.Calls(1000, 50)
        if rate.holds(rule, now, week):
            assert now.rate >= rate.least(rule, now, week)
        else:
            assert now.rate <= rate.least(rule, now, week)
