"""What grows and is heavy rests in proportion to its last duration, and never longer than a limit."""

from tool_errors.rest import HEAVY_DURATION_S, HEAVY_MAX, Rest


def test_light_ones_never_rest() -> None:
    rest = Rest(wait_factor=10, wait_s_max=30)
    rest.remember("light", HEAVY_DURATION_S)
    assert rest.wait_s("light") == rest.wait_s("unknown") == 0


def test_heavy_ones_rest_ten_times_as_long_as_they_took_but_never_over_the_limit() -> None:
    rest = Rest(wait_factor=10, wait_s_max=3000)
    rest.remember("heavy", 100.0)
    assert 900 < rest.wait_s("heavy") <= 1000
    rest.remember("heavy", 100_000.0)
    assert 2900 < rest.wait_s("heavy") <= 3000
    rest.remember("heavy", 0.0)
    assert rest.wait_s("heavy") == 0


def test_only_so_many_are_remembered() -> None:
    rest = Rest(wait_factor=10, wait_s_max=3000)
    for number in range(HEAVY_MAX + 1):
        rest.remember(number, 100.0)
    assert rest.wait_s(0) == 0
    assert rest.wait_s(1) > 0
