"""Which failure a span states, and its original message."""

import pytest

from tests.spans_by_hand import exception, span
from trace_store.dialects import normalise
from trace_store.dialects.failures import clean_message
from trace_store.facts import Failure
from trace_store.model import STATUS_ERROR, STATUS_OK, Span, SpanEvent

TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"}


def failure_of(read: Span) -> Failure | None:
    facts = normalise(read)
    assert facts is not None
    return facts.failure


@pytest.mark.parametrize(
    ("text", "type_", "expected"),
    [
        ("late", "TimeoutError", ("late", "TimeoutError")),
        ("TimeoutError: late", "", ("late", "TimeoutError")),
        ("TimeoutError: late", "TimeoutError", ("late", "TimeoutError")),
        ("httpx.ReadTimeout: late", "httpx.ReadTimeout", ("late", "httpx.ReadTimeout")),
        ("TimeoutError: late", "builtins.TimeoutError", ("late", "builtins.TimeoutError")),
        ("Note: late", "", ("Note: late", "")),
        ("TimeoutError('late')", "", ("late", "TimeoutError")),
        ("KeyError('a', )", "KeyError", ("a", "KeyError")),
        ("TimeoutError('late')Traceback (most recent call last):\n  File \"x\"", "", ("late", "TimeoutError")),
        ("late\n\nError: late\n    at run (/app/a.js:1:2)", "", ("late", "")),
        ("late\n    at run (/app/a.js:1:2)", "Error", ("late", "Error")),
        ("two\n\nparagraphs", "", ("two\n\nparagraphs", "")),
        ("{'message': 'failed', 'data': {'tool': 'x', 'error': 'late'}}", "", ("late", "")),
        ('{"error": {"message": "late", "code": 3}}', "", ("late", "")),
        ("{'unclosed", "", ("{'unclosed", "")),
        ("", "E", ("", "E")),
    ],
)
def test_the_original_message(text: str, type_: str, expected: tuple[str, str]) -> None:
    assert clean_message(text, type_) == expected


def test_the_first_exception_is_the_origin() -> None:
    events = (exception("Error", "late"), exception("WrapperError", "Error executing tool: late"))
    failure = failure_of(
        span(TOOL, status_code=STATUS_ERROR, status_message="Error executing tool: late", events=events)
    )
    assert failure == Failure("exception_event", "events[0].exception.message", "Error", "late")


def test_status_alone() -> None:
    failure = failure_of(span({**TOOL, "error.type": "TimeoutError"}, status_code=STATUS_ERROR, status_message="late"))
    assert failure == Failure("span_status", "status.message", "TimeoutError", "late")


def test_status_with_the_message_in_an_attribute() -> None:
    failure = failure_of(span({**TOOL, "error.message": "late"}, status_code=STATUS_ERROR))
    assert failure == Failure("span_status", "error.message", "", "late")


def test_an_error_type_alone() -> None:
    assert failure_of(span({**TOOL, "error.type": "tool_error"})) == Failure(
        "error_type", "error.type", "tool_error", ""
    )
    assert failure_of(span({**TOOL, "error.type": "x", "gen_ai.tool.call.result": "fine"})) is None


def test_a_dialect_flag() -> None:
    failure = failure_of(span({**TOOL, "gen_ai.tool.status": "error", "gen_ai.tool.call.result": "late"}))
    assert failure is not None
    assert failure.rule == "gen_ai.tool.status"


def test_an_exception_that_was_handled_is_no_failure() -> None:
    handled = {**TOOL, "gen_ai.tool.call.result": "fine"}
    assert failure_of(span(handled, status_code=STATUS_OK, events=(exception("KeyError", "a"),))) is None
    assert failure_of(span(TOOL, status_code=STATUS_OK, events=(exception("KeyError", "a"),))) is not None


@pytest.mark.parametrize(
    "type_", ["GraphInterrupt", "langgraph.errors.GraphInterrupt", "StopIteration", "HandoffToBilling"]
)
def test_control_flow_is_no_failure(type_: str) -> None:
    raised = span(TOOL, status_code=STATUS_ERROR, status_message=f"{type_}: x", events=(exception(type_, "x"),))
    assert failure_of(raised) is None
    assert failure_of(span(TOOL, status_code=STATUS_ERROR, status_message=f"{type_}('x')")) is None


def test_an_exception_event_without_attributes() -> None:
    failure = failure_of(
        span(TOOL, status_code=STATUS_ERROR, status_message="late", events=(SpanEvent(1, "exception", {}),))
    )
    assert failure is not None
    assert failure.message == "late"


def test_a_tool_message_that_says_so() -> None:
    output = '{"type": "tool", "content": "late", "tool_call_id": "c1", "status": "error"}'
    facts = normalise(span({**TOOL, "gen_ai.tool.call.result": output}))
    assert facts is not None
    assert facts.failure == Failure("tool_message", "result.status", "", "late")
    assert facts.tool_call_id == "c1"
