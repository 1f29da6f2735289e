"""A model call that only says it stopped to call tools asked for them, when the step around it tells the calls."""

import dataclasses
from typing import Any

from tests.dialect_captures import CAPTURES, read_capture
from tests.facts_by_hand import TraceByHand, asked, span_id
from tool_errors.derive import derive
from tool_errors.judged import judge_facts
from trace_store.assembly import SpanNode, version_of
from trace_store.dialects import normalise
from trace_store.facts import ToolDefinition

ASKS: dict[str, Any] = {"model": "m", "finish_reason": "tool_call"}
CALLS = (asked("c1", "find", {"q": "x"}),)


def test_the_call_below_the_step_that_tells() -> None:
    trace = TraceByHand()
    step = trace.add("chain", is_aggregate=True, requested_calls=CALLS, end=9.0)
    llm = trace.add("llm", step, **ASKS)
    tool = trace.add("tool", step, tool_name="find", tool_call_id="c1", arguments={"q": "x"}, result="7")
    (call,) = trace.derive().tool_calls
    assert (call.span_id, call.asked_by) == (span_id(tool), span_id(llm))


def test_of_two_silent_calls_side_by_side_nobody_knows_which_asked() -> None:
    trace = TraceByHand()
    step = trace.add("chain", is_aggregate=True, requested_calls=CALLS, end=9.0)
    trace.add("llm", step, start=2.0, end=4.0, **ASKS)
    trace.add("llm", step, start=3.0, end=4.0, **ASKS)
    trace.add("tool", step, tool_name="find", tool_call_id="c1", arguments={"q": "x"}, result="7")
    (call,) = trace.derive().tool_calls
    assert call.asked_by is None


def test_a_call_that_stopped_by_itself_did_not_ask() -> None:
    trace = TraceByHand()
    step = trace.add("chain", is_aggregate=True, requested_calls=CALLS, end=9.0)
    trace.add("llm", step, model="m", finish_reason="stop")
    trace.add("tool", step, tool_name="find", tool_call_id="c1", arguments={"q": "x"}, result="7")
    (call,) = trace.derive().tool_calls
    assert call.asked_by is None


def test_the_step_beside_the_call_whose_time_holds_it() -> None:
    trace = TraceByHand()
    run = trace.add("chain", is_aggregate=True, end=99.0)
    llms = []
    for turn, (call_id, start) in enumerate((("c1", 10.0), ("c2", 20.0))):
        trace.add("chain", run, start=start, end=start + 3, requested_calls=(asked(call_id, "find", {"q": turn}),))
        llms.append(trace.add("llm", run, start=start + 1, end=start + 2, **ASKS))
        trace.add("tool", run, start=start + 4, tool_name="find", arguments={"q": turn}, result="7")
    calls = trace.derive().tool_calls
    assert [(call.call_id, call.asked_by) for call in calls] == [("c1", span_id(llms[0])), ("c2", span_id(llms[1]))]


def test_without_messages_the_order_of_the_steps_tells() -> None:
    trace = TraceByHand()
    agent = trace.add("agent", end=99.0)
    llms = []
    for _ in range(2):
        step = trace.add("chain", agent, end=99.0)
        llms.append(trace.add("llm", step, **ASKS))
        trace.add("tool", step, tool_name="find")
        trace.add("tool", step, tool_name="charge")
    trace.add("llm", agent, model="m", finish_reason="stop")
    trace.add("tool", agent, tool_name="by the program itself")
    askers = [call.asked_by for call in trace.derive().tool_calls]
    first, second = map(span_id, llms)
    assert askers == [first, first, second, second, None]


def test_a_tool_inside_the_span_of_the_silent_call() -> None:
    trace = TraceByHand()
    llm = trace.add("llm", end=9.0, **ASKS)
    trace.add("tool", llm, tool_name="find")
    (call,) = trace.derive().tool_calls
    assert call.asked_by == span_id(llm)


def test_tools_of_another_agent_were_not_asked_for_here() -> None:
    trace = TraceByHand()
    run = trace.add("agent", end=99.0)
    trace.add("llm", run, **ASKS)
    worker = trace.add("agent", run, end=99.0)
    trace.add("tool", worker, tool_name="find")
    (call,) = trace.derive().tool_calls
    assert call.asked_by is None


def test_mastra_tells_the_calls_on_its_step() -> None:
    told = [
        (facts.type, [(call.name, call.call_id) for call in facts.requested_calls])
        for read, logs in read_capture(CAPTURES / "mastra" / "js-mastra" / "S1")
        if (facts := normalise(read, logs)) is not None and facts.requested_calls
    ]
    assert told == [("chain", [("get_stock", "call_1")])]


def test_vercel_7_without_recorded_inputs_and_outputs() -> None:
    content = ("messages", "instructions", "definitions", "arguments", "result")
    nodes, judged = [], []
    for read, logs in read_capture(CAPTURES / "vercel_ai" / "js-vercel7" / "S6"):
        kept = {key: value for key, value in read.attributes.items() if not key.endswith(content)}
        ids = (read.trace_id, read.span_id, read.parent_span_id)
        added = SpanNode(*ids, read.start_unix_nano, read.end_unix_nano, read.name)
        facts = normalise(dataclasses.replace(read, attributes=kept), logs)
        assert facts is not None
        nodes.append(added)
        judged.append(judge_facts(facts, version_of(added)))
    trace = derive(nodes, judged, live=False)
    assert [call.asked_by for call in trace.tool_calls] == [trace.llm_calls[0].span_id] * 2


def test_tools_that_only_the_agent_tells_are_those_of_its_model_calls() -> None:
    offered = (ToolDefinition(b"a" * 16, "find"),)
    trace = TraceByHand()
    agent = trace.add("agent", end=99.0, tool_definitions=offered, tool_definition_count=1)
    trace.add("llm", trace.add("chain", agent, end=99.0), model="m")
    trace.add("llm", trace.add("agent", agent, end=99.0), model="m")
    own, other = trace.derive().llm_calls
    assert ([each.name for each in own.tool_definitions], own.tool_definition_count) == (["find"], 1)
    assert other.tool_definitions == ()
