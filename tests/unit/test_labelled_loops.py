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
