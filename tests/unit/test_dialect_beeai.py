"""BeeAI under OpenInference: spans of its parts, and of their events."""

import json
from collections.abc import Mapping

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts

SCOPE = "openinference.instrumentation.beeai"


def facts_of(name: str, attributes: Mapping[str, object]) -> SpanFacts:
    facts = normalise(span(attributes, name=name, scope_name=SCOPE))
    assert facts is not None
    assert facts.dialect == "beeai"
    return facts


def test_a_tool() -> None:
    given = json.dumps({"input": {"a": 1}, "options": None})
    tool = {"openinference.span.kind": "TOOL", "metadata.class_name": "FunctionTool", "tool.name": "lookup"}
    facts = facts_of("lookup", {**tool, "input.value": given})
    assert (facts.type, facts.tool_name, facts.unmapped) == ("tool", "lookup", ())
    assert facts.arguments is not None
    assert facts.arguments.value == {"a": 1}
    assert facts_of("lookup", {**tool, "input.value": "x"}).tool_name == "lookup"


def test_the_event_of_a_tool_is_no_call() -> None:
    event = {"openinference.span.kind": "TOOL", "metadata.path": "tool.custom.lookup.error"}
    facts = facts_of("error", event)
    assert (facts.type, facts.is_aggregate, facts.tool_name) == ("chain", True, None)
