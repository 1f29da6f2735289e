"""Plain loops: a tool that fails again and again on the same task, and what is none."""

import pytest

from tests.facts_by_hand import TraceByHand, answered, asked
from tool_errors.derive import derive
from tool_errors.findings import DerivedTrace, Loop
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.grouped.linked_traces import linked_traces

UNKNOWN = None
TASK = {"city": "Oslo", "date": "2026-13-45"}


def only_loop(trace: DerivedTrace) -> Loop:
    assert len(trace.loops) == 1
    return trace.loops[0]


def turns(trace: TraceByHand, *arguments: object, name: str = "search", message: str = "invalid date") -> None:
    """One LLM call and one failing tool call per entry, one after the other."""
    for value in arguments:
        trace.add("llm", model="m", input_tokens=10, output_tokens=2, requested_calls=(asked("", name, value),))
        trace.failing_tool(name, value, message)


@pytest.mark.parametrize(("repeats", "loops"), [(2, 0), (3, 1), (7, 1)])
def test_three_failures_on_one_task_are_a_loop_and_two_are_not(repeats: int, loops: int) -> None:
    trace = TraceByHand()
    turns(trace, *[TASK] * repeats)
    assert len(trace.derive().loops) == loops


def test_a_loop_tells_its_calls_its_waste_and_its_end() -> None:
    trace = TraceByHand()
    turns(trace, *[TASK] * 5)
    loop = only_loop(trace.derive())
    assert (loop.kind, loop.tools, loop.iterations, loop.failures) == ("repeated_failure", ("search",), 5, 5)
    assert loop.tokens == 4 * 12  # the first call was no waste
    assert loop.end_unix_nano - loop.start_unix_nano == 9 * 10**9
    assert loop.ended == "gave_up"
    assert [call.span_id for call in loop.calls] == [node.span_id for node in trace.nodes[1::2]]


def test_a_loop_keeps_its_id_while_it_grows_and_runs_while_the_trace_is_live() -> None:
    trace = TraceByHand()
    turns(trace, *[TASK] * 3)
    first = only_loop(trace.derive(live=True))
    assert first.ended == "running"
    turns(trace, TASK)
    second = only_loop(trace.derive(live=True))
    assert (second.loop_id, second.fingerprint, second.failures) == (first.loop_id, first.fingerprint, 4)


def test_a_loop_that_ends_in_success() -> None:
    trace = TraceByHand()
    turns(trace, *[TASK] * 3)
    trace.add("tool", tool_name="search", arguments={"city": "Oslo", "date": "2026-12-01"}, result={"flights": 2})
    derived = trace.derive()
    assert only_loop(derived).ended == "success"
    assert [call.recovered for call in derived.tool_calls] == [True, True, True, False]


def test_error_texts_may_take_turns_when_the_arguments_are_equal() -> None:
    trace = TraceByHand()
    for message in ("late", "refused", "late", "refused"):
        turns(trace, TASK, message=message)
    assert only_loop(trace.derive()).failures == 4


def test_unrelated_calls_in_between_do_not_break_a_loop() -> None:
    trace = TraceByHand()
    for number in range(3):
        turns(trace, TASK)
        trace.add("tool", tool_name="think", arguments={"n": number}, result="hm")
        turns(trace, {"city": f"Other {number}"}, message=f"no such city {number}")
    assert only_loop(trace.derive()).failures == 3


def test_nearly_equal_arguments_with_the_same_error_are_one_task() -> None:
    trace = TraceByHand()
    turns(trace, {"q": "flights to Oslo"}, {"q": "Flights to  Oslo."}, {"q": "flights to oslo"})
    assert only_loop(trace.derive()).failures == 3


def test_a_batch_over_different_inputs_that_all_fail_alike_is_no_loop() -> None:
    trace = TraceByHand()
    turns(trace, *[{"order": number} for number in range(12)], message="payment gateway timed out")
    assert trace.derive().loops == ()


def test_a_retry_that_succeeds_early_starts_anew() -> None:
    trace = TraceByHand()
    for _ in range(3):
        turns(trace, TASK, TASK)
        trace.add("tool", tool_name="search", arguments=TASK, result={"flights": 2})
    assert trace.derive().loops == ()


def test_parallel_calls_are_one_try() -> None:
    trace = TraceByHand()
    for _ in range(6):
        trace.failing_tool("search", TASK, "invalid date", start=1, end=2)
    assert trace.derive().loops == ()


def test_failures_that_climb_to_outer_tools_count_once() -> None:
    trace = TraceByHand()
    for second in range(0, 9, 3):
        outer = trace.failing_tool("ask_agent", TASK, "search: invalid date", start=second, end=second + 2)
        trace.failing_tool("search", TASK, "invalid date", outer, start=second + 0.5, end=second + 1)
    derived = trace.derive()
    assert only_loop(derived).tools == ("search",)
    assert derived.error_count == 3
    assert [call.propagated_from is not None for call in derived.tool_calls] == [True, False] * 3


def test_unknown_arguments_make_a_loop_only_with_an_unchanged_error() -> None:
    trace = TraceByHand()
    for message in ("invalid date: 1", "invalid date: 1", "invalid date: 1", "order 1", "order 2", "order 3"):
        trace.failing_tool("search", UNKNOWN, message)
    assert only_loop(trace.derive()).failures == 3


def test_retries_of_the_model_are_no_tool_loop() -> None:
    trace = TraceByHand()
    for _ in range(5):
        trace.add("llm", model="m", failure=None)
    assert trace.derive().loops == ()


def test_a_loop_through_traces_that_only_their_messages_join() -> None:
    traces = []
    for number in range(5):
        one = TraceByHand()
        given = (answered(f"call_{number}", "search", "ValueError: invalid date", TASK),) if number else ()
        wanted = (asked(f"call_{number + 1}", "search", TASK),) if number < 4 else ()
        one.add("llm", start=number * 10, model="m", answered_calls=given, requested_calls=wanted)
        trace_id = bytes([number + 1]) * 16
        nodes = [node._replace(trace_id=trace_id) for node in one.nodes]
        traces.append(derive(nodes, one.judged, live=False))
    linked = linked_traces(traces)
    assert [len(group) for group in linked] == [5]
    settled = settle_conversation(linked[0])
    assert [[call.verdict.status for call in trace.tool_calls] for trace in settled] == [[], *[["soft_error"]] * 4]
    assert [len(trace.loops) for trace in settled] == [0, 0, 0, 0, 1]
    assert settled[4].loops[0].failures == 4


def test_a_client_that_calls_tools_by_itself_inside_the_span_of_one_model_call() -> None:
    trace = TraceByHand()
    wanted = [*[asked(f"c{turn}", "search", TASK) for turn in range(4)], asked("other", "weather", {"city": "Oslo"})]
    answer = "There are no flights."
    llm = trace.add("llm", start=0.0, end=99.0, model="m", requested_calls=tuple(wanted), output_text=answer)
    for turn in range(4):
        trace.failing_tool("search", TASK, "invalid date", llm, tool_call_id=f"c{turn}")
    trace.add("tool", llm, tool_name="weather", tool_call_id="other", arguments={"city": "Oslo"}, result="rain")
    derived = trace.derive()
    assert only_loop(derived).failures == 4
    assert [call.asked_turn for call in derived.tool_calls] == [0, 1, 2, 3, 3]
    assert derived.output == answer


def test_equal_calls_asked_for_at_once_inside_the_model_call_are_one_try() -> None:
    trace = TraceByHand()
    wanted = tuple(asked(f"c{number}", "search", TASK) for number in range(4))
    llm = trace.add("llm", start=0.0, end=99.0, model="m", requested_calls=wanted)
    for number in range(4):
        trace.failing_tool("search", TASK, "invalid date", llm, start=1.0, end=2.0, tool_call_id=f"c{number}")
    assert trace.derive().loops == ()
