"""What holds for the loops of any sequence of calls."""

import dataclasses
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts_by_hand import SECOND, START, TRACE_ID
from tool_errors.failure.fingerprint import fingerprint
from tool_errors.findings import ToolCall, Verdict
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.loop.loops import find_loops
from trace_store.attributes import payload
from trace_store.facts import CallStatus


def call(number: int, name: str, arguments: object, outcome: object, status: CallStatus = "ok") -> ToolCall:
    failed = status != "ok"
    message = str(outcome) if failed else ""
    mark = fingerprint(name, "", message) if failed else ""
    return ToolCall(
        trace_id=TRACE_ID,
        call_key=f"{number:016x}",
        span_id=number.to_bytes(8, "big"),
        span_ids=(number.to_bytes(8, "big"),),
        call_id=f"c{number}",
        name=name,
        arguments=payload(arguments),
        result=None if failed else payload(outcome),
        asked_by=(1 << 32 | number).to_bytes(8, "big"),
        start_unix_nano=START + number * 10 * SECOND,
        end_unix_nano=START + (number * 10 + 1) * SECOND,
        interaction_id=None,
        verdict=Verdict(status, "rule", "path", "", message, mark),
    )


@st.composite
def sequences(draw: st.DrawFn) -> list[ToolCall]:
    parts = st.tuples(
        st.sampled_from(["search", "read", "run"]),
        st.sampled_from([{"q": "Oslo"}, {"q": "oslo "}, {"q": "Rome"}, {}]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["ok", "error"]),
    )
    drawn = draw(st.lists(parts, max_size=40))
    return [call(number, *part) for number, part in enumerate(drawn, start=1)]  # type: ignore[arg-type]


@given(sequences(), st.randoms())
def test_the_order_in_which_calls_come_makes_no_difference(calls: list[ToolCall], random: object) -> None:
    shuffled = list(calls)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert find_loops(shuffled, {}, live=False) == find_loops(calls, {}, live=False)


@given(sequences())
def test_no_call_belongs_to_two_loops_and_none_is_shorter_than_allowed(calls: list[ToolCall]) -> None:
    loops = find_loops(calls, {}, live=False)
    keys = [reference.call_key for loop in loops for reference in loop.calls]
    assert len(keys) == len(set(keys))
    assert all(loop.iterations >= 3 for loop in loops)
    assert len({loop.loop_id for loop in loops}) == len(loops)


@given(sequences(), st.integers(0, 39))
def test_unrelated_calls_in_between_break_no_loop(calls: list[ToolCall], at: int) -> None:
    extra = call(1000, "unrelated", {"only": "once"}, "done")
    start = START + at * 10 * SECOND + 3 * SECOND
    extra = dataclasses.replace(extra, start_unix_nano=start, end_unix_nano=start + SECOND)
    assert find_loops([*calls, extra], {}, live=False) == find_loops(calls, {}, live=False)


@given(st.permutations(range(4)))
def test_side_by_side_calls_of_the_first_round_leave_the_id_of_the_loop_alone(order: Sequence[int]) -> None:
    first = [
        dataclasses.replace(
            call(number, "search", {"q": 1}, "down", "error"), start_unix_nano=START, end_unix_nano=START
        )
        for number in range(1, 5)
    ]
    rest = [call(number, "search", {"q": 1}, "down", "error") for number in (5, 6)]
    loops = find_loops([*(first[number] for number in order), *rest], {}, live=False)
    assert [(loop.loop_id, loop.iterations) for loop in loops] == [
        (loop.loop_id, 6) for loop in find_loops(first + rest, {}, live=False)
    ]


def test_a_running_loop_is_told_at_the_third_repeat_and_keeps_its_id() -> None:
    calls = [call(number, "search", {"q": 1}, "down", "error") for number in range(1, 9)]
    ids: set[tuple[str, str]] = set()
    for known in range(1, 9):
        loops = find_loops(calls[:known], {}, live=True)
        assert [loop.ended for loop in loops] == (["running"] if known >= 3 else [])
        ids.update((loop.loop_id, loop.fingerprint) for loop in loops)
    assert len(ids) == 1


def test_the_same_loop_elsewhere_has_the_same_fingerprint() -> None:
    here = [call(number, "search", {"q": "Oslo"}, "order 17 not found", "error") for number in range(1, 4)]
    there = [call(number, "search", {"q": "Rome"}, "order 99 not found", "error") for number in range(11, 16)]
    other = [call(number, "search", {"q": "Rome"}, "access denied", "error") for number in range(11, 16)]
    marks = [find_loops(calls, {}, live=False)[0].fingerprint for calls in (here, there, other)]
    assert marks[0] == marks[1] != marks[2]


@pytest.mark.parametrize(("repeats_min", "loops"), [(2, 1), (4, 1), (5, 0)])
def test_thresholds_are_kept(repeats_min: int, loops: int) -> None:
    calls = [call(number, "search", {"q": 1}, "down", "error") for number in range(1, 5)]
    assert len(find_loops(calls, {}, live=False, thresholds=LoopThresholds(repeats_min=repeats_min))) == loops


def _many(count: int) -> list[ToolCall]:
    """Everything at once: loops, cycles, batches that fail alike over long and similar arguments."""
    made = []
    for number in range(count):
        text = f"please look up the weather report of station {number % 977} in the north for order {number}"
        kinds = (
            ("search", {"q": "Oslo"}, "down", "error"),
            ("read", {"path": f"f{number % 7}"}, "text", "ok"),
            ("refund", {"note": text}, "gateway down", "error"),
            ("poll", {"job": number % 50}, {"status": "running"}, "ok"),
        )
        made.append(call(number, *kinds[number % 4]))
    return made


def test_ten_times_the_calls_take_about_ten_times_as_long() -> None:
    small, large = _many(2_000), _many(20_000)

    def best_of(calls: list[ToolCall], times: int) -> float:
        durations = []
        for _ in range(times):
            started = time.process_time()
            find_loops(calls, {}, live=False)
            durations.append(time.process_time() - started)
        return min(durations)

    assert best_of(large, 2) < 30 * best_of(small, 5)
