"""The settings of redaction, as page and API: tried on what is stored, checked, saved, in force in every process."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from otlp_receiver.key_ring import KeyRing
from tests.agent_run import accepted, made
from tests.fix_pages import Pages, new_key, pages_with_keys, running_pages
from tests.spans_made import new_id

MAIL = "jane@example.org"
EMAIL = {"name": "email", "action": "placeholder", "fields": ["content"]}
TICKET = {"name": "ticket", "pattern": r"\bT-[0-9]+\b", "action": "hash", "fields": ["content", "note"]}
FORM = {"version": "0", "action.email": "placeholder", "action.card": "off", "fields.email": "content"}
FORM |= {"own.0.name": "ticket", "own.0.pattern": r"\bT-[0-9]+\b", "own.0.action": "hash"}
FORM |= {"own.0.fields": "content, note", "own.1.name": "", "own.1.pattern": ""}


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


async def fill(pages: Pages) -> str:
    trace_id = new_id(16)
    values = {"gen_ai.operation.name": "invoke_agent", "note": f"<b>{MAIL}</b> of T-17", "user.id": MAIL}
    await pages.store_and_derive(accepted([made(trace_id, 1, 0, "run", values), made(trace_id, 2, 1, "quiet", {})]))
    await pages.post_events("track", {"event_id": "e1", "event": "ask", "ai_data": {"input": f"I am {MAIL}"}})
    return trace_id.hex()


async def test_rules_are_tried_saved_and_in_force(pages: Pages) -> None:
    assert "None is in force" in await pages.html("/settings/redaction")
    trace_id = await fill(pages)
    tried = await pages.client.post("/settings/redaction", data={**FORM, "action": "try"})
    assert tried.status_code == 200
    for told in (
        "Looked at 2 spans: 1 would change.",
        "Looked at 1 event: 1 would change. Nothing is saved.",
        "<code>email</code> 2 hits",
        "<code>ticket</code> 1 hit",
        f"&lt;b&gt;{MAIL}&lt;/b&gt; of T-17",
        "&lt;b&gt;[email]&lt;/b&gt; of [ticket:",
        f'href="/traces/{trace_id}?span=0000000000000001"',
        "I am [email]",
    ):
        assert told in tried.text, told
    assert (await pages.json("/settings/redaction.json"))["version"] == 0, "a trial saves nothing"

    more = await pages.client.post("/settings/redaction", data={**FORM, "action": "add"})
    assert 'name="own.2.name"' in more.text
    saved = await pages.client.post("/settings/redaction", data={**FORM, "action": "save"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/settings/redaction?done=saved")
    found = await pages.json("/settings/redaction.json")
    assert (found["version"], found["rules"]) == (1, [EMAIL, TICKET])
    assert found == await pages.json("/api/redaction")
    assert "2 rules in force" in await pages.html("/settings/redaction?done=saved")
    stale = await pages.client.post("/settings/redaction", data={**FORM, "action": "save"})
    assert stale.status_code == 409
    assert "Somebody else saved rules meanwhile" in stale.text

    ring = KeyRing(pages.conninfo)  # as another process has it
    ring.open()
    await ring.fresh()
    assert list(ring.redactors.by_project) == [1]
    off = await pages.client.put("/api/redaction", json={"version": 1, "rules": []})
    assert (off.json()["version"], off.json()["rules"]) == (2, [])
    await ring.fresh()
    assert ring.redactors.by_project == {}
    await ring.close()


async def test_signals_and_traits_are_tried_too(pages: Pages) -> None:
    said = {"event_id": "e1", "signal_name": "thumbs_down", "properties": {"comment": f"call {MAIL}"}}
    await pages.post_events("signals", said)
    await pages.post_events("identify", {"user_id": "u1", "traits": {"mail": MAIL, "phone": "030 1234567"}})
    rules = [{"name": "email"}, {"name": "phone"}]
    tried = (await pages.client.post("/api/redaction/try", json={"rules": rules})).json()
    assert tried["counts"] == {"email": 2, "phone": 1}
    assert tried["looked_at"] == [
        {"what": "signals", "count": 1, "total": 1, "changed": 1},
        {"what": "users", "count": 1, "total": 1, "changed": 1},
    ]
    assert {change["field"] for change in tried["changes"]} == {"properties.comment", "traits.mail", "traits.phone"}
    assert {change["place"] for change in tried["changes"]} == {"signal", "user u1"}


async def test_the_api_tries_saved_and_other_rules(pages: Pages) -> None:
    await fill(pages)
    put = await pages.client.put("/api/redaction", json={"version": 0, "rules": [{"name": "email"}]})
    assert put.status_code == 200
    saved = (await pages.client.post("/api/redaction/try", json={})).json()
    assert (saved["counts"], saved["changed_texts"]) == ({"email": 2}, 2)
    other = (await pages.client.post("/api/redaction/try", json={"rules": [TICKET]})).json()
    assert other["counts"] == {"ticket": 1}
    assert other["looked_at"] == [
        {"what": "spans", "count": 2, "total": 2, "changed": 1},
        {"what": "events", "count": 1, "total": 1, "changed": 0},
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"version": 0, "rules": [{"name": "x", "pattern": "(?<=a)b"}]}, "no look-around"),
        ({"version": 0, "rules": [{"name": "x"}]}, "it has no pattern"),
        ({"version": -1, "rules": []}, "version is the number"),
        ({"rules": []}, "version is the number"),
        ({"version": 0, "rules": [], "on": True}, "on is not known here"),
        ({"version": 0}, "rules is an array"),
    ],
)
async def test_what_the_api_refuses(pages: Pages, body: dict[str, Any], words: str) -> None:
    answer = await pages.client.put("/api/redaction", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


async def test_what_was_typed_stays_where_it_is_wrong(pages: Pages) -> None:
    answer = await pages.client.post("/settings/redaction", data={**FORM, "own.0.pattern": "(<", "action": "save"})
    assert answer.status_code == 400
    assert "Rule ticket: the pattern cannot be used: missing" in answer.text
    assert 'value="(&lt;"' in answer.text
    assert (await pages.json("/api/redaction"))["version"] == 0


async def test_only_administrators_change_rules(database: str) -> None:
    async with pages_with_keys(database) as pages:
        admin, read = [{"x-api-key": await new_key(database, kind)} for kind in ("admin", "read")]
        body = {"version": 0, "rules": [{"name": "email"}]}
        assert (await pages.client.put("/api/redaction", json=body, headers=read)).status_code == 403
        assert (await pages.client.post("/settings/redaction", data=FORM, headers=read)).status_code == 403
        assert (await pages.client.put("/api/redaction", json=body, headers=admin)).status_code == 200
        assert (await pages.client.get("/api/redaction", headers=read)).json()["version"] == 1
