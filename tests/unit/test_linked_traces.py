"""Which traces belong together, whatever order they come in."""

import random
from dataclasses import replace
from typing import Any

import pytest

from tests.client_only_run import QUESTION, client_only_run, trace_id
from tool_errors.findings import DerivedTrace, Verdict
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.grouped.linked_traces import LINKED_TRACES_MAX, linked_traces, may_belong_to_group
from tool_errors.inspect import derive_records
from tool_errors.table_rows import tool_call_row

REFUSED = "the restaurant refused"


def own(run: int, failures: list[str | None], **options: str) -> list[DerivedTrace]:
    """The traces of a run, each by itself."""
    return [derive_records(trace, [])[0] for trace in client_only_run(run, failures, **options)]


def sizes(traces: list[DerivedTrace], *links: tuple[bytes, bytes]) -> list[int]:
    return [len(group) for group in linked_traces(traces, links)]


def test_a_call_that_is_answered_in_the_next_trace_joins_both() -> None:
    traces = own(0, [None, None])
    assert [trace.input for trace in traces] == [QUESTION] * 3
    assert all(may_belong_to_group(trace) for trace in traces)
    assert [trace.unanswered_count for trace in traces] == [1, 1, 0]
    assert sizes(traces) == [3]
    settled = settle_conversation(linked_traces(traces)[0])
    assert [[call.verdict.status for call in trace.tool_calls] for trace in settled] == [[], ["ok"], ["ok"]]
    assert [trace.steps for trace in settled] == ["L", "LT", "LT"]


def test_a_call_names_the_model_call_that_asked_for_it_in_another_trace() -> None:
    traces = own(0, [None, None])
    settled = settle_conversation(linked_traces(traces)[0])
    asked = [(call.asked_in, call.asked_by) for trace in settled for call in trace.tool_calls]
    assert asked == [(trace.trace_id, trace.llm_calls[0].span_id) for trace in traces[:2]]
    of_rows = [tool_call_row(1, call) for trace in settled for call in trace.tool_calls]
    assert [(row.asked_in, row.asked_by) for row in of_rows] == asked


def test_other_runs_are_other_groups() -> None:
    assert sizes(own(0, [None]) + own(1, [None, None])) == [2, 3]


@pytest.mark.parametrize(("other", "expected"), [({}, [2]), ({"input_preview": "another question"}, [1, 1])])
def test_the_same_call_id_for_another_question_joins_nothing(other: dict[str, str], expected: list[int]) -> None:
    first, second = own(0, [None])
    assert sizes([first, replace(second, **other)]) == expected  # type: ignore[arg-type]


def test_the_same_call_id_in_another_conversation_joins_nothing() -> None:
    first, second = own(0, [None])
    assert sizes([replace(first, conversation_id="a"), replace(second, conversation_id="b")]) == [1, 1]


def test_an_answer_days_later_joins_nothing() -> None:
    first, second = own(0, [None])
    late = tuple(replace(call, start_unix_nano=call.start_unix_nano + 2 * 86400 * 10**9) for call in second.tool_calls)
    assert sizes([first, replace(second, tool_calls=late)]) == [1, 1]


LONE_ID = bytes([7] * 16)


def lone_tool(asking: DerivedTrace, **more: Any) -> DerivedTrace:
    """A trace that holds nothing but the failed span of the tool that another trace asked for, named by its class."""
    (asked,) = asking.tool_calls
    start = asked.start_unix_nano + 1
    verdict = Verdict("error", "span_status", "status", "", REFUSED, "f")
    ran = replace(asked, trace_id=LONE_ID, call_key="07" * 8, span_id=bytes([7] * 8), call_id=None, asked_by=None)
    ran = replace(ran, name="FunctionTool", start_unix_nano=start, end_unix_nano=start + 1, verdict=verdict)
    bare = {"input": None, "input_preview": None, "llm_calls": (), "tool_calls": (ran,), "start_unix_nano": start}
    return replace(asking, trace_id=LONE_ID, **{**bare, **more})


def test_the_span_of_a_tool_alone_belongs_to_the_trace_that_asked_with_equal_arguments() -> None:
    asking, answering = own(0, [REFUSED])
    lone = lone_tool(asking)
    assert may_belong_to_group(lone)
    (group,) = linked_traces([lone, answering, asking])
    settled = {trace.trace_id: trace for trace in settle_conversation(group)}
    assert [len(settled[trace.trace_id].tool_calls) for trace in (asking, lone, answering)] == [0, 1, 0]
    (call,) = settled[LONE_ID].tool_calls
    (asked,) = asking.tool_calls
    assert (call.name, call.call_id, call.verdict.message) == (asked.name, asked.call_id, REFUSED)


@pytest.mark.parametrize(
    "other", [{"service_name": "another"}, {"input_preview": "a question of its own"}, {"conversation_id": "c"}]
)
def test_the_span_of_a_tool_elsewhere_stays_alone(other: dict[str, str]) -> None:
    asking = replace(own(0, [REFUSED])[0], conversation_id="d")
    assert sizes([asking, lone_tool(asking, **{"conversation_id": None, **other})]) == [1, 1]


def test_span_links_join_steps_of_agents() -> None:
    one, other, plain = own(0, [])[0], own(1, [])[0], replace(own(2, [])[0], models=())
    assert sizes([one, other, plain]) == [1, 1, 1]
    assert sizes([one, other, plain], (other.trace_id, one.trace_id), (plain.trace_id, one.trace_id)) == [2, 1]


def test_a_trace_that_is_linked_with_very_many_collects_work_and_joins_nothing() -> None:
    collector, *runs = [own(run, [])[0] for run in range(LINKED_TRACES_MAX + 2)]
    links = [(collector.trace_id, run.trace_id) for run in runs]
    assert sizes([collector, *runs], *links[:-1]) == [LINKED_TRACES_MAX + 1, 1]
    assert sizes([collector, *runs], *links) == [1] * (LINKED_TRACES_MAX + 2)


def test_the_order_of_the_traces_makes_no_difference() -> None:
    traces = own(0, [REFUSED] * 4) + own(1, [None], conversation_id="c") + own(2, [REFUSED, None], conversation_id="c")
    expected = [settle_conversation(group) for group in linked_traces(traces)]
    assert [len(group) for group in expected] == [5, 5]
    for seed in range(10):
        shuffled = random.Random(seed).sample(traces, len(traces))
        assert [settle_conversation(group) for group in linked_traces(shuffled)] == expected


def test_a_loop_over_several_traces_is_told_once_where_it_ended() -> None:
    traces = own(0, [REFUSED] * 4)
    assert [len(trace.loops) for trace in traces] == [0] * 5
    settled = settle_conversation(traces)
    assert [len(trace.loops) for trace in settled] == [0, 0, 0, 0, 1]
    (loop,) = settled[-1].loops
    assert (loop.iterations, loop.failures, loop.ended) == (4, 4, "gave_up")
    assert [call.trace_id for call in loop.calls] == [trace_id(0, number) for number in (1, 2, 3, 4)]


def test_a_failure_that_a_later_trace_makes_good_is_recovered() -> None:
    traces = settle_conversation(own(0, [REFUSED, None]))
    calls = [call for trace in traces for call in trace.tool_calls]
    assert [(call.verdict.status, call.recovered) for call in calls] == [("soft_error", True), ("ok", False)]
    calls = [call for trace in settle_conversation(own(0, [None, REFUSED])) for call in trace.tool_calls]
    assert [(call.verdict.status, call.recovered) for call in calls] == [("ok", False), ("soft_error", False)]


def without_names(trace: DerivedTrace) -> DerivedTrace:
    """The trace of a library that tells results without the requests of the history before them."""
    bare = {"name": "", "asked_by": None, "arguments": None}
    calls = [replace(call, **bare) if call.verdict.status != "unanswered" else call for call in trace.tool_calls]  # type: ignore[arg-type]
    return replace(trace, tool_calls=tuple(calls))


def test_answers_without_a_name_are_known_by_their_id_and_told_once() -> None:
    first, second, third = own(0, [REFUSED, REFUSED])
    (answer,) = [call for call in second.tool_calls if call.verdict.status != "unanswered"]
    repeated = replace(answer, trace_id=third.trace_id, start_unix_nano=third.start_unix_nano)
    traces = [first, without_names(second), without_names(replace(third, tool_calls=(*third.tool_calls, repeated)))]
    assert sizes(traces) == [3]
    for seed in range(4):
        shuffled = random.Random(seed).sample(traces, 3)
        settled = settle_conversation(linked_traces(shuffled)[0])
        calls = [call for trace in settled for call in trace.tool_calls]
        assert [(call.name, call.call_id, call.arguments is None) for call in calls] == [
            ("book_table", "call_0_0", False),
            ("book_table", "call_0_1", False),
        ]
        assert [call.asked_in for call in calls] == [first.trace_id, second.trace_id]
        assert len({call.verdict.fingerprint for call in calls}) == 1
