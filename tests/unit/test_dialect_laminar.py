"""Laminar's SDKs: ids in association properties, and which step of the application is a tool."""

from typing import Any

from tests.spans_by_hand import exception, span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts
from trace_store.model import STATUS_ERROR

IDS = {"lmnr.association.properties.user_id": "u-1", "lmnr.association.properties.session_id": "s-1"}
LATE = exception("RateLimitError", "429 too many")


def facts_of(attributes: dict[str, Any], **more: Any) -> SpanFacts:
    facts = normalise(span({**IDS, **attributes}, scope_name="lmnr.tracer", **more))
    assert facts is not None
    assert (facts.dialect, facts.user_id, facts.conversation_id) == ("laminar", "u-1", "s-1")
    assert facts.unmapped == ()
    return facts


def test_a_failed_tool() -> None:
    attributes = {"lmnr.span.type": "TOOL", "lmnr.span.input": '{"amount":42}', "lmnr.span.path": ["agent", "charge"]}
    facts = facts_of(attributes, name="charge", status_code=STATUS_ERROR, status_message="timed out")
    assert (facts.type, facts.tool_name) == ("tool", "charge")


def test_a_model_call_is_no_aggregate() -> None:
    facts = facts_of({"lmnr.span.type": "LLM", "gen_ai.response.model": "m-1", "gen_ai.usage.input_tokens": 7})
    assert (facts.type, facts.model, facts.input_tokens, facts.is_aggregate) == ("llm", "m-1", 7, False)


def test_the_step_around_them() -> None:
    facts = facts_of({"lmnr.span.type": "DEFAULT", "lmnr.span.output": '"done"'})
    assert (facts.type, facts.is_aggregate) == ("chain", True)


def test_a_function_that_the_javascript_sdk_observes_tells_no_type() -> None:
    facts = facts_of({"lmnr.span.input": '["Where is it?"]', "lmnr.span.path": ["agent"]}, events=(LATE,))
    assert (facts.type, facts.is_aggregate, facts.input_text) == ("chain", True, "Where is it?")
    assert facts.failure is not None
    assert facts.failure.message == "429 too many"
