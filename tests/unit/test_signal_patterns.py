"""Patterns of signals: what they find, what is refused with which sentence, and that none of them takes long."""

import pytest

from tool_errors.signals.pattern import TEXT_CHARS_MAX, BadSignal, compile_pattern


@pytest.mark.parametrize(
    ("kind", "pattern", "text", "found"),
    [
        ("keyword", "Money Back", "I want my money back now", "I want my money back now"),
        ("keyword", "a.b", "axb", None),
        ("keyword", "ÄRGER", "So ein Ärger!", "So ein Ärger!"),
        ("regex", r"\bref(und|unds)\b", "two\nrefunds", "two refunds"),
        ("regex", r"^no$", "yes\nno", None),
        ("keyword", "x", "y" * TEXT_CHARS_MAX + "x", None),
    ],
)
def test_what_a_pattern_finds(kind: str, pattern: str, text: str, found: str | None) -> None:
    assert compile_pattern(kind, pattern).excerpt(text) == found


def test_an_excerpt_is_short_wherever_the_match_is() -> None:
    excerpt = compile_pattern("regex", "n+").excerpt("a" * 1000 + "n" * 100_000 + "b" * 1000)
    assert excerpt is not None
    assert len(excerpt) < 300
    assert excerpt[0] == excerpt[-1] == "…"


@pytest.mark.parametrize(
    ("kind", "pattern", "words"),
    [
        ("regex", "(?=x)", "no look-around"),
        ("regex", r"(a)\1", "no back-references"),
        ("regex", "(", "missing )"),
        ("regex", "a*", "matches an empty text"),
        ("regex", "((a{100}){100}){100}", "cannot be used"),
        ("regex", "x" * 1001, "this one has 1,001"),
        ("keyword", " ", "1 to 1,000 characters"),
        ("glob", "x", "kind=glob is none of keyword, regex"),
    ],
)
def test_what_is_refused(kind: str, pattern: str, words: str) -> None:
    with pytest.raises(BadSignal, match=words.replace(")", r"\)")):
        compile_pattern(kind, pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){12}$", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_hostile_patterns_end(pattern: str) -> None:
    """A backtracking engine would not end within a lifetime on any of these."""
    assert compile_pattern("regex", pattern).excerpt("a" * 50_000 + "!") is None
