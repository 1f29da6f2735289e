"""Rules that users write: what a file may hold, when a rule applies, and what it decides."""

from pathlib import Path
from typing import Any

import pytest

from tests.facts_by_hand import answered
from tool_errors.failure.payload_rules import PAYLOAD_RULE_IDS
from tool_errors.failure.status import judge_answer
from tool_errors.failure.tool_rules import NO_TOOL_RULES, BadToolRules, ToolRules, read_tool_rules


def rules(tmp_path: Path, text: str) -> ToolRules:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    return read_tool_rules(path, PAYLOAD_RULE_IDS)


def one(tmp_path: Path, condition: str, *, path: str = "$.a", tool: str = "t", status: str = "soft_error") -> ToolRules:
    fields = {"tool": tool, "path": path, "condition": condition, "status": status}
    return rules(tmp_path, "[[rule]]\n" + "\n".join(f"{key} = {value!r}" for key, value in fields.items()))


@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        ("== 1", {"a": 1}, {"a": True}),
        ('== "x"', {"a": "x"}, {"a": "y"}),
        ("!= 0", {"a": 3}, {"a": 0}),
        ("!= 0", '{"a": 3}', {}),
        ("< 0.5", {"a": 0.4}, {"a": 0.5}),
        ("<= 5", {"a": 5}, {"a": "4"}),
        ("> 5", {"a": 6}, {"a": True}),
        (">= 5", {"a": 5}, {"a": None}),
        ('contains "full"', {"a": "disk full"}, {"a": "fine"}),
        ('contains "full"', {"a": ["full"]}, {"a": 3}),
        ("exists", {"a": None}, {"b": 1}),
        ("missing", {"b": 1}, {"a": None}),
    ],
)
def test_a_condition(tmp_path: Path, condition: str, holds: Any, fails: Any) -> None:
    own = one(tmp_path, condition)
    assert judge_answer(answered("c", "t", holds), own).rule == "user.1"
    assert judge_answer(answered("c", "t", fails), own).status == "ok"


def test_path_tool_and_evidence(tmp_path: Path) -> None:
    own = one(tmp_path, "!= 0", path="$.result[1].code", tool="search_*")
    result = {"result": [{"code": 0}, {"code": 7}], "message": "index is gone"}
    verdict = judge_answer(answered("c", "search_orders", result), own)
    assert (verdict.status, verdict.path, verdict.message) == (
        "soft_error",
        "messages.result.result[1].code",
        "index is gone",
    )
    assert judge_answer(answered("c", "other", result), own).status == "ok"


def test_ok_overrules_payload_rules_and_off_switches_them_off(tmp_path: Path) -> None:
    result = {"status": 404}
    assert judge_answer(answered("c", "check_link", result), NO_TOOL_RULES).status == "soft_error"
    assert (
        judge_answer(
            answered("c", "check_link", result),
            one(tmp_path, "exists", path="$.status", tool="check_link", status="ok"),
        ).status
        == "ok"
    )
    assert judge_answer(answered("c", "check_link", result), rules(tmp_path, 'off = ["payload.status"]')).status == "ok"


GOOD = {"tool": "'t'", "path": "'$.a'", "condition": "'exists'", "status": "'ok'"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("off = [", "is not TOML"),
        ("of = []", "no key 'of'"),
        ('off = ["payload.nope"]', "payload.nope"),
        ("off = [[1]]", "off names"),
        ("[[rule]]\ntool = 't'", "needs the texts"),
        *(
            ("[[rule]]\n" + "\n".join(f"{k} = {v}" for k, v in {**GOOD, key: bad}.items()), says)
            for key, bad, says in [
                ("status", "'failed'", "none of error"),
                ("path", "'a.b'", "not of the form"),
                ("path", "'$..a'", "not of the form"),
                ("condition", "'is 3'", "no operator"),
                ("condition", "'== abc'", "no JSON value"),
            ]
        ),
    ],
)
def test_a_bad_file_is_refused_with_a_reason(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadToolRules, match=says.replace("[", "\\[")):
        rules(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadToolRules, match=r"nope\.toml"):
        read_tool_rules(tmp_path / "nope.toml", PAYLOAD_RULE_IDS)
