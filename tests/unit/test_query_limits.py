"""Token buckets, of questions per key and of bytes that it sends: what they hold, how they fill, whom they forget."""

from hypothesis import given
from hypothesis import strategies as st

from otlp_receiver.token_buckets import OWNERS_KEPT, TokenBuckets
from web.requests.query_limits import QueryRate


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_of_questions_may_come_at_once_and_the_next_one_says_when():
    clock = Clock()
    rate = QueryRate(30, clock)
    assert [rate.take("a") for _ in range(30)] == [0.0] * 30
    assert rate.take("a") == 2.0
    assert rate.take("b") == 0.0
    clock.now += 1.5
    assert round(rate.take("a"), 6) == 0.5
    clock.now += 0.5
    assert rate.take("a") == 0.0


def test_without_a_limit_nobody_waits():
    rate = QueryRate(0, Clock())
    assert {rate.take("a") for _ in range(1000)} == {0.0}


@given(st.integers(1, 100), st.lists(st.floats(0, 20), max_size=200))
def test_no_asker_gets_more_than_the_limit_allows(per_minute: int, pauses: list[float]):
    clock = Clock()
    rate = QueryRate(per_minute, clock)
    answered = 0
    for pause in pauses:
        clock.now += pause
        wait_s = rate.take("a")
        answered += not wait_s
        assert 0 <= wait_s <= 60 / per_minute + 1e-6
    assert answered <= per_minute * (1 + sum(pauses) / 60) + 1e-6


def test_more_than_a_bucket_is_given_when_it_is_full_and_paid_back_by_waiting():
    clock = Clock()
    buckets = TokenBuckets(600, clock)
    assert buckets.take("a", 1500) == 0.0
    assert buckets.take("a", 1) == 90.1
    clock.now += 91
    assert buckets.take("a", 10) == 0.0
    assert buckets.take("a", 1500) == 60.0


def test_whoever_asked_longest_ago_is_forgotten_first():
    rate = QueryRate(1, Clock())
    assert rate.take("first") == 0.0
    assert rate.take("first") > 0.0
    for n in range(OWNERS_KEPT):
        rate.take(str(n))
    assert rate.take("first") == 0.0
