"""The arguments of a call as a form after the schema of its tool."""

from typing import Any

import pytest

from tool_errors.schema.json_schema import schema_violations
from web.trace.argument_form import argument_form

SCHEMA: dict[str, Any] = {
    "properties": {
        "city": {"type": "string"},
        "unit": {"enum": ["c", "f"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "stops": {"type": ["array", "null"], "items": {"type": "string"}},
        "free": True,
    },
    "required": ["city"],
}


def test_each_key_says_what_was_expected_and_given() -> None:
    arguments = {"unit": "k", "stops": ["a", 7, {}], "town": "Ulm"}
    form = argument_form(SCHEMA, arguments, schema_violations(SCHEMA, arguments))
    assert [(field.key, field.expected, field.given) for field in form] == [
        ("city", "string", ""),
        ("unit", 'one of "c", "f"', 'string "k"'),
        ("note", "string or null", ""),
        ("stops", "array or null", "array of 3"),
        ("free", "any", ""),
        ("town", "", 'string "Ulm"'),
    ]
    assert [field.key for field in form if field.violations] == ["city", "unit", "stops"]
    assert [field.key for field in form if field.is_required] == ["city"]
    assert [field.key for field in form if not field.is_known] == ["town"]
    assert [field.key for field in form if field.is_missing] == ["city"]


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (None, {}),
        ({}, {}),
        ({"properties": []}, {}),
        ({"properties": {}}, {"a": 1}),
        (SCHEMA, None),
        (SCHEMA, "text"),
        (SCHEMA, {str(number): 1 for number in range(20)}),
        ({"properties": {str(number): {} for number in range(17)}}, {}),
    ],
)
def test_what_is_no_small_form_is_none(schema: Any, arguments: Any) -> None:
    assert argument_form(schema, arguments, ()) == ()


def test_a_malformed_schema_is_still_a_form() -> None:
    schema = {"properties": {"a": {"type": 7, "enum": 7, "anyOf": {}}, "b": 7}, "required": 7}
    assert [field.expected for field in argument_form(schema, {"a": 1}, ())] == ["any", "any"]
