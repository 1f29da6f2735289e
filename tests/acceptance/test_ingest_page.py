"""`/settings/ingest`, `/settings/storage`, sums of receipts; empty pages name a command that reaches this server."""

import re
from datetime import UTC, datetime, timedelta

import httpx

from tests.fix_pages import BROWSER, new_key, pages_with_keys, running_pages
from tests.fix_receiver import running_receivers
from tests.spans_made import span

FILLED_BY_HAND = {"/alerts/new", "/jump", "/compare/otlp", "/traces/differences", "/sign-in", "/sign-in/provider"}
FILLED_BY_HAND |= {"/settings/mappings", "/settings/redaction", "/settings/rules", "/sign-in/provider/answer"}
COMMAND = re.compile(r"<(?:code|pre)[^>]*>[^<]*\b(?:rainbarrel [a-z]|curl )")
DAY = timedelta(days=1)


async def test_every_empty_page_names_a_command_and_this_server(database: str) -> None:
    found: dict[str, str] = {}
    async with running_pages(database) as pages:
        as_reached = {**BROWSER, "host": "127.0.0.1:5999"}
        for path, methods in pages.app.openapi()["paths"].items():
            is_page = "get" in methods and not re.search(r"[{]|[.]json$|^/api/|^/v1/|/events$|^/traces/list$", path)
            if is_page and path not in FILLED_BY_HAND:
                found[path] = (await pages.get(path, headers=as_reached)).text
    assert len(found) > 15
    assert [path for path, html in found.items() if not COMMAND.search(html)] == []
    elsewhere = [path for path, html in found.items() if "127.0.0.1:4318" in html or "localhost:4318" in html]
    assert elsewhere == []
    commands = [command for html in found.values() for command in re.findall(r">(rainbarrel demo[^<]*)<", html)]
    assert {command.strip() for command in commands} == {"rainbarrel demo --url http://127.0.0.1:5999"}


async def test_a_key_is_made_there_once_and_sends(database: str) -> None:
    async with pages_with_keys(database) as pages:
        admin, reader = await new_key(database, "admin"), await new_key(database, "read")
        html = (await pages.get("/settings/ingest", headers={"x-api-key": admin})).text
        refused = await pages.client.post("/settings/ingest/key", data={"name": "a"}, headers={"x-api-key": reader})
        reading = (await pages.get("/settings/ingest", headers={"x-api-key": reader})).text
        made = await pages.client.post("/settings/ingest/key", data={"name": "agent"}, headers={"x-api-key": admin})
        unnamed = await pages.client.post("/settings/ingest/key", data={"name": ""}, headers={"x-api-key": admin})
        again = (await pages.get("/settings/ingest", headers={"x-api-key": admin})).text
        keys = (await pages.get("/settings/keys.json", headers={"x-api-key": admin})).json()["keys"]
    assert "x-api-key=KEY" in html
    assert 'action="/settings/ingest/key"' in html
    assert refused.status_code == 403
    assert 'action="/settings/ingest/key"' not in reading
    key = re.search(r'id="new-key"[^>]*>([^<]+)<', made.text)
    assert key is not None
    assert made.text.count(key[1]) > 10
    assert unnamed.status_code == 400
    assert key[1] not in again
    (mine,) = [one for one in keys if one["name"] == "agent"]
    assert (mine["kind"], mine["projects"]) == ("write", ["default"])


async def test_receipts_are_summed_up_and_days_have_their_size(database: str) -> None:
    today = datetime.now(UTC).date()
    event = {"event_id": "e1", "event": "ask"}
    async with (
        running_receivers(database) as receivers,
        httpx.AsyncClient(base_url=receivers.url, timeout=60) as client,
    ):
        assert (await client.post("/v1/events/track", json=[event, event, {"event_id": []}, "text"])).status_code == 200
    async with running_pages(database) as pages:
        await pages.store([span(), span()])
        received = (await pages.json("/settings/receipts.json"))["last_24_hours"]
        html = await pages.html("/settings/receipts")
        storage = await pages.json("/settings/storage.json")
        storage_html = await pages.html("/settings/storage")
    sums = {one["signal"]: (one["accepted"], one["duplicate"], one["rejected"]) for one in received}
    assert sums == {"traces": (2, 0, {}), "events": (1, 1, {"event_missing": 1, "item_malformed": 1})}
    assert [sum(one["accepted_by_hour"]) for one in received] == [2, 1]
    assert all(any(one["accepted_by_hour"][-2:]) for one in received)  # an hour may end between two lines
    assert 'class="spark"' in html
    assert storage["retention_days"] == 30
    days = {day["day"]: day for day in storage["days"]}
    held = days[max(day for day in days if days[day]["spans"])]
    received_on = datetime.fromisoformat(held["day"]).date()
    assert received_on in (today, today + DAY)
    assert held["dropped_on"] == str(received_on + 31 * DAY)
    assert held["spans"] == 2
    assert storage["day_bytes"] == held["size_bytes"] > 0
    by_day = sum(table["size_bytes"] for table in storage["tables"] if table["is_by_day"])
    assert by_day == storage["by_day_bytes"] == sum(day["size_bytes"] for day in days.values()) + storage["ahead_bytes"]
    assert storage["database_bytes"] > by_day
    assert str(held["dropped_on"]) in storage_html
