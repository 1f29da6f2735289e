"""A model call that only says it stopped to call tools asked for them, when the step around it tells the calls."""

from typing import Any

from tests.dialect_captures import CAPTURES, read_capture
from tests.facts_by_hand import TraceByHand, asked, span_id
from trace_store.dialects import normalise

ASKS: dict[str, Any] = {"model": "m", "finish_reason": "tool_call"}
CALLS = (asked("c1", "find", {"q": "x"}),)


def test_the_call_below_the_step_that_tells() -> None:
    trace = TraceByHand()
    step = trace.add("chain", is_aggregate=True, requested_calls=CALLS, end=9.0)
    llm = trace.add("llm", step, **ASKS)
    tool = trace.add("tool", step, tool_name="find", tool_call_id="c1", arguments={"q": "x"}, result="7")
    (call,) = trace.derive().tool_calls
    assert (call.span_id, call.asked_by) == (span_id(tool), span_id(llm))


def test_of_two_silent_calls_nobody_knows_which_asked() -> None:
    trace = TraceByHand()
    step = trace.add("chain", is_aggregate=True, requested_calls=CALLS, end=9.0)
    trace.add("llm", step, **ASKS)
    trace.add("llm", step, **ASKS)
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


def test_mastra_tells_the_calls_on_its_step() -> None:
    told = [
        (facts.type, [(call.name, call.call_id) for call in facts.requested_calls])
        for read, logs in read_capture(CAPTURES / "mastra" / "js-mastra" / "S1")
        if (facts := normalise(read, logs)) is not None and facts.requested_calls
    ]
    assert told == [("chain", [("get_stock", "call_1")])]
