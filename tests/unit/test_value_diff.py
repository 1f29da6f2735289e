"""What is said of two values that follow each other."""

from typing import Any

from hypothesis import given

from tests.unit.test_attributes import JSON_VALUES as VALUES
from web.trace.value_diff import diff_values


def told(before: Any, after: Any) -> list[tuple[str, list[tuple[str, bool]]]]:
    return [
        (line.kind, [(part.text, part.is_changed) for part in line.parts])
        for line in diff_values("Result", before, after).lines
    ]


def test_a_changed_word_is_marked_in_its_line() -> None:
    assert told({"city": "Oslo", "day": 1}, {"day": 2, "city": "Oslo"}) == [
        ("same", [("{", False)]),
        ("same", [('  "city": "Oslo",', False)]),
        ("removed", [('  "day": ', False), ("1", True)]),
        ("added", [('  "day": ', False), ("2", True)]),
        ("same", [("}", False)]),
    ]
    assert diff_values("Arguments", {"day": 1}, {"day": 2}).said == "1 line differs"


def test_equal_values_say_so() -> None:
    found = diff_values("Arguments", {"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert (found.said, found.lines, found.is_cut) == ("the same", (), False)


def test_a_value_that_came_in_or_was_left_out() -> None:
    assert diff_values("Error", None, "no route").said == "came in"
    assert told("no route", None) == [("removed", [("no route", True)])]


def test_equal_lines_far_from_a_change_are_counted() -> None:
    lines = [f"line {number}" for number in range(30)]
    found = told("\n".join(lines), "\n".join([*lines[:15], "new", *lines[16:]]))
    assert found[0] == ("left_out", [("13 equal lines", False)])
    assert found[-1] == ("left_out", [("12 equal lines", False)])
    assert [kind for kind, _ in found[1:-1]] == ["same", "same", "removed", "added", "same", "same"]


def test_long_values_are_compared_as_far_as_they_are_shown() -> None:
    found = diff_values("Result", "x" * 50_000 + "a", "x" * 50_000 + "b")
    assert (found.said, found.lines, found.is_cut) == ("differ after what is compared", (), True)
    many = diff_values("Result", list(range(10_000)), list(range(1, 10_000)))
    assert many.is_cut
    assert len(many.lines) < 20


@given(VALUES, VALUES)
def test_both_sides_can_be_read_out_of_it(before: Any, after: Any) -> None:
    found = diff_values("Result", before, after)
    if not found.lines or any(line.kind == "left_out" for line in found.lines):
        return
    sides = [
        "".join("".join(part.text for part in line.parts) for line in found.lines if line.kind in ("same", kind))
        for kind in ("removed", "added")
    ]
    assert sides[0] != sides[1]
