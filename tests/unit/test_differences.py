"""What is different about failing traces: small numbers stay quiet, and neither side is favoured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_store.lists.trace_lists import Facet, FacetValue, ListFacets
from web.lists.differences import difference, differences, wilson

TOTALS = st.integers(1, 5000)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int, int, int]:
    of_failing, of_rest = draw(TOTALS), draw(TOTALS)
    return draw(st.integers(0, of_failing)), of_failing, draw(st.integers(0, of_rest)), of_rest


def test_wilsons_interval_as_published() -> None:
    assert wilson(15, 148, 1.96) == pytest.approx((0.0624, 0.1605), abs=1e-4)  # Newcombe 1998, table I
    assert wilson(0, 20, 1.96) == pytest.approx((0.0, 0.1611), abs=1e-4)


@given(counts())
def test_the_interval_holds_the_difference_and_turns_with_its_sides(drawn: tuple[int, int, int, int]) -> None:
    failing, of_failing, rest, of_rest = drawn
    found = difference("tool", "x", failing, of_failing, rest, of_rest)
    assert -1 - 1e-9 <= found.low <= found.difference + 1e-9
    assert found.difference - 1e-9 <= found.high <= 1 + 1e-9
    turned = difference("tool", "x", rest, of_rest, failing, of_failing)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_small_numbers_do_not_shout() -> None:
    values = (FacetValue("rare", 2, 2), FacetValue("half", 500, 90), FacetValue("all", 1000, 100))
    found = differences(ListFacets({"tool": Facet("tool", values, 3)}, 1000, 100, False))
    assert [line.value for line in found.more] == ["half"]
    assert (found.less, found.compared) == ((), 2)


def test_without_a_side_there_is_nothing_to_compare() -> None:
    facets = {"tool": Facet("tool", (FacetValue("x", 5, 5),), 1)}
    assert differences(ListFacets(facets, 5, 5, False)).compared == 0
    assert differences(ListFacets(facets, 5, 0, False)).compared == 0
