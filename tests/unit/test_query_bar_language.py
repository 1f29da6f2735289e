"""The query bar's language: read, refused with the place of the fault, and written back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trace_store.lists.trace_filter import NUMBERS, OPERATORS, STATUSES, VALUE_FIELDS, Term
from web.query_bar.language import (
    BadQuery,
    PlacedTerm,
    asked_values,
    query_text,
    read_placed,
    read_query,
    with_value,
    without_value,
)

NAMED = [field for field in VALUE_FIELDS if field != "status"]
TEXTS = st.text(min_size=1, max_size=20)
VALUES = st.builds(
    lambda field, values: Term(field, tuple(dict.fromkeys(values))),
    st.sampled_from(NAMED),
    st.lists(TEXTS, min_size=1, max_size=3),
)
OF_STATUS = st.builds(
    lambda values: Term("status", tuple(dict.fromkeys(values))),
    st.lists(st.sampled_from(sorted(STATUSES)), min_size=1, max_size=3),
)
OF_NUMBERS = st.builds(
    lambda field, operator, number: Term(field, operator=operator, number=number),
    st.sampled_from(sorted(NUMBERS)),
    st.sampled_from(sorted(OPERATORS)),
    st.integers(0, 2**63 - 1),
)
WORDS = st.builds(lambda text: Term("", (text,)), TEXTS.filter(str.strip))
TERMS = st.builds(
    lambda term, is_excluded: Term(term.field, term.values, term.operator, term.number, is_excluded),
    VALUES | OF_STATUS | OF_NUMBERS | WORDS,
    st.booleans(),
)


@given(st.lists(TERMS, max_size=6))
@example([Term("service", ("=0",))])
@example([Term("service", ("<", ">=x"))])
def test_what_is_written_reads_as_the_same(terms: list[Term]) -> None:
    assert read_query(query_text(tuple(terms))) == tuple(terms)


def read_or_refused(text: str) -> tuple[list[PlacedTerm], BadQuery | None]:
    try:
        return read_placed(text), None
    except BadQuery as error:
        return [], error


@given(st.text(max_size=60) | st.text(alphabet='ab:,-"\\>< tool', max_size=60))
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    placed, fault = read_or_refused(text)
    if fault is not None:
        assert 1 <= fault.position <= len(text) + 1
        assert str(fault).startswith(f"Character {fault.position} of the query: ")
    ends = [0, *(term.end for term in placed)]
    assert all(before <= term.start < term.end for before, term in zip(ends, placed, strict=False))
    assert read_query(query_text(tuple(term.term for term in placed))) == tuple(term.term for term in placed)


@given(st.lists(TERMS, max_size=4), st.sampled_from(NAMED), TEXTS)
def test_a_value_that_is_added_can_be_removed(terms: list[Term], field: str, value: str) -> None:
    before = tuple(terms)
    wider = with_value(before, field, value)
    assert value in asked_values(wider, field)
    assert value not in asked_values(without_value(wider, field, value), field)
    if not asked_values(before, field):
        assert without_value(wider, field, value) == before


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("refund the ticket", [Term("", ("refund the ticket",))]),
        ("tool:search_docs", [Term("tool", ("search_docs",))]),
        ('agent:a,"b c" -release:2', [Term("agent", ("a", "b c")), Term("release", ("2",), is_excluded=True)]),
        ("duration>1.5s", [Term("duration", operator=">", number=1_500_000_000)]),
        ("duration:>=2m tokens<10k", [Term("duration", (), ">=", 120 * 10**9), Term("tokens", (), "<", 10_000)]),
        ("cost>$0.05 errors=2", [Term("cost", (), ">", 50_000_000), Term("errors", (), "=", 2)]),
        ("KeyError: no tool:x key", [Term("", ("KeyError: no",)), Term("tool", ("x",)), Term("", ("key",))]),
        ("http://db:5432 Zeit:jetzt", [Term("", ("http://db:5432 Zeit:jetzt",))]),
        ('-"not this" a<b', [Term("", ("not this",), is_excluded=True), Term("", ("a<b",))]),
    ],
)
def test_queries(text: str, terms: list[Term]) -> None:
    assert read_query(text) == tuple(terms)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("tool:", 6, "a value of tool is missing"),
        ("a tool:x,", 10, "a value of tool is missing"),
        ("agnet:x", 1, "did you mean agent"),
        ("-toool:x", 2, "did you mean tool"),
        ('say "hi', 5, "has no end"),
        ("status:bad", 8, "failing, error, soft_error"),
        ("duration>soon", 10, "such as duration>3s"),
        ("duration>3x", 11, "x is no unit of duration"),
        ("tool>3", 5, "tool is no number"),
        ('tool:"a"b', 9, "a space or a comma is missing"),
        ('""', 1, "quotes are empty"),
        ("x" * 2001, 2001, "at most 2,000 characters"),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(BadQuery, match=words) as caught:
        read_query(text)
    assert caught.value.position == position
