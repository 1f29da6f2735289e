"""The labelled set of loops and of productive repetition: nothing false, nearly everything found."""

import pytest

from tests.labelled_loops import Case, labelled_cases
from tests.labelled_traces import derive_case
from tool_errors.findings import DerivedTrace, Loop

CASES = labelled_cases()
LOOPS = [case for case in CASES if case.label is not None]
PRODUCTIVE = [case for case in CASES if case.label is None]


def loops_of(traces: list[DerivedTrace]) -> list[Loop]:
    return [loop for trace in traces for loop in trace.loops]


def is_found(case: Case, loop: Loop) -> bool:
    """Whether a loop is the labelled one: kind, tools, rounds, end and each of its calls."""
    label = case.label
    wanted = {f"c{number}" for number, step in enumerate(case.steps) if step.in_loop}
    return label is not None and (
        loop.kind == label.kind
        and loop.tools == label.tools
        and loop.iterations == label.iterations
        and loop.ended == label.ended
        and {call.call_id for call in loop.calls} == wanted
    )


def test_the_set_is_large_and_says_where_its_cases_come_from() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len(LOOPS) >= 40
    assert len(PRODUCTIVE) >= 40
    assert sum(bool(case.source) for case in CASES) >= 20
    assert 0.2 < sum(case.held_out for case in CASES) / len(CASES) < 0.5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_leaves_the_calls_behind_that_it_describes(case: Case) -> None:
    calls = [call for trace in derive_case(case) for call in trace.tool_calls]
    assert [call.call_id for call in calls] == [f"c{number}" for number in range(len(case.steps))]
    assert [call.name for call in calls] == [step.tool for step in case.steps]
    failed = [call.verdict.status in ("error", "soft_error") for call in calls]
    assert all(failed[number] for number, step in enumerate(case.steps) if step.failed)


@pytest.mark.parametrize("case", PRODUCTIVE, ids=lambda case: case.name)
def test_productive_repetition_is_no_loop(case: Case) -> None:
    assert loops_of(derive_case(case)) == []


@pytest.mark.parametrize("held_out", [False, True], ids=["tuned on", "held out"])
def test_nearly_every_loop_is_found_and_told_exactly(held_out: bool) -> None:
    cases = [case for case in LOOPS if case.held_out == held_out]
    missed = [case.name for case in cases if not any(is_found(case, loop) for loop in loops_of(derive_case(case)))]
    assert len(missed) <= (2 if held_out else 0), missed


def test_at_least_96_percent_of_the_loops_are_found() -> None:
    found = sum(any(is_found(case, loop) for loop in loops_of(derive_case(case))) for case in LOOPS)
    assert found >= 0.96 * len(LOOPS)


@pytest.mark.parametrize("case", LOOPS, ids=lambda case: case.name)
def test_one_loop_is_reported_once(case: Case) -> None:
    assert len(loops_of(derive_case(case))) <= 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_loops_depend_neither_on_order_nor_on_repetition_nor_on_being_read_back(case: Case) -> None:
    loops = loops_of(derive_case(case))
    assert loops_of(derive_case(case, reverse=True)) == loops
    assert loops_of(derive_case(case, read_back=True)) == loops
