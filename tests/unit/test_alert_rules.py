"""Alert rules as values: what is accepted, what is refused with which sentence, and what they say."""

from typing import Any

import pytest

from tool_errors.alerts.describe import describe
from tool_errors.alerts.rule import BadRule, CountRule, read_definition, stored_definition

COUNT = {"kind": "count", "at_least": 3, "window_s": 3600}


def test_a_definition_is_stored_as_it_is_understood() -> None:
    filters = {"tool": "search", "kinds": ["loop"], "environment": "prod"}
    definition = read_definition(COUNT | {"counts": "users", "filters": filters})
    stored = stored_definition(definition)
    assert stored == COUNT | {"counts": "users", "per": "rule", "filters": filters}
    assert read_definition(stored) == definition


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "A rule is a JSON object"),
        ({"kind": "often"}, "whose kind is count, rate, first_seen, regression or match"),
        ({"at_least": 3}, "whose kind is"),
        ({"kind": "count", "window_s": 60}, "at_least is missing."),
        (COUNT | {"window_s": 5}, "window_s: Input should be greater than or equal to 60, not 5."),
        (COUNT | {"at_least": "many"}, "at_least: Input should be a valid integer"),
        (COUNT | {"filter": {}}, "filter is nothing that this kind of rule has"),
        (COUNT | {"filters": {"tol": "x"}}, "filters.tol is nothing that this kind of rule has"),
        ({"kind": "match", "filters": {"kinds": ["lop"]}}, "filters.kinds.0: Input should be 'tool_error'"),
        ({"kind": "match", "filters": {"signal": "refunds", "tool": "a"}}, "has no tool: leave tool out"),
        ({"kind": "regression", "filters": {"signal": "refunds"}}, "is nothing that somebody resolves"),
        (COUNT | {"per": "issue", "filters": {"signal": "refunds"}}, "per is rule."),
        ({"kind": "match", "filters": {"signal": "tool_error:a", "tool": "b"}}, "exclude each other"),
        ({"kind": "match", "filters": {"signal": "loop", "kinds": ["tool_error"]}}, "exclude each other"),
        ({"kind": "match", "filters": {"traits": {"plan": ["pro"]}}}, "filters.traits.plan"),
        ({"kind": "rate", "window_s": 60}, "tool is missing."),
    ],
)
def test_what_is_no_rule_is_told_in_a_sentence(given: Any, says: str) -> None:
    with pytest.raises(BadRule, match=r"\.$") as refused:
        read_definition(given)
    assert says in str(refused.value)


def test_a_signal_is_a_filter() -> None:
    of_tool = read_definition(COUNT | {"filters": {"signal": "tool_error:a: b"}})
    assert isinstance(of_tool, CountRule)
    kinds = ["tool_error", "soft_error", "unanswered"]
    assert (of_tool.filters.columns()["kinds"], of_tool.filters.columns()["tool"]) == (kinds, "a: b")
    of_loop = read_definition(COUNT | {"filters": {"signal": "loop:a, b"}})
    assert isinstance(of_loop, CountRule)
    assert (of_loop.filters.columns()["kinds"], of_loop.filters.columns()["tool"]) == (["loop"], "a, b")
    of_words = read_definition(COUNT | {"filters": {"signal": "refunds"}})
    assert isinstance(of_words, CountRule)
    columns = of_words.filters.columns()
    assert (columns["kinds"], columns["tool"], columns["signal"]) == (None, None, "refunds")
    of_loops = read_definition(COUNT | {"filters": {"signal": "loop", "tool": "search"}})
    assert isinstance(of_loops, CountRule)
    assert (of_loops.filters.columns()["kinds"], of_loops.filters.columns()["tool"]) == (["loop"], "search")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (COUNT, "3 events or more within 1 hour, all kinds"),
        (
            COUNT | {"counts": "users", "at_least": 1, "per": "issue", "filters": {"kinds": ["loop"], "release": "7"}},
            "1 user or more in one issue within 1 hour, loops; release 7",
        ),
        (
            {"kind": "rate", "tool": "search", "window_s": 5400},
            "search fails at 2 times the rate of its last week or more, and at 5% or more of at least 20 calls within "
            "90 minutes",
        ),
        ({"kind": "first_seen"}, "an issue that was never seen before, all kinds"),
        ({"kind": "regression"}, "a resolved issue that happens again, all kinds"),
        ({"kind": "match", "filters": {"user": "u"}}, "every finding, all kinds; user u"),
        ({"kind": "match", "filters": {"signal": "refunds", "agent": "a"}}, "every match, signal refunds; agent a"),
        (
            {"kind": "match", "filters": {"properties": {"plan": "pro"}, "traits": {"seats": 5}}},
            'every finding, all kinds; property plan "pro"; user\'s seats 5',
        ),
        ({"kind": "first_seen", "filters": {"signal": "refunds"}}, "the first match, signal refunds"),
    ],
)
def test_a_rule_says_what_it_waits_for(given: Any, words: str) -> None:
    assert describe(read_definition(given)) == words
