"""Answers never count more tokens than their budget, whatever they are made of; slices go on where the last ended."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.mcp_server.payloads import SpanParts, overview, part_slice
from web.mcp_server.token_budget import clipped, fitted_json, fitting_count, tokens_of, within
from web.mcp_server.tool import BUDGET_MAX, BUDGET_MIN
from web.requests.errors import BadRequest

budgets = st.integers(BUDGET_MIN, 3 * BUDGET_MIN)
texts = st.text(max_size=3_000) | st.text("语🙂é ", max_size=3_000)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(texts, inner, max_size=30),
    max_leaves=60,
)


def bytes_of(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


@settings(deadline=None, max_examples=40)
@given(values, budgets)
def test_a_json_value_is_shortened_to_the_budget(value: Any, budget: int) -> None:
    assert tokens_of(fitted_json(value, budget)) <= budget


@settings(deadline=None, max_examples=40)
@given(texts, st.integers(1, 500))
def test_a_text_within_a_budget(text: str, budget: int) -> None:
    found = within(text, budget)
    assert tokens_of(found) <= budget
    assert found == text or tokens_of(text) > budget


@settings(deadline=None, max_examples=40)
@given(st.lists(texts), st.integers(0, 500))
def test_lines_that_fit(lines: list[str], budget: int) -> None:
    count = fitting_count(lines, budget)
    assert tokens_of("".join(f"{line}\n" for line in lines[:count])) <= budget
    assert count == len(lines) or tokens_of("".join(f"{line}\n" for line in lines[: count + 1])) > budget


@settings(deadline=None, max_examples=40)
@given(texts)
def test_three_bytes_are_a_token(text: str) -> None:
    assert bytes_of(text) <= 3 * tokens_of(text) < bytes_of(text) + 3


def test_a_clipped_text_says_how_much_more_there_is() -> None:
    assert clipped("abcdef", 6) == "abcdef"
    assert clipped("abcdef", 4) == "abcd… (2 more characters)"


@settings(deadline=None, max_examples=40)
@given(texts.filter(bool), budgets)
def test_slices_follow_each_other_to_the_whole_payload(text: str, budget: int) -> None:
    found, read = SpanParts("00f067aa0ba902b7", "span", {"result": text}), ""
    while len(read) < len(text):
        answer = part_slice(found, "result", len(read), None, budget)
        assert tokens_of(answer) <= budget
        head, _, body = answer.partition("\n")
        read += body
        assert head.endswith(
            f"of {len(text):,}, " + ("the end" if len(read) == len(text) else f"next offset {len(read)}")
        )
    assert read == text.encode("utf-8", "replace").decode()


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.sampled_from(("arguments", "result", "input", "error")), texts), budgets)
def test_an_overview_keeps_the_budget(parts: dict[str, str], budget: int) -> None:
    assert tokens_of(overview(SpanParts("00f067aa0ba902b7", "span", parts), "5" * 32, budget)) <= budget


def test_what_is_not_there_is_said() -> None:
    found = SpanParts("h", "span", {"result": "abc"})
    for part, offset, sentence in (
        ("arguments", 0, "h has no arguments; it has result."),
        ("result", 3, "offset=3 lies behind the end: result has 3 characters."),
    ):
        with pytest.raises(BadRequest, match=re.escape(sentence)):
            part_slice(found, part, offset, None, BUDGET_MAX)
