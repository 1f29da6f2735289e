"""One call, told in several traces of one conversation."""

from dataclasses import replace
from typing import Any

from tests.facts_by_hand import TraceByHand, answered, asked
from tool_errors.derive import derive
from tool_errors.failure.fingerprint import fingerprint
from tool_errors.findings import DerivedTrace, ToolCall
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.grouped.linked_traces import linked_traces
from tool_errors.judged import from_row, to_row
from trace_store.facts import Failure

ARGUMENTS = {"order": "1"}
CONVERSATION = "conversation"


def traces_of(*steps: tuple[str, dict[str, Any]], conversation_id: str | None = CONVERSATION) -> list[DerivedTrace]:
    """One trace for each step, in this order of time."""
    traces = []
    for number, (type_, facts) in enumerate(steps):
        one = TraceByHand()
        one.add(type_, **{"start": number * 10, **facts}, conversation_id=conversation_id)  # type: ignore[arg-type]
        nodes = [node._replace(trace_id=bytes([number + 1]) * 16) for node in one.nodes]
        traces.append(derive(nodes, one.judged, live=False))
    return traces


def calls_of(traces: list[DerivedTrace]) -> list[list[ToolCall]]:
    groups = linked_traces(traces)
    assert [len(group) for group in groups] == [len(traces)]
    return [list(trace.tool_calls) for trace in settle_conversation(groups[0])]


def test_a_span_takes_what_messages_elsewhere_say() -> None:
    request = ("chain", {"requested_calls": (asked("c1", "refund", ARGUMENTS),)})
    tool = ("tool", {"tool_name": "refund", "tool_call_id": "c1"})
    answer = ("chain", {"answered_calls": (answered("c1", "refund", {"error": "rate limited"}),)})
    before, calls, after = calls_of(traces_of(request, tool, answer))
    assert (before, after) == ([], [])
    assert calls[0].arguments is not None
    assert calls[0].result is not None
    assert (calls[0].verdict.status, calls[0].verdict.message) == ("soft_error", "rate limited")
    assert calls[0].verdict.fingerprint


def test_ids_that_are_counted_from_zero_join_nothing() -> None:
    tool = ("tool", {"tool_name": "refund", "tool_call_id": "call_0"})
    answer = ("llm", {"model": "m", "answered_calls": (answered("call_0", "refund", "late"),)})
    assert [len(calls) for calls in calls_of(traces_of(tool, tool, answer))] == [1, 1, 1]


def test_a_report_of_a_call_that_was_asked_for_and_answered_is_no_other_call() -> None:
    """A model's client is instrumented too: the call's own trace knows all, the runtime's messages repeat it."""
    one = TraceByHand()
    asking = one.add(
        "llm", model="m", requested_calls=(asked("c1", "refund", ARGUMENTS),), conversation_id=CONVERSATION
    )
    one.add("tool", start=2, tool_name="refund", tool_call_id="c1", conversation_id=CONVERSATION)
    one.add("llm", start=4, model="m", answered_calls=(answered("c1", "refund", "done"),), conversation_id=CONVERSATION)
    own = derive(one.nodes, one.judged, live=False)
    for arguments, others in ((None, 0), (ARGUMENTS, 0), ({"order": "2"}, 1)):
        (report,) = traces_of(
            ("chain", {"start": 10, "answered_calls": (answered("c1", "refund", "done", arguments),)})
        )
        calls = tuple(replace(call, trace_id=b"r" * 16) for call in report.tool_calls)
        first, second = calls_of([own, replace(report, trace_id=b"r" * 16, tool_calls=calls)])
        assert [call.asked_by for call in first] == [one.nodes[asking - 1].span_id]
        assert len(second) == others


def test_a_request_without_an_id_is_found_by_question_and_arguments() -> None:
    request = ("llm", {"model": "m", "input_text": "refund!", "requested_calls": (asked("", "refund", ARGUMENTS),)})
    answer = (
        "llm",
        {"model": "m", "input_text": "refund!", "answered_calls": (answered("c1", "refund", "done", ARGUMENTS),)},
    )
    before, after = calls_of(traces_of(request, answer, conversation_id=None))
    assert before == []
    assert [(call.call_id, call.verdict.status) for call in after] == [("c1", "ok")]


def test_another_question_is_another_call() -> None:
    request = ("llm", {"model": "m", "input_text": "refund!", "requested_calls": (asked("", "refund", ARGUMENTS),)})
    answer = (
        "llm",
        {"model": "m", "input_text": "again!", "answered_calls": (answered("c1", "refund", "done", ARGUMENTS),)},
    )
    assert len(linked_traces(traces_of(request, answer, conversation_id=None))) == 2


def test_the_turns_of_a_run_in_one_span_are_a_loop() -> None:
    requests = tuple(replace(asked(f"c{n}", "refund", ARGUMENTS), turn=n) for n in range(1, 5))
    answers = tuple(replace(answered(f"c{n}", "refund", "ValueError: late"), turn=n) for n in range(1, 5))
    run = TraceByHand()
    run.add("chain", requested_calls=requests, answered_calls=answers)
    run.judged = [from_row(to_row(judged)) for judged in run.judged]
    assert [(loop.tools, loop.failures) for loop in run.derive().loops] == [(("refund",), 4)]


def test_parallel_calls_of_one_turn_are_none() -> None:
    requests = tuple(replace(asked(f"c{n}", "refund", ARGUMENTS), turn=1) for n in range(4))
    answers = tuple(replace(answered(f"c{n}", "refund", "ValueError: late"), turn=1) for n in range(4))
    run = TraceByHand()
    run.add("chain", requested_calls=requests, answered_calls=answers)
    assert run.derive().loops == ()


CLASS_NAMED = {"tool_name": "DynamicStructuredTool", "arguments": ARGUMENTS}
BROKEN = Failure("exception_event", "events[0].exception.message", "Error", "card refused")


def test_a_span_named_by_its_class_takes_the_name_and_id_of_the_request_elsewhere() -> None:
    request = ("chain", {"requested_calls": (asked("c1", "refund", ARGUMENTS),)})
    tool = ("tool", {**CLASS_NAMED, "failure": BROKEN})
    answer = ("chain", {"answered_calls": (answered("c1", "refund", "Error: card refused"),)})
    before, calls, after = calls_of(traces_of(request, tool, answer))
    assert (before, after) == ([], [])
    assert (calls[0].name, calls[0].call_id, calls[0].verdict.status) == ("refund", "c1", "error")
    assert calls[0].verdict.fingerprint == fingerprint("refund", "Error", "card refused")


def test_equal_calls_take_the_requests_before_them_in_turn() -> None:
    steps: list[tuple[str, dict[str, Any]]] = []
    for number in range(3):
        steps.append(("chain", {"requested_calls": (asked(f"c{number}", "refund", ARGUMENTS),)}))
        steps.append(("tool", CLASS_NAMED))
    calls = [call for of_trace in calls_of(traces_of(*steps)) for call in of_trace]
    assert [(call.name, call.call_id) for call in calls] == [("refund", "c0"), ("refund", "c1"), ("refund", "c2")]


def test_other_arguments_and_tools_that_messages_name_keep_their_names() -> None:
    request = ("chain", {"requested_calls": (asked("c1", "refund", ARGUMENTS), asked("c2", "notify", {"to": "x"}))})
    other = ("tool", {"tool_name": "DynamicStructuredTool", "arguments": {"order": "2"}})
    named = ("tool", {"tool_name": "notify", "arguments": ARGUMENTS})
    asking, first, second = calls_of(traces_of(request, other, named))
    assert [call.name for call in asking] == ["refund", "notify"]
    assert (first[0].name, second[0].name) == ("DynamicStructuredTool", "notify")


def test_the_span_of_a_tool_without_a_call_id_is_the_call_that_was_asked_for_with_its_arguments() -> None:
    """The client of the model and the tools are traced side by side, each by itself, with nothing around them."""
    request = ("llm", {"model": "m", "input_text": "hello", "requested_calls": (asked("c1", "refund", ARGUMENTS),)})
    other = ("tool", {"tool_name": "charge", "arguments": ARGUMENTS})
    tool = ("tool", {"tool_name": "refund", "arguments": ARGUMENTS})
    answer = ("llm", {"model": "m", "input_text": "hello", "answered_calls": (answered("c1", "refund", "late"),)})
    settled = calls_of(traces_of(request, other, tool, answer))
    assert [[(call.name, call.call_id) for call in calls] for calls in settled] == [
        [],
        [("charge", None)],
        [("refund", "c1")],
        [],
    ]
