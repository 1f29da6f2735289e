"""Tool rules are tried on stored calls before they are in force: over HTTP, on the page and by command."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.client_only_run import client_only_run, trace_id
from tests.fix_pages import Pages, new_key, pages_with_keys, running_pages
from tests.run_cli import rainbarrel
from tool_errors.failure.tool_rules_in_use import use_tool_rules

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
    assert (change["status"], change["rule"], change["count"]) == ("soft_error", "saved.1", 2)
    assert len({example["trace_id"] for example in change["examples"]}) == 2
    assert "booked" in change["examples"][0]["result"]
    assert found["decided"] == {"saved.1": 2, "saved.2": 0}
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


async def test_saved_rules_are_in_force_at_once_and_can_be_taken_out(pages: Pages) -> None:
    saved = await pages.client.post("/settings/rules", data={"text": RULES, "action": "save", "version": "0"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/settings/rules?done=saved")
    spans = [span for trace in client_only_run(2, [None]) for span in trace]
    await pages.store_and_derive(spans)
    (judged,) = [call for call in await calls_of(pages, 2) if call["name"].startswith("book_")]
    assert (judged["status"], judged["evidence"]["rule"]) == ("soft_error", "saved.1")
    listed = await pages.json("/api/traces")
    assert sum(trace["soft_error_count"] for trace in listed["traces"]) == 1, "those stored before wait for reprocess"
    told = await pages.json("/settings/rules.json")
    assert [rule["id"] for rule in told["own"]] == ["saved.1", "saved.2"]
    assert (told["saved"]["version"], told["saved"]["text"]) == (1, RULES)
    assert "rainbarrel reprocess" in await pages.html("/settings/rules?done=saved")

    for text, version, status in (("off = 1", "1", 400), ("", "0", 409)):
        refused = await pages.client.post("/settings/rules", data={"text": text, "action": "save", "version": version})
        assert refused.status_code == status
    assert (await tried(pages, ""))["changes"][0]["status"] == "ok", "the trial takes the place of the saved text"
    await pages.client.post("/settings/rules", data={"text": "", "action": "save", "version": "1"})
    assert (await pages.json("/settings/rules.json"))["own"] == []
    await pages.store_and_derive([span for trace in client_only_run(3, [None]) for span in trace])
    assert [call["status"] for call in await calls_of(pages, 3)] == ["ok"]
    assert 'href="/settings/rules?version=1"' in await pages.html("/settings/rules")
    assert "book_*" in await pages.html("/settings/rules?version=1")


async def test_who_administers_some_projects_cannot_save_for_all(database: str) -> None:
    async with pages_with_keys(database) as pages:
        key = await new_key(database, "admin", "shop")
        form = {"text": RULES, "action": "save", "version": "0"}
        refused = await pages.client.post("/settings/rules", data=form, headers={"x-api-key": key})
    assert (refused.status_code, "all projects" in refused.text) == (403, True)


async def calls_of(pages: Pages, number: int) -> list[Any]:
    found = [await pages.json(f"/api/traces/{trace_id(number, part).hex()}") for part in (0, 1)]
    return [call for trace in found for call in trace["tool_calls"]]
