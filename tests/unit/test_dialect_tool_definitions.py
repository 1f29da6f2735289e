"""What a model was told of its tools, in the shapes of many libraries."""

import json
from typing import Any

import pytest

from tests.spans_by_hand import span
from tool_errors.judged import from_row, judge_facts, to_row
from trace_store.dialects import normalise
from trace_store.dialects.tool_definitions import DEFINITIONS, ReadDefinitions, definition
from trace_store.facts import TOOL_DEFINITIONS_MAX, SpanFacts
from trace_store.model import SpanVersion

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
OPENINFERENCE = {"openinference.span.kind": "LLM", "llm.model_name": "m"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {"name": "weather", "description": "Of a city."}
TOLD = definition("weather", "Of a city.", SCHEMA)


def facts_of(attributes: dict[str, Any]) -> SpanFacts:
    facts = normalise(span(attributes))
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    "item",
    [
        {"type": "function", "function": {**WEATHER, "parameters": SCHEMA}},
        {"type": "function", **WEATHER, "parameters": SCHEMA},
        {"type": "function", **WEATHER, "inputSchema": {"jsonSchema": SCHEMA}},
        {**WEATHER, "input_schema": SCHEMA},
        {**WEATHER, "parameters": json.dumps(SCHEMA)},
        {"toolSpec": {**WEATHER, "inputSchema": {"json": SCHEMA}}},
        {"function_declarations": [{**WEATHER, "parameters_json_schema": SCHEMA}]},
        {"function_tools": [{**WEATHER, "parameters_json_schema": SCHEMA}], "output_tools": []},
        json.dumps({**WEATHER, "schema": SCHEMA}),
    ],
)
def test_one_definition_in_every_shape(item: Any) -> None:
    for value in (json.dumps([item]), [item], [json.dumps(item)]):
        (found,) = ReadDefinitions().read(value)
        assert (found.digest, found.name, found.description, found.schema) == (
            *(TOLD.digest, "weather", "Of a city.", SCHEMA),
        )


def test_tools_by_name_and_built_in_ones_and_names_alone() -> None:
    assert ReadDefinitions().read({"weather": {"description": "Of a city.", "parameters": SCHEMA}}) == (TOLD,)
    assert [
        each.name for each in ReadDefinitions().read('[{"type": "web_search_preview"}, "mail", "<Tool object>"]')
    ] == [*("web_search_preview", "mail")]
    for nothing in ("", "tools", "[]", "{}", "null", "[[[[[[[1]]]]]]]", 7, None, True, '{"function": {}}', ["\ud800"]):
        assert ReadDefinitions().read(nothing) == ()


@pytest.mark.parametrize(
    "attributes",
    [
        CHAT | {"gen_ai.tool.definitions": json.dumps([{**WEATHER, "parameters": SCHEMA}])},
        OPENINFERENCE | {"llm.tools.0.tool.json_schema": json.dumps({**WEATHER, "input_schema": SCHEMA})},
        OPENINFERENCE | {"llm.invocation_parameters": json.dumps({"tools": [{**WEATHER, "input_schema": SCHEMA}]})},
        OPENINFERENCE | {"input.value": json.dumps({"messages": [], "tools": [{**WEATHER, "input_schema": SCHEMA}]})},
        {
            "traceloop.span.kind": "llm",
            "llm.request.type": "chat",
            "llm.request.functions.0.name": "weather",
            "llm.request.functions.0.description": "Of a city.",
            "llm.request.functions.0.parameters": json.dumps(SCHEMA),
        },
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.prompt.tools": [json.dumps({**WEATHER, "parameters": SCHEMA})],
        },
    ],
)
def test_where_libraries_write_them(attributes: dict[str, Any]) -> None:
    facts = facts_of(attributes)
    assert facts.type == "llm"
    assert facts.tool_definitions == (TOLD,)
    assert facts.tool_definition_count == 1


def test_a_tool_tells_of_itself_and_arguments_are_no_schema() -> None:
    tool = {"openinference.span.kind": "TOOL", "tool.name": "weather", "tool.description": "Of a city."}
    assert facts_of(tool | {"tool.parameters": json.dumps(SCHEMA)}).tool_definitions == (TOLD,)
    (found,) = facts_of(tool | {"tool.parameters": '{"city": "Oslo"}'}).tool_definitions
    assert found.schema is None
    assert facts_of({"openinference.span.kind": "TOOL", "tool.name": "weather"}).tool_definitions == ()


def test_a_list_that_was_read_is_found_again() -> None:
    attributes = CHAT | {"gen_ai.tool.definitions": json.dumps([{**WEATHER, "parameters": {"read": "once"}}])}
    first, before = facts_of(attributes), DEFINITIONS.read_count
    assert facts_of(dict(attributes)).tool_definitions is first.tool_definitions
    assert DEFINITIONS.read_count == before


def test_a_row_names_definitions_by_digest_and_says_how_many_there_were() -> None:
    many = [{"name": f"tool_{number}"} for number in range(TOOL_DEFINITIONS_MAX + 2)]
    judged = judge_facts(facts_of(CHAT | {"gen_ai.tool.definitions": json.dumps(many)}), SpanVersion(1, 2, b"d"))
    row = to_row(judged)
    assert len(row["tool_definitions"]) == TOOL_DEFINITIONS_MAX
    back = from_row(json.loads(json.dumps(row))).facts
    assert back.tool_definitions == judged.facts.tool_definitions[:TOOL_DEFINITIONS_MAX]
    assert back.tool_definition_count == judged.facts.tool_definition_count == len(many)
    assert back.tool_definitions[0].name == ""


def test_the_tools_of_a_request_that_stands_where_messages_do() -> None:
    request = {"messages": [{"role": "user", "content": "hi"}], "tools": [{**WEATHER, "parameters": SCHEMA}]}
    facts = facts_of({"langsmith.span.kind": "llm", "gen_ai.request.model": "m", "gen_ai.prompt": json.dumps(request)})
    assert (facts.input_text, facts.tool_definitions) == ("hi", (TOLD,))
