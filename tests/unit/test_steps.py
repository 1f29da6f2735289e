"""What lists show of a trace: the strip of steps and the searched text."""

from tests.facts_by_hand import TraceByHand, answered, asked
from tool_errors.steps import SEARCH_TEXT_BYTES_MAX, STEPS_MAX, search_text
from trace_store.facts import Failure


def test_one_letter_per_step_in_order_of_time() -> None:
    trace = TraceByHand()
    trace.add("llm", model="m", failure=Failure("span_status", "status", "", "slow down"))
    trace.add("llm", model="m", requested_calls=(asked("c1", "soft"), asked("c2", "lost")))
    trace.add("tool", start=3, tool_name="fine", result="ok")
    trace.failing_tool("bad", None, "boom", start=4)
    trace.add("llm", start=5, model="m", answered_calls=(answered("c1", "soft", {"error": "late"}),))
    assert trace.derive().steps == "XLSUTEL"
    assert trace.derive(live=True).steps == "XLSPTEL"


def test_a_long_strip_says_that_there_is_more() -> None:
    trace = TraceByHand()
    for _ in range(STEPS_MAX + 1):
        trace.add("llm", model="m")
    assert trace.derive().steps == "L" * STEPS_MAX + "+"


def test_the_searched_text_is_lower_case_distinct_and_bounded() -> None:
    assert search_text(["Oslo", None, "", "Bergen", "Oslo"]) == "oslo\nbergen"
    assert len(search_text(f"{n} É" * 50 for n in range(100)).encode()) <= SEARCH_TEXT_BYTES_MAX
