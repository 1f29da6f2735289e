"""Values against JSON schemas: the key and what was expected, and never a failure of our own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tool_errors.schema.json_schema import schema_violations

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "unit": {"enum": ["c", "f"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "where": {"anyOf": [{"type": "string"}, {"type": "number"}]},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "flags": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "stops": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/stop"}},
    },
    "required": ["city"],
    "additionalProperties": False,
    "$defs": {"stop": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


@pytest.mark.parametrize(
    ("arguments", "path", "expected", "got", "place"),
    [
        ({}, "city", "a value", "nothing", "city"),
        ({"city": None}, "city", "string", "null", "city"),
        ({"city": ["Bonn"]}, "city", "string", "array of 1", "city"),
        ({"city": ""}, "city", "at least 1 characters", 'string ""', "city"),
        ({"city": "Bonn", "days": 20}, "days", "at most 14", "integer 20", "days"),
        ({"city": "Bonn", "days": "soon"}, "days", "integer", 'string "soon"', "days"),
        ({"city": "Bonn", "days": 2.5}, "days", "integer", "number 2.5", "days"),
        ({"city": "Bonn", "unit": "k"}, "unit", 'one of "c", "f"', 'string "k"', "unit"),
        ({"city": "Bonn", "note": [1]}, "note", "string or null", "array of 1", "note"),
        ({"city": "Bonn", "where": [1]}, "where", "string or number", "array of 1", "where"),
        ({"city": "Bonn", "code": "bonn"}, "code", "a text that matches ^[A-Z]{3}$", 'string "bonn"', "code"),
        ({"city": "Bonn", "flags": {"a": "x"}}, "flags.a", "boolean", 'string "x"', "flags.*"),
        ({"city": "Bonn", "stops": [{"city": "Ulm"}, {}]}, "stops[1].city", "a value", "nothing", "stops[].city"),
        ({"city": "Bonn", "stops": [{"city": "a"}] * 3}, "stops", "at most 2 items", "array of 3", "stops"),
        ({"city": "Bonn", "stops": "Ulm"}, "stops", "array", 'string "Ulm"', "stops"),
    ],
)
def test_a_violation_names_the_key_and_what_was_expected(
    arguments: Any, path: str, expected: str, got: str, place: str
) -> None:
    (found,) = schema_violations(WEATHER, arguments)
    assert (found.path, found.expected, found.got, found.place) == (path, expected, got, place)
    assert not found.is_tolerable


@pytest.mark.parametrize(
    "arguments",
    [
        {"city": "Bonn", "days": None},
        {"city": "Bonn", "days": ""},
        {"city": "Bonn", "days": "5"},
        {"city": 7},
        {"city": True},
        {"city": "Bonn", "unit": "C "},
        {"city": "Bonn", "unit": None},
        {"city": "Bonn", "stops": '[{"city": "Ulm"}]'},
        {"city": "Bonn", "flags": {"a": "True"}},
        {"city": "Bonn", "flags": {"a": 1}},
        {"city": "Bonn", "town": "Ulm"},
    ],
)
def test_what_most_tools_take_is_tolerable(arguments: Any) -> None:
    found = schema_violations(WEATHER, arguments)
    assert found
    assert all(each.is_tolerable for each in found)


@pytest.mark.parametrize(
    "schema",
    [
        {"required": ["a"], "properties": {"a": {"type": "integer", "default": 1}}},
        {"required": ["a"], "properties": {"a": {"type": ["integer", "null"]}}},
        {"required": ["a"], "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}},
    ],
)
def test_a_required_key_that_may_be_null_may_as_well_be_left_out(schema: Any) -> None:
    (found,) = schema_violations(schema, {})
    assert found.is_tolerable


def test_a_required_key_of_any_type_must_be_there() -> None:
    (found,) = schema_violations({"required": ["a"], "properties": {"a": {"description": "anything"}}}, {})
    assert not found.is_tolerable


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "OBJECT", "properties": {"a": {"type": "INTEGER", "nullable": True}}}, {"a": None}, {"a": "x"}),
        ({"properties": {"a": {"type": "number", "minimum": 0, "exclusiveMinimum": True}}}, {"a": 1}, {"a": 0}),
        (
            {"properties": {"a": {"items": [{"type": "string"}], "additionalItems": False}}},
            {"a": ["x"]},
            {"a": ["x", 1]},
        ),
        ({"properties": {"a": {"oneOf": [{"type": "integer"}, {"type": "number"}]}}}, {"a": 1}, {"a": "x"}),
        ({"allOf": [{"$ref": "#/definitions/x"}], "definitions": {"x": {"required": ["a"]}}}, {"a": 1}, {}),
        ({"properties": {"a": {"const": 1}}}, {"a": 1.0}, {"a": True}),
    ],
)
def test_other_drafts_and_dialects_of_schemas(schema: Any, good: Any, bad: Any) -> None:
    assert schema_violations(schema, good) == []
    assert len(schema_violations(schema, bad)) == 1


DOUBLING = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)} | {"d30": False}
LONG = {"properties": {"a": {"type": "array", "items": {"enum": list(range(5000))}}}}


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        {"type": "nonsense"},
        {"type": [{}]},
        {"properties": []},
        {"properties": {"a": 7}},
        {"required": "a"},
        {"required": [7]},
        {"enum": []},
        {"anyOf": {"type": "integer"}},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "https://example.com/schema.json"},
        {"allOf": [{"$ref": "file:///etc/passwd"}]},
        {"$ref": "#"},
        {"$ref": "#/$defs/d0", "$defs": DOUBLING},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"patternProperties": {"(a+)+$": {"type": "null"}}, "additionalProperties": False},
        {"properties": {"a": {"items": {"pattern": "(a+)+(?!b)$"}}}},
        {"properties": {"a": {"items": {"minimum": "x", "maxLength": None, "multipleOf": 0}}}},
        LONG,
    ],
)
def test_a_schema_that_is_broken_or_too_much_work_is_not_judged(schema: Any) -> None:
    assert schema_violations(schema, {"a": [5001] * 10}) == []


def test_numbers_and_texts_that_no_encoder_takes() -> None:
    schema = {"properties": {"a": {"type": "object"}, "b": {"enum": ["x"]}}}
    assert len(schema_violations(schema, {"a": 2**70, "b": "\ud800"})) == 2
    assert len(schema_violations(schema, {"a": float("nan")})) == 1


TYPES = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "abc", "5", "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": inner | st.booleans(),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "minimum": st.integers(-2, 2),
            "exclusiveMaximum": st.integers(-2, 2),
            "minLength": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
            "pattern": st.sampled_from(["^a", "c$", "b"]),
            "$ref": st.sampled_from(["#/$defs/x", "#/$defs/y"]),
        },
    )


@given(
    st.recursive(st.booleans(), _schemas, max_leaves=8),
    _schemas(st.booleans()),
    st.fixed_dictionaries({"type": TYPES}),
    VALUES,
)
def test_the_verdict_is_that_of_jsonschema(schema: Any, x: Any, y: Any, value: Any) -> None:
    root = {"allOf": [schema], "$defs": {"x": {key: held for key, held in x.items() if key != "$ref"}, "y": y}}
    assert (schema_violations(root, value) == []) == Draft202012Validator(root).is_valid(value)
