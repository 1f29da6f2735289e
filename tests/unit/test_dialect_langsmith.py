"""LangSmith: tools have their arguments and results where model calls have their messages."""

from typing import Any

import pytest

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def tool(**attributes: Any) -> SpanFacts:
    told = {f"gen_ai.{key}": value for key, value in attributes.items()}
    facts = normalise(span({"langsmith.span.kind": "tool", "gen_ai.tool.name": "charge", **told}, name="charge"))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.tool_name) == ("langsmith", "tool", "charge")
    return facts


@pytest.mark.parametrize(
    ("completion", "result"),
    [
        ('{"output":{"paid":true}}', {"paid": True}),
        ('{"output":"done"}', "done"),
        ('{"output":null}', None),
        ('{"outputs":"Error: no such page"}', "Error: no such page"),
        ("{}", None),
        ('{"output":1,"more":2}', {"output": 1, "more": 2}),
        (None, None),
        (7, 7),
    ],
)
def test_arguments_and_result_of_a_traced_function(completion: Any, result: Any) -> None:
    facts = tool(prompt='{"amount":42}', completion=completion)
    assert facts.arguments is not None
    assert facts.arguments.value == {"amount": 42}
    assert (facts.result and facts.result.value) == result


def test_what_the_conventions_say_of_a_tool_counts_before() -> None:
    facts = tool(**{"prompt": '{"a":1}', "tool.call.arguments": '{"b":2}'})
    assert facts.arguments is not None
    assert facts.arguments.value == {"b": 2}


def test_without_content_nothing_is_told() -> None:
    facts = tool()
    assert (facts.arguments, facts.result) == (None, None)
