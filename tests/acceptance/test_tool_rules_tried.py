"""Tool rules are tried on stored calls before they are in force: over HTTP, on the page and by command."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.client_only_run import client_only_run
from tests.fix_pages import Pages, running_pages
from tests.run_cli import rainbarrel
from tool_errors.tool_rules_in_use import use_tool_rules

RULES = """
[[rule]]
tool = "book_*"
path = "$.booked"
condition = "== true"
status = "soft_error"

[[rule]]
tool = "none"
path = "$.x"
condition = "exists"
status = "ok"
"""


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        for number in range(2):
            await running.store_and_derive([span for trace in client_only_run(number, [None]) for span in trace])
        yield running


async def tried(pages: Pages, rules: str, **more: Any) -> Any:
    answer = await pages.client.post("/api/rules/try", json={"rules": rules} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_trial_names_the_calls_that_change_and_writes_nothing(pages: Pages) -> None:
    found = await tried(pages, RULES)
    assert (found["calls_looked_at"], found["calls_total"], found["status_changes"]) == (2, 2, 2)
    (change,) = found["changes"]
    assert (change["status_before"], change["rule_before"]) == ("ok", "result")
    assert (change["status"], change["rule"], change["count"]) == ("soft_error", "user.1", 2)
    assert len({example["trace_id"] for example in change["examples"]}) == 2
    assert "booked" in change["examples"][0]["result"]
    assert found["decided"] == {"user.1": 2, "user.2": 0}
    assert await tried(pages, RULES) == found
    newest = await tried(pages, RULES, calls=1)
    assert (newest["calls_looked_at"], newest["calls_total"], newest["status_changes"]) == (1, 2, 1)
    assert newest["changes"][0]["examples"] == change["examples"][:1]
    assert (await tried(pages, ""))["changes"] == []
    listed = await pages.json("/api/traces")
    assert sum(trace["soft_error_count"] for trace in listed["traces"]) == 0
    rules = (await pages.json("/api/rules"))["rules"]
    assert all(rule["is_on"] for rule in rules)


async def test_a_trial_compares_with_the_rules_in_force(pages: Pages, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    use_tool_rules(path)
    try:
        shown = await pages.json("/settings/rules.json")
        assert [rule["id"] for rule in shown["own"]] == ["user.1", "user.2"]
        arguments = ("rules", "--tool-rules", str(path), "--database-url", pages.conninfo, "--json")
        empty = tmp_path / "none.toml"
        empty.write_text('off = ["payload.error"]')
        trial = json.loads(rainbarrel(*arguments, "--try", str(empty)).stdout)
        assert [(one["status_before"], one["status"]) for one in trial["changes"]] == [("soft_error", "ok")]
        assert trial["decided"] == {}
    finally:
        use_tool_rules(None)


async def test_the_command_and_the_page_say_the_same(pages: Pages, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    said = rainbarrel("rules", "--try", str(path), "--calls", "1", "--database-url", pages.conninfo).stdout.decode()
    sentence = "1 call would change status. Looked at the newest 1 of 2 tool calls, in 1 trace; nothing is saved."
    assert said.splitlines()[0] == sentence
    assert "ok (result) -> soft_error (user.1)" in said
    answer = await pages.client.post("/settings/rules", data={"text": RULES, "calls": "1"})
    assert (answer.status_code, sentence in answer.text) == (200, True)
    assert "payload.exit_code" in await pages.html("/settings/rules")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"rules": "off = 1"}, "off is a list of rule ids"),
        ({"rules": "[[rule]]"}, "rule 1 needs the texts"),
        ({"rules": "", "calls": 0}, "calls is a number from 1 to 10000"),
        ({"rules": 1}, "rules is the TOML text"),
        ({"rules": "", "x": 1}, "x is not known here"),
    ],
)
async def test_what_cannot_be_tried_is_told_in_a_sentence(pages: Pages, body: dict[str, Any], says: str) -> None:
    refused = await pages.client.post("/api/rules/try", json=body)
    assert (refused.status_code, says in refused.json()["error"]) == (400, True), refused.text
