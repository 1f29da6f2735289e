"""Arguments against the schema that was offered: from the span to the call, and which of it is told."""

import dataclasses
from typing import Any

import pytest

from tests.facts_by_hand import TraceByHand, answered, asked
from tool_errors.contract import contract
from tool_errors.derive import derive
from tool_errors.finding_rows import call_fingerprint, call_kind
from tool_errors.findings import DerivedTrace, ToolCall
from tool_errors.grouped.conversation import settle_conversation
from tool_errors.judged import from_row, to_row
from tool_errors.table_rows import tool_call_row
from trace_store.dialects.tool_definitions import definition
from trace_store.facts import Failure

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "stops": {"items": {"type": "integer"}}},
    "required": ["city"],
}
WEATHER = definition("weather", "The weather.", SCHEMA)


def run(arguments: Any, result: Any = None, failure: Failure | None = None, tools: Any = (WEATHER,)) -> TraceByHand:
    """A model that is offered a tool and asks for it, and the tool's span."""
    trace = TraceByHand()
    trace.add("llm", model="m", requested_calls=(asked("c1", "weather", arguments),), tool_definitions=tools)
    more: dict[str, Any] = {} if failure is None else {"failure": failure}
    trace.add("tool", tool_name="weather", tool_call_id="c1", arguments=arguments, result=result, **more)
    return trace


def call_of(trace: TraceByHand) -> ToolCall:
    (call,) = trace.derive().tool_calls
    return call


def kind_of(call: ToolCall) -> str:
    return call_kind(tool_call_row(1, call))


def failed(message: str) -> Failure:
    return Failure("span_status", "status.message", "", message)


def test_a_call_that_worked_is_a_finding_of_its_own() -> None:
    trace = run({"days": 2}, {"sky": "blue"}).derive()
    (told,) = contract(trace, project="p")["tool_calls"]
    assert told["status"] == "ok"
    assert told["violation"] == [{"path": "city", "expected": "a value", "got": "nothing", "rule": "required"}]
    assert kind_of(trace.tool_calls[0]) == "schema_violation"


def test_a_call_that_failed_stays_one_tool_error() -> None:
    call = call_of(run({"days": 2}, failure=failed("boom")))
    assert (kind_of(call), len(call.violations)) == ("tool_error", 1)
    assert call_fingerprint(tool_call_row(1, call)) == call.verdict.fingerprint


def test_a_call_that_was_never_answered_stays_unanswered() -> None:
    trace = TraceByHand()
    trace.add("llm", requested_calls=(asked("c1", "weather", {}),), tool_definitions=(WEATHER,))
    (call,) = trace.derive().tool_calls
    assert (kind_of(call), len(call.violations)) == ("unanswered", 1)


@pytest.mark.parametrize("arguments", [{"city": "Bonn", "days": "5"}, {"city": "Bonn", "days": None}, {"city": 7}])
def test_what_the_tool_took_is_not_told(arguments: Any) -> None:
    told = contract(run(arguments, {"sky": "blue"}).derive(), project="p")["tool_calls"][0]
    assert told["violation"] is None
    assert kind_of(call_of(run(arguments, {"sky": "blue"}))) == ""


def test_what_tools_mostly_take_is_told_of_a_failure_that_complains_of_arguments() -> None:
    arguments = {"city": "Bonn", "days": "5"}
    for message, path in (
        ("Input validation error: '5' is not of type 'integer'", "days"),
        ("gateway timed out", None),
    ):
        told = contract(run(arguments, failure=failed(message)).derive(), project="p")["tool_calls"][0]
        assert (told["violation"] or [{"path": None}])[0]["path"] == path


def test_calls_that_break_a_schema_alike_are_one_issue() -> None:
    def mark(arguments: Any) -> str:
        return call_fingerprint(tool_call_row(1, call_of(run(arguments, "fine"))))

    assert mark({"city": "a", "stops": ["x"]}) == mark({"city": "b", "stops": [1, "y z", "q"]})
    assert len({mark({}), mark({"city": None}), mark({"city": "a", "stops": ["x"]})}) == 3


def test_the_span_of_a_tool_may_tell_its_schema() -> None:
    trace = TraceByHand()
    trace.add("tool", tool_name="weather", arguments={"days": 1}, result="fine", tool_definitions=(WEATHER,))
    assert [each.path for each in call_of(trace).violations] == ["city"]


def test_what_the_model_was_offered_counts_before_what_the_framework_handed_on() -> None:
    trace = TraceByHand()
    trace.add("llm", requested_calls=(asked("c1", "weather", {"city": "Bonn"}),), tool_definitions=(WEATHER,))
    handed_on = {"days": 1, "city": ["Bonn"]}
    trace.add(
        "tool", tool_name="weather", tool_call_id="c1", arguments=handed_on, result="x", tool_definitions=(WEATHER,)
    )
    assert call_of(trace).violations == ()


@pytest.mark.parametrize(
    ("arguments", "tools"),
    [
        ({}, ()),
        ({}, (definition("other", "", SCHEMA),)),
        ({}, (WEATHER, definition("weather", "Another.", SCHEMA))),
        ({}, (definition("weather", "No schema.", None),)),
        (None, (WEATHER,)),
        ('{"days": 1', (WEATHER,)),
        ([1], (WEATHER,)),
        ({"city": "Bonn", "days": "[REDACTED]"}, (WEATHER,)),
    ],
)
def test_what_cannot_be_known_is_not_judged(arguments: Any, tools: Any) -> None:
    assert call_of(run(arguments, "fine", tools=tools)).violations == ()


def below_an_agent(arguments: Any, tools: Any = (WEATHER,), of_call: Any = ()) -> TraceByHand:
    trace = TraceByHand()
    agent = trace.add("agent", end=9, tool_definitions=tools)
    step = trace.add("chain", agent, end=8)
    trace.add(
        "llm", step, model="m", requested_calls=(asked("c1", "weather", arguments),), tool_definitions=of_call, end=7
    )
    trace.add("tool", agent, tool_name="weather", tool_call_id="c1", arguments=arguments, result="fine")
    return trace


def test_the_span_of_the_agent_may_tell_the_schema() -> None:
    trace = below_an_agent({"days": 1})
    assert [each.path for each in call_of(trace).violations] == ["city"]
    again = derive(trace.nodes, [from_row(to_row(judged)) for judged in trace.judged], live=False)
    assert again.tool_calls[0].violations == call_of(trace).violations


@pytest.mark.parametrize(
    ("arguments", "tools", "of_call"),
    [
        ({"city": "Bonn"}, (WEATHER,), ()),
        ({"days": 1}, (definition("weather", "No schema.", None),), ()),
        ({"days": 1}, (WEATHER, definition("weather", "Another.", SCHEMA)), ()),
        ({"days": 1}, (WEATHER,), (definition("weather", "No schema.", None),)),
        ({"days": 1, "x": "y" * 500}, (WEATHER,), ()),  # its row does not hold all of it
        (None, (WEATHER,), ()),
    ],
)
def test_what_the_agent_tells_is_not_stretched(arguments: Any, tools: Any, of_call: Any) -> None:
    assert call_of(below_an_agent(arguments, tools, of_call)).violations == ()


@pytest.mark.parametrize("trace", [run({"days": "soon", "\0": 1}, "fine"), below_an_agent({"days": "soon", "\0": 1})])
def test_facts_read_back_give_the_same(trace: TraceByHand) -> None:
    stored = [from_row(to_row(judged)) for judged in trace.judged]
    again = derive(trace.nodes, stored, live=False)
    assert [call.violations for call in again.tool_calls] == [call.violations for call in trace.derive().tool_calls]
    assert len(again.tool_calls[0].violations) == 2


def test_a_call_that_another_trace_answers_keeps_what_it_was_asked_with() -> None:
    def settled() -> list[DerivedTrace]:
        asking, answering = TraceByHand(), TraceByHand()
        asking.add("llm", requested_calls=(asked("c1", "weather", {}),), tool_definitions=(WEATHER,))
        answering.add("llm", answered_calls=(answered("c1", "weather", "fine"),))
        later = dataclasses.replace(answering.derive(), trace_id=b"x" * 16, conversation_id="k")
        calls = tuple(dataclasses.replace(call, trace_id=later.trace_id) for call in later.tool_calls)
        return settle_conversation(
            [dataclasses.replace(asking.derive(), conversation_id="k"), dataclasses.replace(later, tool_calls=calls)]
        )

    (call,) = [call for trace in settled() for call in trace.tool_calls]
    assert (call.verdict.status, [each.path for each in call.violations]) == ("ok", ["city"])
