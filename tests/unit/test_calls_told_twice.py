"""One tool call that two instrumentations tell in different ways: spans side by side, ids of different kinds."""

from typing import Any

import pytest

from tests.facts_by_hand import TraceByHand, answered, asked, span_id
from trace_store.facts import Failure

FAILED = Failure("span_status", "status.message", "", "no route")


def told_beside(**inner: Any) -> TraceByHand:
    """An agent's tool span with a call id, and beside it one of another dialect."""
    trace = TraceByHand()
    trace.add("agent", start=0, end=9)
    trace.add(
        "tool", 1, start=1, end=4, tool_name="mcp__shop__lookup", tool_call_id="c1", arguments={"a": 1}, failure=FAILED
    )
    facts = {"start": 2, "end": 3, "tool_name": "lookup", **inner}
    number = trace.add("tool", 1, **facts)
    trace.judged[number - 1].facts.dialect = "otel_genai"
    return trace


def test_the_server_of_a_tool_beside_the_frameworks_span_is_the_same_call() -> None:
    (call,) = told_beside().derive().tool_calls
    assert (call.name, call.call_id, call.span_ids) == ("mcp__shop__lookup", "c1", (span_id(2), span_id(3)))
    assert call.verdict.message == "no route"


@pytest.mark.parametrize(
    "inner",
    [
        {"end": 5},
        {"tool_name": "search"},
        {"tool_call_id": "c2"},
        {"arguments": {"a": 2}},
    ],
)
def test_what_differs_beside_is_another_call(inner: dict[str, Any]) -> None:
    assert len(told_beside(**inner).derive().tool_calls) == 2


def test_a_framework_that_calls_one_tool_twice_has_two_calls() -> None:
    trace = told_beside()
    trace.add("tool", 1, start=2, end=3, tool_name="mcp__shop__lookup", arguments={"a": 1})
    assert len(trace.derive().tool_calls) == 2


def answered_by_other_id(arguments: Any, *, answers_first: bool = False) -> TraceByHand:
    """A model asks under one id, the history of the next call answers under another."""
    trace = TraceByHand()
    trace.add("llm", model="m", requested_calls=(asked("fc_1", "lookup", {"a": 1}),), tool_definitions=())
    trace.add("tool", tool_name="lookup", arguments={"a": 1}, failure=FAILED)
    answers = [answered("call_1", "lookup", "no route", arguments)]
    if answers_first:
        answers.insert(0, answered("fc_1", "lookup", "found", {"a": 1}))
    trace.add("llm", model="m", answered_calls=tuple(answers))
    return trace


def test_an_answer_with_equal_arguments_belongs_to_the_request_whose_id_nothing_answers() -> None:
    (call,) = answered_by_other_id({"a": 1}).derive().tool_calls
    assert (call.name, call.call_id, call.asked_by, call.span_id) == ("lookup", "fc_1", span_id(1), span_id(2))


def test_an_answer_with_other_arguments_is_another_call() -> None:
    assert len(answered_by_other_id({"a": 2}).derive().tool_calls) == 2


def test_a_request_that_is_answered_under_its_own_id_takes_no_other_answer() -> None:
    assert len(answered_by_other_id({"a": 1}, answers_first=True).derive().tool_calls) == 2
