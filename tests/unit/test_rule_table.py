"""The registry of rules as people read it: the table of docs/tool_errors.md and `rainbarrel rules`."""

from pathlib import Path

import orjson
import pytest

from tests.labelled_results import judged, labelled
from tool_errors.failure.payload_rules import PAYLOAD_RULES, judge_payload
from tool_errors.failure.rule_table import rules_json, rules_markdown
from trace_store.attributes import parse_text
from web.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tool_errors.md"


def test_the_page_shows_the_registry() -> None:
    assert rules_markdown() in PAGE.read_text()


@pytest.mark.parametrize("rule", PAYLOAD_RULES, ids=lambda rule: rule.id)
def test_the_example_of_a_rule_is_found_by_it(rule) -> None:
    assert rule.find(parse_text(rule.example)) is not None


@pytest.mark.parametrize("rule", PAYLOAD_RULES, ids=lambda rule: rule.id)
def test_every_rule_decides_something_in_the_labelled_set(rule) -> None:
    assert any(rule.id == judged(entry).rule for entry in labelled("errors"))


def test_a_rule_that_is_off_is_not_asked() -> None:
    value = {"error": "rate limited"}
    assert judge_payload(value, "result") is not None
    assert judge_payload(value, "result", frozenset({"payload.error"})) is None


def test_the_command_lists_every_rule(capsysbinary) -> None:
    assert main(["rules", "--json"]) == 0
    assert orjson.loads(capsysbinary.readouterr().out) == {"rules": rules_json()}
    assert main(["rules"]) == 0
    text = capsysbinary.readouterr().out.decode()
    assert all(rule["id"] in text for rule in rules_json())
