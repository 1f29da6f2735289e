"""A span that names a tool by its class is the call that was asked for with equal arguments, in one trace."""

from tests.facts_by_hand import TraceByHand, asked, span_id

ARGUMENTS = {"order": "1"}


def test_the_name_that_the_model_knows() -> None:
    trace = TraceByHand()
    llm = trace.add("llm", model="m", requested_calls=(asked("c1", "refund", ARGUMENTS),))
    tool = trace.failing_tool("DynamicStructuredTool", ARGUMENTS, "card refused")
    (call,) = trace.derive().tool_calls
    assert (call.name, call.call_id, call.span_id, call.asked_by) == ("refund", "c1", span_id(tool), span_id(llm))
    assert call.verdict.status == "error"


def test_a_tool_of_the_messages_is_no_other_tool() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", requested_calls=(asked("c1", "refund", ARGUMENTS), asked("c2", "notify", {"to": "x"})))
    trace.add("tool", tool_name="notify", arguments={"to": "x"}, result="sent")
    trace.add("tool", tool_name="notify", arguments=ARGUMENTS, result="sent")
    found = [(call.name, call.verdict.status) for call in trace.derive().tool_calls]
    assert sorted(found) == [("notify", "ok"), ("notify", "ok"), ("refund", "unanswered")]


def test_equal_empty_arguments_prove_nothing() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", requested_calls=(asked("c1", "refund", {}),))
    trace.add("tool", tool_name="DynamicStructuredTool", arguments={}, result="done")
    assert sorted(call.name for call in trace.derive().tool_calls) == ["DynamicStructuredTool", "refund"]
