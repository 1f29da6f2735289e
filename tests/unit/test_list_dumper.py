"""Lists of parameters go out as psycopg would send them, only sooner."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.array import ListBinaryDumper

from trace_store.list_dumper import FlatListDumper

ITEMS = (
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-100, 100),
    st.integers(-(2**70), 2**70),
    st.binary(max_size=20),
    st.text(max_size=20).filter(lambda text: text.isprintable()),
    st.floats(),
    st.booleans(),
    st.dates(),
)


def dumped(dumper: type[ListBinaryDumper], values: list[Any]) -> tuple[int, bytes | None]:
    made = dumper(list, Transformer()).upgrade(values, PyFormat.BINARY)
    data = made.dump(values)
    return made.oid, None if data is None else bytes(data)


@given(st.one_of(*(st.lists(st.one_of(items, st.none())) for items in ITEMS), *(st.lists(items) for items in ITEMS)))
def test_any_list_is_what_psycopg_makes_of_it(values: list[Any]) -> None:
    assert dumped(FlatListDumper, values) == dumped(ListBinaryDumper, values)


@pytest.mark.parametrize(
    "values", [[[1, 2], [3, 4]], [[b"a"], [None]], [datetime(2026, 1, 2, tzinfo=UTC), None], [date(2026, 1, 2)] * 2]
)
def test_so_are_lists_of_lists_and_times(values: list[Any]) -> None:
    assert dumped(FlatListDumper, values) == dumped(ListBinaryDumper, values)
