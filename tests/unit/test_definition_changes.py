"""How the definition of a tool changed between releases: which part, from what to what."""

import dataclasses
import datetime
from typing import Any

from tool_errors.schema.definition_changes import DefinitionChange, definition_changes, definition_history
from trace_store.tool_definitions import ToolDefinitionRow

DAY = datetime.date(2026, 11, 1)
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where."},
        "days": {"type": "integer", "maximum": 14},
        "unit": {"enum": ["c", "f"]},
        "stops": {"type": "array", "items": {"type": "object", "properties": {"city": {"type": "string"}}}},
    },
    "required": ["city"],
}


def row(schema: Any = SCHEMA, description: str = "The weather.", *releases: str, **more: Any) -> ToolDefinitionRow:
    made = ToolDefinitionRow(1, b"d", "weather", description, schema, False, DAY, DAY, list(releases))
    return dataclasses.replace(made, **more)


def changed(**properties: Any) -> dict[str, Any]:
    kept = {key: held for key, held in (SCHEMA["properties"] | properties).items() if held is not None}  # type: ignore[operator]
    return SCHEMA | {"properties": kept}


def texts(before: ToolDefinitionRow, after: ToolDefinitionRow) -> list[str]:
    return [change.text for change in definition_changes(before, after)]


def test_equal_definitions_differ_in_nothing() -> None:
    assert definition_changes(row(), row()) == []
    assert definition_changes(row(None), row(None)) == []


def test_each_part_is_named() -> None:
    after = changed(
        city={"type": ["string", "null"], "description": "Which city."},
        days={"type": "integer", "maximum": 7},
        unit=None,
        stops={"type": "array", "items": {"type": "object", "properties": {"city": {"type": "integer"}}}},
        when={"type": "string"},
    )
    after["required"] = ["when"]
    assert texts(row(), row(after, "The weather of a place.")) == [
        "description of the tool changed",
        "city: description changed",
        "city: required yes → not set",
        'city: type string → ["string","null"]',
        "days: maximum 14 → 7",
        "stops[].city: type string → integer",
        "unit removed",
        "when added (string, required)",
    ]


def test_a_change_says_from_what_to_what() -> None:
    (change,) = definition_changes(row(), row(changed(days={"type": "string", "maximum": 14})))
    assert change == DefinitionChange("changed", "days", "type", "integer", "string")
    (change,) = definition_changes(row(), row(SCHEMA, "x" * 1000))
    assert (change.what, change.before, len(change.after)) == ("description", "The weather.", 300)


def test_what_one_of_them_does_not_tell_is_no_difference() -> None:
    assert definition_changes(row(None, is_cut=True), row()) == []
    assert definition_changes(row(), row(None, "")) == []


def test_schemas_of_any_shape_are_read() -> None:
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"properties": {"a": deep}}
    shapes = [
        {},
        {"properties": 7, "required": 7, "items": []},
        deep,
        {"$defs": {"Stop": {"type": "object"}}, "items": True},
    ]
    for one in shapes:
        for other in shapes:
            assert one is not other or definition_changes(row(one), row(other)) == []
            definition_changes(row(one), row(other))
    assert texts(row({}), row({"$defs": {"Stop": {"type": "object"}}})) == ["$defs.Stop added (object)"]


def test_the_history_tells_each_definition_against_the_one_before() -> None:
    first, second = row(SCHEMA, "A.", "1", "2"), row(changed(unit=None), "A.", "3")
    newest, oldest = definition_history([(second, "3"), (first, "1")])
    assert (newest.since_release, [change.text for change in newest.changes]) == ("3", ["unit removed"])
    assert (oldest.since_release, oldest.changes) == ("1", ())
    assert definition_history([]) == []
