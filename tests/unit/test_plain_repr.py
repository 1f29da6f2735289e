"""Reprs of plain values: read by their tokens they are what Python's own parser says."""

from dataclasses import make_dataclass
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_store.attributes import NOT_JSON
from trace_store.dialects.object_repr import _by_pythons_parser
from trace_store.dialects.plain_repr import read_plain_repr


class Role(Enum):
    USER = "user"
    FIRST = 1


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(st.sampled_from(["text", "_meta", "tool_name"]), inner)
    return (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
        | fields.map(lambda told: make_dataclass("Message", list(told))(**told))
    )


@given(st.recursive(PLAIN | st.sampled_from(Role), containers, max_leaves=20))
def test_it_says_what_pythons_parser_says(value: Any) -> None:
    text = repr(value)
    read = read_plain_repr(text)
    assert read is not NOT_JSON
    assert read == _by_pythons_parser(text)


@given(st.text("'\"\\()[]{}<>=:,.aN1e- \n", max_size=30))
def test_what_it_reads_of_any_text_pythons_parser_reads_alike(text: str) -> None:
    read = read_plain_repr(text)
    if read is not NOT_JSON:
        assert read == _by_pythons_parser(text)


@pytest.mark.parametrize(
    "text", ["A('x')", "{1, 2}", "b'x'", "datetime", "(1)", "A(b=1", "'a' 'b'", "", "1 2", "A(b=1))"]
)
def test_the_rest_is_left_to_pythons_parser(text: str) -> None:
    assert read_plain_repr(text) is NOT_JSON
