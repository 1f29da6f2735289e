"""Wrong passwords: few per address, some more of all addresses, and none is remembered for ever."""

from web.signing_in.sign_in_attempts import ALL_MAX, CLIENTS_KEPT, PER_CLIENT_MAX, WINDOW_S, Attempts


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_address_waits_after_so_many() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(PER_CLIENT_MAX):
        assert attempts.wait_s("a") == 0
        attempts.count_wrong("a")
    assert attempts.wait_s("a") == WINDOW_S
    assert attempts.wait_s("b") == 0
    clock.now += WINDOW_S - 1
    assert attempts.wait_s("a") == 1
    clock.now += 1
    assert attempts.wait_s("a") == 0


def test_all_addresses_together_wait_too() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for number in range(ALL_MAX):
        attempts.count_wrong(str(number))
    assert attempts.wait_s("new") == WINDOW_S
    clock.now += WINDOW_S
    assert attempts.wait_s("new") == 0


def test_memory_is_bounded() -> None:
    attempts = Attempts()
    for number in range(CLIENTS_KEPT + 10):
        attempts.count_wrong(str(number))
    assert len(attempts._of_client) == CLIENTS_KEPT
    assert len(attempts._of_all) == ALL_MAX
