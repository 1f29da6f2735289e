"""HoneyHive: inputs and outputs that are flattened into attributes."""

from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(kind: str, name: str = "step", attributes: dict[str, Any] | None = None) -> SpanFacts:
    facts = normalise(span({"honeyhive_event_type": kind, **(attributes or {})}, name=name))
    assert facts is not None
    assert facts.dialect == "honeyhive"
    return facts


def test_a_tool_with_flattened_inputs() -> None:
    facts = facts_of(
        "tool",
        name="look_up",
        attributes={
            "honeyhive_inputs._params_.self": "<Shop object>",
            "honeyhive_inputs._params_.order": "77",
            "honeyhive_inputs._params_.options.fast": True,
            "honeyhive_outputs.result": "sent",
            "honeyhive.session_id": "s1",
            "honeyhive_user_id": "u1",
        },
    )
    assert (facts.type, facts.tool_name, facts.conversation_id, facts.user_id) == ("tool", "look_up", "s1", "u1")
    assert facts.arguments is not None
    assert facts.arguments.value == {"order": "77", "options": {"fast": True}}
    assert facts.result is not None
    assert facts.result.value == "sent"
    assert facts.unmapped == ()


def test_a_model_call_and_its_error() -> None:
    told = {"honeyhive_event_type": "model", "honeyhive_config.model": "m", "honeyhive_error": "rate limited"}
    facts = normalise(span(told, status_code=2))
    assert facts is not None
    assert (facts.type, facts.model) == ("llm", "m")
    assert facts.failure is not None
    assert facts.failure.message == "rate limited"


def test_keys_that_contradict_each_other_raise_nothing() -> None:
    odd = {
        "honeyhive_inputs._params_.a": 1,
        "honeyhive_inputs._params_.a.b": 2,
        "honeyhive_inputs." + "x." * 500: 3,
        "honeyhive_outputs.": 4,
    }
    assert facts_of("chain", attributes=odd).type == "chain"


def test_the_report_of_a_failure_is_no_call_of_its_own() -> None:
    told = {"honeyhive_event_type": "tool", "honeyhive_error": "timed out", "honeyhive_error_type": "TimeoutError"}
    report = normalise(span(told, name="look_up_error", status_code=2))
    assert report is not None
    assert report.type == "other"
    failed = normalise(span(told | {"honeyhive_event_name": "look_up_error"}, name="look_up_error", status_code=2))
    assert failed is not None
    assert failed.type == "tool"
