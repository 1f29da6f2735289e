"""The arguments of failing calls by their shape: what was given, what lacked, what was wrong; also of cut texts."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_errors.findings import SchemaViolation
from tool_errors.schema.json_schema import schema_violations
from tool_errors.schema.schema_violations import violations_json
from trace_store.lists.issue_rows import FailingCall
from web.issues.argument_shapes import KEYS_MAX, SHAPES_MAX, ArgumentKey, argument_shapes, read_types, shapes_json

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "date": {"type": "string"},
        "stops": {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "integer"}}}},
    },
    "required": ["city", "date"],
    "additionalProperties": False,
}


def call(arguments: object, number: int = 1, violations: list[SchemaViolation] | None = None) -> FailingCall:
    text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return FailingCall(bytes([number] * 16), bytes([number] * 8), text, violations_json(violations or []))


def judged(arguments: dict[str, object], number: int = 1) -> FailingCall:
    return call(arguments, number, schema_violations(SCHEMA, arguments))


def test_calls_are_counted_by_what_they_gave_lacked_and_gave_wrongly() -> None:
    calls = [
        judged({"city": 7}, 9),
        judged({"city": "Bonn", "date": "1 May"}, 8),
        judged({"city": 8}, 7),
        judged({"city": "Bonn", "date": "1 May", "stops": [{"at": 1}, {"at": "noon"}], "pets": True}, 6),
    ]
    found = argument_shapes(calls, "error", "ValidationError: arguments do not match the schema")
    assert [(shape.calls, shape.keys) for shape in found.shapes] == [
        (2, (ArgumentKey("city", "integer", "wrong", "string"), ArgumentKey("date", "", "missing", ""))),
        (1, (ArgumentKey("city", "string", "given", ""), ArgumentKey("date", "string", "given", ""))),
        (
            1,
            (
                ArgumentKey("city", "string", "given", ""),
                ArgumentKey("date", "string", "given", ""),
                ArgumentKey("pets", "boolean", "unknown", "no such key"),
                ArgumentKey("stops", "array", "given", ""),
                ArgumentKey("stops[].at", "string", "wrong", "integer"),
            ),
        ),
    ]
    assert (found.total, found.calls) == (3, 4)
    assert found.shapes[0].example_url == f"/traces/{'09' * 16}?span={'09' * 8}"
    told = shapes_json(found, 10)
    assert (told["shown"], told["total"], told["calls_looked_at"], told["calls_total"]) == (3, 3, 4, 10)
    assert told["shapes"][0]["keys"][1] == {"key": "date", "given": None, "state": "missing", "expected": None}


def test_what_tools_take_is_told_only_of_failures_that_complain_of_arguments() -> None:
    calls = [judged({"city": "Bonn", "date": "1 May", "pets": True})]
    (shape,) = argument_shapes(calls, "error", "TimeoutError: upstream").shapes
    assert [key.state for key in shape.keys] == ["given", "given", "given"]


def test_what_is_shown_is_bounded_and_says_so() -> None:
    calls = [call({f"key_{number}": 1}, number) for number in range(SHAPES_MAX + 3)]
    found = argument_shapes(calls, "error", "")
    assert (len(found.shapes), found.total) == (SHAPES_MAX, SHAPES_MAX + 3)
    (wide,) = argument_shapes([call({f"k{n}": n for n in range(KEYS_MAX + 1)})], "error", "").shapes
    assert (len(wide.keys), wide.is_cut) == (KEYS_MAX, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ({}, "no arguments", False)),
        ("{}", ({}, "", False)),
        ("select 1", ({}, "text", False)),
        ("[1, 2]", ({}, "array", False)),
        ('{ "a" : [1, {"b": 2}] , "c": null}', ({"a": "array", "c": "null"}, "", False)),
        ('{"a":1.5,"b":"long te…', ({"a": "number", "b": "string"}, "", True)),
        ('{"a":1,"b":{"c":[…', ({"a": "integer", "b": "object"}, "", True)),
        ('{"a":1,"b":{"c":[', ({"a": "integer", "b": "object"}, "", True)),
        ('{"a":true', ({"a": "boolean"}, "", True)),
        ('{"a":"x\\ud83d', ({"a": "string"}, "", True)),
        ('{"a":null,"b":tr', ({"a": "null"}, "", True)),
        ('{"a":null,"b":12', ({"a": "null"}, "", True)),
        ('{"a":null,"b":-1.5e-', ({"a": "null"}, "", True)),
        ('{"a":', ({}, "", True)),
        ('{"a…', ({}, "", True)),
        ("{'a': 1}", ({}, "unreadable JSON", False)),
        ('{"a": 1, "b": None}', ({}, "unreadable JSON", False)),
        ("{" + '"a":' + "[" * 390, ({}, "unreadable JSON", False)),
    ],
)
def test_the_keys_of_a_text_as_far_as_it_goes(text: str, expected: object) -> None:
    assert read_types(text) == expected


KEYS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.none() | st.integers(-(2**53), 2**53) | KEYS | st.lists(st.booleans())


@given(st.dictionaries(KEYS, VALUES), st.integers(0, 400))
def test_a_cut_never_adds_a_key(arguments: dict[str, object], length: int) -> None:
    text = orjson.dumps(arguments).decode()
    whole, _, is_cut = read_types(text)
    assert (set(whole), is_cut) == (set(arguments), False)
    part, kind, _ = read_types(text[:length])
    assert part.items() <= whole.items()
    assert kind == ("" if length else "no arguments")
