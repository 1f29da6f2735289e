"""Loops in words."""

import dataclasses

import pytest

from tests.unit.test_tree_view import loop
from tool_errors.loop.loops import DETECTORS
from web.trace.loop_text import loop_text, loop_why


@pytest.mark.parametrize("kind", DETECTORS)
def test_every_kind_is_explained(kind: str) -> None:
    row = dataclasses.replace(loop("a", "b"), kind=kind, tools=["read", "{edit}"], iterations=4)
    assert loop_text(row) == "read → {edit} ×4"
    assert loop_why(row).startswith("read and {edit} ")
    assert " 4 " in loop_why(row)
    assert "without progress" not in loop_why(row)  # that is said of unknown kinds
