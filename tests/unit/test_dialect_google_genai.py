"""OpenTelemetry's instrumentation of the Google Gen AI SDK: arguments of tools, by version."""

import json
from typing import Any

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts

SCOPE = "opentelemetry.instrumentation.google_genai"
TOLD = {
    "code.function.parameters.city.type": "str",
    "code.function.parameters.city.value": "Oslo",
    "code.function.parameters.days.type": "int",
    "code.function.parameters.days.value": 3,
}


def tool(**attributes: Any) -> SpanFacts:
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "forecast", **attributes}
    facts = normalise(span(told, scope_name=SCOPE))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.tool_name) == ("google_genai", "tool", "forecast")
    return facts


def test_each_argument_in_an_attribute() -> None:
    facts = tool(**TOLD, **{"code.function.return.type": "str", "code.function.return.value": "rain"})
    assert facts.arguments is not None
    assert facts.arguments.value == {"city": "Oslo", "days": 3}
    assert facts.result is not None
    assert facts.result.value == "rain"
    assert facts.unmapped == ()


def test_all_arguments_in_one_attribute_under_the_same_names() -> None:
    facts = tool(**{"gen_ai.tool.call.arguments": json.dumps(TOLD), "gen_ai.tool.call.result": "rain"})
    assert facts.arguments is not None
    assert facts.arguments.value == {"city": "Oslo", "days": 3}
    assert facts.result is not None


def test_plain_arguments_and_odd_ones() -> None:
    facts = tool(**{"gen_ai.tool.call.arguments": '{"city": "Oslo"}'})
    assert facts.arguments is not None
    assert facts.arguments.value == {"city": "Oslo"}
    for odd in ('"code.function.parameters."', '["code.function.parameters.a.value"]', "code.function.parameters."):
        assert tool(**{"gen_ai.tool.call.arguments": odd, "code.function.parameters.value": 1}).tool_name == "forecast"


def test_without_content_the_names_remain() -> None:
    assert tool(**{"code.function.parameters.city.type": "str"}).arguments is None
