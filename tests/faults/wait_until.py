"""Waiting without a fixed time: poll until something is true, with a deadline."""

import time
from collections.abc import Callable


def wait_until(happened: Callable[[], object], what: str, timeout_s: float = 180.0) -> None:
    """Returns once `happened` is true; an AssertionError that names `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}"
        time.sleep(0.02)
