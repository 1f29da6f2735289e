"""Which time retention goes by when the clock leaps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trace_store.upkeep.retention_clock import LASTING, LEAP, RetentionClock, believe

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def looks(*times: datetime) -> list[RetentionClock]:
    """The clock after each look."""
    found: list[RetentionClock] = []
    for time in times:
        found.append(believe(time, found[-1] if found else None))
    return found


def test_a_clock_that_goes_on_is_believed():
    assert [clock.believed_at for clock in looks(THEN, THEN + HOUR, THEN + HOUR + LEAP)] == [
        THEN,
        THEN + HOUR,
        THEN + HOUR + LEAP,
    ]


def test_a_leap_is_doubted_until_it_has_lasted_for_a_day():
    ahead = THEN + 400 * DAY
    clocks = looks(THEN, ahead, ahead + 23 * HOUR, ahead + LASTING)
    assert [clock.believed_at for clock in clocks] == [THEN, THEN, THEN, ahead + LASTING]
    assert clocks[1].doubted_at == clocks[2].doubted_at == ahead
    assert clocks[3].doubted_at is None
    assert "400 days ahead of 2026-03-01 12:00 UTC" in clocks[1].warning(ahead)
    assert "until that has lasted for a day, at 2027-04-06 12:00 UTC" in clocks[1].warning(ahead)
    assert clocks[3].warning() == ""


def test_a_leap_that_is_taken_back_leaves_nothing():
    assert looks(THEN, THEN + 400 * DAY, THEN + HOUR)[-1] == RetentionClock(THEN + HOUR)


def test_a_second_leap_is_doubted_anew():
    ahead, further = THEN + 40 * DAY, THEN + 90 * DAY
    assert looks(THEN, ahead, further)[-1] == RetentionClock(THEN, further)
    assert looks(THEN, further, ahead)[-1] == RetentionClock(THEN, ahead)


def test_a_clock_that_goes_back_is_followed():
    assert looks(THEN, THEN - 400 * DAY)[-1] == RetentionClock(THEN - 400 * DAY)


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=20))
def test_what_is_believed_never_runs_ahead_by_more_than_a_leap_unless_that_has_lasted(hours):
    times = [THEN + each * HOUR for each in hours]
    for (before, after), now in zip(pairwise(looks(*times)), times[1:], strict=True):
        assert after.believed_at in (before.believed_at, now)
        if after.believed_at > before.believed_at + LEAP:
            assert before.doubted_at is not None
            assert now >= before.doubted_at + LASTING
