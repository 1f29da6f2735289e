"""The derived status of a tool call: what counts as an error, what looks like one and is none, and the evidence."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts_by_hand import TRACE_ID, answered, span_id
from tool_errors.failure.error_text import MESSAGE_BYTES_MAX, bounded_message, is_generic, take_apart
from tool_errors.failure.payload_rules import judge_payload
from tool_errors.failure.status import RULES, judge, judge_answer
from tool_errors.findings import Verdict
from trace_store.attributes import payload
from trace_store.facts import Failure, SpanFacts

LANGCHAIN = {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "ToolMessage"]}
LONG_DOCUMENT = "ValueError: what it is\n\n" + "It is raised when a value does not fit. " * 200
ADVICE = "\n Please fix your mistakes."
KWARGS_ERROR = (
    "Error invoking tool 'lookup' with kwargs {'a': 1} with error:\n bad key\n Please fix the error and try again"
)

ERRORS: list[tuple[Any, str, str, str, str]] = [
    ({"error": "rate limited", "status": 429}, "payload.error", "result.error", "", "rate limited"),
    ('{"error": "rate limited"}', "payload.error", "result.error", "", "rate limited"),
    ("{'error': 'rate limited'}", "payload.error", "result.error", "", "rate limited"),
    ({"error": {"type": "quota", "message": "used up"}}, "payload.error", "result.error", "quota", "used up"),
    ({"error": {"code": -32601, "message": "no such method"}}, "payload.error", "result.error", "", "no such method"),
    ({"error": True, "message": "late"}, "payload.error", "result.error", "", "late"),
    ({"error": ["first", "second"]}, "payload.error", "result.error", "", "first"),
    ({"error": "TimeoutError: no answer"}, "payload.error", "result.error", "TimeoutError", "no answer"),
    ({"success": False, "message": "no seat left"}, "payload.success", "result.success", "", "no seat left"),
    ({"success": 0, "error": "no seat left"}, "payload.error", "result.error", "", "no seat left"),
    ({"status": 503}, "payload.status", "result.status", "", "status 503"),
    ({"statusCode": "404", "body": "gone"}, "payload.status", "result.statusCode", "", "status 404"),
    ({"status": 500, "statusText": "Bad Day", "body": "<p>"}, "payload.status", "result.status", "", "Bad Day"),
    ({"status": "error", "message": "bad key"}, "payload.status", "result.status", "", "bad key"),
    ({"code": 422, "detail": "date is invalid"}, "payload.status", "result.code", "", "date is invalid"),
    (
        {"isError": True, "content": [{"type": "text", "text": "Error executing tool lookup: boom"}]},
        "payload.is_error",
        "result.isError",
        "",
        "boom",
    ),
    (
        {"isError": False, "content": [{"type": "text", "text": '{"error": "rate limited"}'}]},
        "payload.error",
        "result.content[0].text.error",
        "",
        "rate limited",
    ),
    ({"output": {"error": "rate limited"}}, "payload.error", "result.output.error", "", "rate limited"),
    (
        {**LANGCHAIN, "kwargs": {"status": "error", "content": "late"}},
        "payload.status",
        "result.kwargs.status",
        "",
        "late",
    ),
    (
        {**LANGCHAIN, "kwargs": {"status": "success", "content": '{"error": "late"}'}},
        "payload.error",
        "result.kwargs.content.error",
        "",
        "late",
    ),
    (
        [{"toolResult": {"toolUseId": "1", "status": "success", "content": [{"text": '{"error": "late"}'}]}}],
        "payload.error",
        "result[0].toolResult.content[0].text.error",
        "",
        "late",
    ),
    ({"raw_output": {"error": "late"}, "is_error": False}, "payload.error", "result.raw_output.error", "", "late"),
    ({"type": "error-text", "value": "late"}, "payload.type", "result.type", "", "late"),
    ("TimeoutError: gateway timed out", "payload.text", "result", "TimeoutError", "gateway timed out"),
    ("Error: no station", "payload.text", "result", "", "no station"),
    ("Error: ValueError('no station')" + ADVICE, "payload.text", "result", "ValueError", "no station"),
    ("Error executing tool lookup", "payload.text", "result", "", "Error executing tool lookup"),
    ("openai.RateLimitError: slow down", "payload.text", "result", "openai.RateLimitError", "slow down"),
    (
        "Traceback (most recent call last):\n  File \"a.py\", line 3, in run\n    go()\nKeyError: 'x'",
        "payload.text",
        "result",
        "KeyError",
        "'x'",
    ),
]

NOTHING: list[Any] = [None, "", False, 0, [], {}, "none", "null", "OK", "No error"]
NO_ERRORS: list[Any] = [
    *({"error": nothing, "temperature": 22} for nothing in NOTHING),
    *({"status": value} for value in (200, 204, "ok", "success", "active", "failed", "error")),
    *({"code": value} for value in (0, 404, "E42")),
    {"error": 0.013, "mean": 4.2},
    {"error": {"mean": 0.1, "max": 0.4}},
    {"error": [0.1, 0.2]},
    {"error": {"code": 0, "message": ""}},
    {"error": 2, "rows": [1, 2]},
    {"success": True, "error": "the cache was cold"},
    {"success": 0, "failed": 3},
    {"isError": False, "content": [{"type": "text", "text": "22 degrees"}]},
    {"results": [{"error": "TimeoutError"}, {"status": 500}]},
    [{"error": "TimeoutError"}, {"error": "KeyError"}],
    [{"type": "text", "text": "a page"}, {"type": "text", "text": "Error: seen in a log"}],
    {"id": 7, "title": "Login fails", "created_at": "2026-01-02", "error": "TimeoutError"},
    {"query": "errors", "documents": ["Error: how to read it", "TimeoutError: what it means"]},
    "Error handling in Python is done with try and except.",
    "Errors: none",
    "Error: none",
    "Error: 0",
    "error: 0.05 +/- 0.01",
    "Standard Error: 0.5",
    "No errors found in 12 files.",
    "The tool failed over to the second region and answered 22.",
    "# ValueError: what it is\n\nA page about errors.",
    LONG_DOCUMENT,
    {"temperature": 22, "unit": "celsius"},
    "",
    None,
    404,
    True,
]


@pytest.mark.parametrize(("result", "rule", "path", "error_type", "message"), ERRORS)
def test_an_error_in_a_payload(result: Any, rule: str, path: str, error_type: str, message: str) -> None:
    found = judge_payload(result, "result")
    assert found is not None
    assert (found[0], found[1], found[2].type, found[2].message) == (rule, path, error_type, message)


@pytest.mark.parametrize("result", NO_ERRORS, ids=lambda value: str(value)[:40])
def test_what_only_looks_like_an_error(result: Any) -> None:
    assert judge_payload(result, "result") is None


keys = st.sampled_from(["error", "status", "success", "isError", "content", "text", "type", "code", "lc", "kwargs"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_no_payload_breaks_the_rules(value: Any) -> None:
    found = judge_payload(value, "result")
    assert found is None or found[0] in {rule.id for rule in RULES}


def tool(result: Any = None, failure: Failure | None = None) -> SpanFacts:
    held = None if result is None else payload(result)
    return SpanFacts(TRACE_ID, span_id(1), b"", 1, 2, "tool", 0, "tool", "by_hand", result=held, failure=failure)


def test_a_stated_failure_comes_before_the_payload_and_takes_its_text_when_it_has_none() -> None:
    silent = Failure("span_status", "status.code", "TOOL_ERROR", "TOOL_ERROR")
    verdict = judge(tool({"error": "invalid date"}, silent))
    assert verdict == Verdict("error", "span_status", "status.code", "TOOL_ERROR", "invalid date")


def test_a_stated_failure_keeps_its_own_text() -> None:
    stated = Failure("exception_event", "events[0].exception.message", "ValueError", "invalid date")
    verdict = judge(tool("An error occurred while running the tool. Please try again.", stated))
    assert (verdict.status, verdict.message) == ("error", "invalid date")


def test_control_flow_is_no_error() -> None:
    interrupt = Failure("exception_event", "events[0]", "langgraph.errors.GraphInterrupt", "wait for a person")
    assert judge(tool(failure=interrupt)).status == "ok"


def test_a_tool_that_says_nothing_has_ended_well() -> None:
    assert judge(tool()) == Verdict("ok", "span_ended", "status")
    assert judge(tool({"temperature": 22})) == Verdict("ok", "result", "result")


def test_the_flag_of_a_tool_message_and_its_payload() -> None:
    flag = Failure("tool_message", "is_error", "", "no such city")
    assert judge_answer(answered("c", "t", "no such city", failure=flag)).status == "error"
    soft = judge_answer(answered("c", "t", {"error": "no such city"}))
    assert (soft.status, soft.path) == ("soft_error", "messages.result.error")
    assert judge_answer(answered("c", "t", "22 degrees")).status == "ok"


@pytest.mark.parametrize(
    ("text", "error_type", "message"),
    [
        ("invalid date\n    at parse (app.js:3:1)\n    at run", "", "invalid date"),
        ("ValueError: ValueError: x", "ValueError", "x"),
        ("An error occurred while running the tool. Please try again. Error: bad key", "", "bad key"),
        (KWARGS_ERROR, "", "bad key"),
        ("plain text: with a colon", "", "plain text: with a colon"),
    ],
)
def test_an_error_text_is_taken_apart(text: str, error_type: str, message: str) -> None:
    assert take_apart(text) == (error_type, message)


@pytest.mark.parametrize(
    "text", ["", "TOOL_ERROR", "Tool execution failed", "Error executing tool lookup", "Unknown error"]
)
def test_texts_that_say_nothing(text: str) -> None:
    assert is_generic(text)


@pytest.mark.parametrize("text", ["payment gateway timed out", "Error: x", "tool lookup failed: no key"])
def test_texts_that_say_something(text: str) -> None:
    assert not is_generic(text)


def test_a_long_message_is_cut_and_says_so() -> None:
    cut = bounded_message("é" * 10_000)
    assert len(cut.encode()) <= MESSAGE_BYTES_MAX
    assert "[cut: 20000 bytes, sha256 " in cut
    assert bounded_message(cut) == cut


@pytest.mark.parametrize(
    "text",
    ["\n" * 50_000, "A" * 50_000, "a." * 25_000, "Error executing tool " + "x" * 50_000, " Please" * 9_000],
    ids=["blank lines", "one word", "dotted", "tool", "advice"],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    take_apart(text)
    is_generic(text)
    judge_payload(text, "result")
    assert time.process_time() - started < 1  # a few milliseconds


def test_every_rule_explains_itself() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.looks_at and rule.example for rule in RULES)
