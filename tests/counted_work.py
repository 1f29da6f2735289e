"""How much work a call does, counted in what Python runs and not in seconds: the same on a busy machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

LINEAR_RATIO_MAX = 2.5  # twice the input may take this many times the work
UNCOUNTED = 3000  # lines: what a small input may cost beyond its share


def work(call: Callable[[], Any]) -> int:
    """The lines that a call runs and the functions, built-in ones too, that it calls."""
    count = 0

    def on_line(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += 1
        return on_line

    def on_call(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "c_call"

    traced, profiled = sys.gettrace(), sys.getprofile()
    sys.settrace(on_line)
    sys.setprofile(on_call)
    try:
        call()
    finally:
        sys.setprofile(profiled)
        sys.settrace(traced)
    return count


def assert_linear(once: Callable[[], Any], twice: Callable[[], Any]) -> None:
    """That the second call, with twice the input, does not take much more than twice the work of the first."""
    single, double = work(once), work(twice)
    assert double <= LINEAR_RATIO_MAX * single + UNCOUNTED, f"{single} became {double}"
