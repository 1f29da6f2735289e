"""Limits over derived traces, and their report as text, JSON and JUnit XML."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts_by_hand import TraceByHand, asked
from tool_errors.contract import contract
from trace_store.dialects.tool_definitions import definition
from trace_store.facts import Failure
from web.gate.junit import junit_xml
from web.gate.limits import LIMITS, LimitResult, check
from web.gate.report import report_json, report_text

DEFAULTS = {limit.name: limit.default for limit in LIMITS}


def troubled() -> dict[str, Any]:
    """One loop of three failures, one soft error, one failed model call, one call that nobody answered."""
    trace = TraceByHand()
    trace.add("llm", model="m", failure=Failure("span_status", "status.message", "RateLimit", "slow down"))
    for _ in range(3):
        trace.add("llm", model="m", input_tokens=5, requested_calls=(asked("", "search", {"date": "x"}),))
        trace.failing_tool("search", {"date": "x"}, "invalid date")
    trace.add("tool", tool_name="stock", result={"error": "warehouse closed"})
    trace.add("llm", model="m", requested_calls=(asked("c9", "mail", {}),))
    return contract(trace.derive(), project="shop")


def breaking_a_schema() -> dict[str, Any]:
    """Two calls without the key that their schema requires: one works, one fails."""
    offered = definition("weather", "", {"type": "object", "required": ["city"]})
    trace = TraceByHand()
    calls = tuple(asked(call_id, "weather", {"town": "Bonn"}) for call_id in ("c1", "c2"))
    trace.add("llm", requested_calls=calls, tool_definitions=(offered,))
    trace.add("tool", tool_name="weather", tool_call_id="c1", result="fine")
    trace.failing_tool("weather", {"town": "Bonn"}, "KeyError: city", tool_call_id="c2")
    return contract(trace.derive(), project="shop")


def test_a_broken_schema_counts_where_the_call_worked_and_is_the_cause_where_it_failed() -> None:
    found = results(breaking_a_schema(), max_schema_violations=0)
    (broken,) = found["max_schema_violations"].traces[0].violations
    told = "city: expected a value, got nothing"
    assert (broken.message, broken.rule, broken.path, broken.cause) == (told, "schema.required", "city", "")
    (failed,) = found["max_tool_errors"].traces[0].violations
    assert failed.cause == told
    assert f"likely cause: the arguments break the schema at {told}" in report_text(list(found.values()), 1)


def results(*traces: dict[str, Any], **allowed: float | None) -> dict[str, LimitResult]:
    return {result.limit.name: result for result in check(traces, DEFAULTS | allowed)}


def test_everything_is_counted_and_errors_and_loops_are_over_by_default() -> None:
    found = results(troubled())
    assert {name: result.found for name, result in found.items()} == {
        "max_tool_errors": 3,
        "max_soft_errors": 1,
        "max_llm_errors": 1,
        "max_loops": 1,
        "max_unanswered": 1,
        "max_schema_violations": 0,
        "max_cost_usd": 0,
    }
    over = {name for name, result in found.items() if result.is_over}
    assert over == {"max_tool_errors", "max_soft_errors", "max_llm_errors", "max_loops"}
    assert results(troubled(), max_unanswered=0)["max_unanswered"].is_over


def test_a_limit_holds_for_all_traces_together_and_allows_its_own_number() -> None:
    pair = (troubled(), troubled())
    assert not results(*pair, max_tool_errors=6)["max_tool_errors"].is_over
    assert results(*pair, max_tool_errors=5)["max_tool_errors"].is_over
    costly = [trace | {"cost_usd": 0.25} for trace in pair]
    assert not results(*costly, max_cost_usd=0.5)["max_cost_usd"].is_over
    assert results(*costly, max_cost_usd=0.4)["max_cost_usd"].is_over


def test_an_error_that_only_climbed_up_is_not_counted_again() -> None:
    trace = troubled()
    outer = dict(trace["tool_calls"][0]) | {"call_key": "outer", "propagated_from": "ab" * 8}
    assert results(trace | {"tool_calls": [outer, *trace["tool_calls"]]})["max_tool_errors"].found == 3


def test_the_text_names_tool_message_step_rule_evidence_and_repeats() -> None:
    text = report_text(list(results(troubled()).values()), 1)
    assert "search: ValueError: invalid date (3 times)" in text
    assert "rule: exception_event at events[0].exception.message" in text
    assert "stock: warehouse closed" in text
    assert "m: RateLimit: slow down" in text
    assert "search: 3 repeats, 3 failed" in text
    assert "rule: repeated_failure" in text
    assert "no result was ever seen" not in text  # no limit was given
    assert text.endswith("FAILED: 4 of 7 limits broken, 1 trace checked")
    assert report_text(list(results().values()), 0).endswith("OK, 0 traces checked")


def test_the_json_has_every_violation() -> None:
    found = report_json(list(results(troubled()).values()), 1)
    limits = {limit["limit"]: limit for limit in found["limits"]}
    assert (found["ok"], found["traces"]) == (False, 1)
    assert limits["--max-tool-errors"]["allowed"] == 0
    assert len(limits["--max-tool-errors"]["violations"]) == 3
    assert limits["--max-unanswered"]["ok"]
    assert limits["--max-unanswered"]["violations"][0]["call_key"] == "call:c9"


def test_junit_has_a_testcase_for_each_trace_and_limit() -> None:
    clean = troubled() | {"trace_id": "c" * 32, "tool_calls": [], "llm_calls": [], "loops": []}
    root = ET.fromstring(junit_xml(list(results(troubled(), clean, max_tool_errors=3).values())))
    suites = {suite.get("name"): suite for suite in root}
    assert suites.keys() == {"tool errors", "soft errors", "failed model calls", "loops"}
    failures = {name: (suite.get("tests"), suite.get("failures")) for name, suite in suites.items()}
    assert failures["tool errors"] == ("2", "0")  # within its limit
    assert failures["loops"] == ("2", "1")
    failing, passing = suites["soft errors"]
    assert passing.find("failure") is None
    assert passing.get("name", "").startswith("c" * 32)
    failure = failing.find("failure")
    assert failure is not None
    assert failure.get("message") == "1 of 1 soft errors, at most 0 allowed"
    assert "stock: warehouse closed" in (failure.text or "")


@pytest.mark.parametrize("evil", ["<a>&\"']]>", "\x00\x08\x1b[31m", "\ud800\uffff", "line\nfeed", "\u202e"])
def test_what_was_sent_breaks_neither_xml_nor_lines(evil: str) -> None:
    _report_of(evil)


@given(st.text(st.characters(), max_size=30))
def test_any_text_stays_text(evil: str) -> None:
    _report_of(evil)


def _report_of(evil: str) -> None:
    trace = troubled()
    call = trace["tool_calls"][0]
    error = {"type": evil, "message": evil, "fingerprint": "f", "recovered": False}
    call = call | {"name": evil, "error": error, "evidence": {"rule": evil, "path": evil}}
    found = list(results(trace | {"tool_calls": [call], "input": evil}).values())
    plain = list(
        results(trace | {"tool_calls": [call | {"name": "", "error": error | {"type": "", "message": ""}}]}).values()
    )
    root = ET.fromstring(junit_xml(found))
    assert [len(suite) for suite in root] == [1] * 4
    lines = report_text(found, 1)
    assert abs(len(lines.split("\n")) - len(report_text(plain, 1).split("\n"))) == 0
    assert all(char.isprintable() or char == "\n" for char in lines)
