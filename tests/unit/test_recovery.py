"""Which later call makes a failure good, whether a run ended well, and whether the user came back."""

from dataclasses import replace
from typing import Any

import pytest

from tests.facts_by_hand import SECOND, START, TraceByHand
from tool_errors.findings import DerivedTrace
from tool_errors.loop.asked_again import asked_again
from trace_store.facts import Failure

SAME = [
    ({"path": "/srv/report.txt"}, {"path": "/srv/report.txt", "encoding": "utf-8"}),
    ({"city": "Oslo", "unit": "kelvin"}, {"city": "Oslo", "unit": "celsius"}),
    ({"city": "Reykjavk"}, {"city": "Reykjavik"}),
    ({"order_id": "A-17", "attempt": 1}, {"attempt": 2, "order_id": "A-17"}),
    ({"query": "cheap flights from Oslo to Rome in May"}, {"query": "flights from Oslo to Rome in May"}),
    ({"restaurant_name": "Chez Anna", "time": "25:00"}, {"restaurant_name": "Chez Anna", "time": "19:00"}),
    (None, {"city": "Oslo"}),
    ("SELECT name FROM usrs WHERE id = 4", "SELECT name FROM users WHERE id = 4"),
]
OTHER = [
    ({"path": "/srv/report.txt"}, {"path": "/etc/hosts"}),
    ({"city": "Oslo", "unit": "celsius"}, {"city": "Rome", "unit": "celsius"}),
    ({"order_id": 41}, {"order_id": 14}),
    ({"query": "cheap flights from Oslo to Rome"}, {"query": "weather tomorrow in Madrid"}),
    ({"path": "a.py"}, {"url": "https://example.com/a.py"}),
]


def recovered(first: Any, second: Any, message: str = "connection reset by peer") -> bool:
    trace = TraceByHand()
    trace.failing_tool("lookup", first, message)
    trace.add("tool", tool_name="lookup", arguments=second, result="fine")
    return trace.derive().tool_calls[0].recovered


@pytest.mark.parametrize(("first", "second"), SAME, ids=str)
def test_a_success_for_the_same_purpose_makes_good(first: Any, second: Any) -> None:
    assert recovered(first, second)


@pytest.mark.parametrize(("first", "second"), OTHER, ids=str)
def test_a_success_at_other_work_makes_nothing_good(first: Any, second: Any) -> None:
    assert not recovered(first, second)


def test_after_a_complaint_about_the_arguments_the_next_success_is_the_correction() -> None:
    assert recovered({"order_id": 41}, {"order_id": 14}, "order_id must be between 1 and 20")
    assert recovered({"date": "tomorrow"}, {"date": "2026-12-01"}, "Invalid date format: expected YYYY-MM-DD")


def test_the_same_arguments_make_good_however_much_lies_between() -> None:
    trace = TraceByHand()
    trace.failing_tool("lookup", {"order_id": 0}, "connection reset by peer")
    for number in range(1, 40):
        trace.add("tool", tool_name="lookup", arguments={"order_id": number}, result="fine")
    assert not trace.derive().tool_calls[0].recovered
    trace.add("tool", tool_name="lookup", arguments={"order_id": 0}, result="fine")
    assert trace.derive().tool_calls[0].recovered


def test_a_run_ended_well_when_it_answered_and_no_root_failed() -> None:
    trace = TraceByHand()
    trace.add("tool", tool_name="lookup", result="fine")
    assert trace.derive().run_ended_well is None  # nothing here answers anybody
    trace.add("llm", model="m", input_text="where is it?")
    assert trace.derive().run_ended_well is False
    trace.add("llm", model="m", input_text="where is it?", output_text="in Oslo")
    assert trace.derive().run_ended_well is True
    assert trace.derive(live=True).run_ended_well is None
    trace.nodes[0] = trace.nodes[0]._replace(status_code=2)
    assert trace.derive().run_ended_well is False


def test_a_root_that_only_records_its_exception_did_not_end_well() -> None:
    trace = TraceByHand()
    trace.add("chain", input_text="where is it?", failure=Failure("exception_event", "", "RateLimitError", "429"))
    assert trace.derive().run_ended_well is False


def run(number: int, request: str, answer: str | None, **more: Any) -> DerivedTrace:
    """A trace of a conversation that begins `number` minutes after START and takes a second."""
    trace = TraceByHand()
    trace.add("llm", model="m", input_text=request, output_text=answer)
    start = START + number * 60 * SECOND
    fields: dict[str, Any] = {"trace_id": bytes([number] * 16), "conversation_id": "c", "start_unix_nano": start}
    return replace(trace.derive(), **fields | {"end_unix_nano": start + SECOND} | more)


REQUEST = "Please cancel order 4711 for me"


def pairs(*traces: DerivedTrace) -> list[tuple[int, int]]:
    return [(first[0], then[0]) for first, then in asked_again(traces).items()]


def test_the_user_came_back_with_the_same_request() -> None:
    other = run(2, "And what is the weather in Oslo today?", "fine")
    assert pairs(run(1, REQUEST, "done"), other, run(3, "cancel order 4711!", "done")) == [(1, 3)]
    three = [run(number, REQUEST, "done") for number in (1, 2, 3)]
    assert pairs(*three) == [(1, 2), (2, 3)]
    assert pairs(run(1, REQUEST, None, failed_span_count=1), run(2, REQUEST, "done")) == [(1, 2)]


def test_nobody_came_back() -> None:
    first = run(1, REQUEST, "done")
    assert pairs(first, run(2, "Please cancel order 4712 and order 9 for Anna Smith", "done")) == []
    assert pairs(first, run(2, REQUEST, "done", conversation_id="another")) == []
    assert pairs(run(1, "Yes, continue", "done"), run(2, "Yes, continue", "done")) == []
    assert pairs(run(1, REQUEST, None), run(2, REQUEST, "done")) == []  # a step of one turn, no answer yet
    at_once = run(2, REQUEST, "done", start_unix_nano=START + 62 * SECOND, end_unix_nano=START + 63 * SECOND)
    assert pairs(run(1, REQUEST, None, failed_span_count=1), at_once) == []  # a retry by a program
    turn: dict[str, Any] = {"interaction_ids": ("i",)}
    assert pairs(run(1, REQUEST, "done", **turn), run(2, REQUEST, "done", **turn)) == []
