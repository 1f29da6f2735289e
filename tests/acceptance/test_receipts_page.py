"""The page of receipts: everything kept and refused is told, with reasons."""

import httpx

from tests.fix_pages import running_pages
from tests.fix_receiver import running_receivers
from tests.spans_made import span


async def test_what_was_refused_is_seen_with_its_reason(database: str) -> None:
    event = {"event_id": "e1", "event": "ask"}
    async with (
        running_receivers(database) as receivers,
        httpx.AsyncClient(base_url=receivers.url, timeout=60) as client,
    ):
        assert (await client.post("/v1/events/track", json=[event, event, {"event_id": []}, "text"])).status_code == 200
    async with running_pages(database) as pages:
        await pages.store([span()])
        found = (await pages.json("/settings/receipts.json"))["receipts"]
        html = await pages.html("/settings/receipts")
        none = await pages.json("/settings/receipts.json?before=2020-01-01T00:00:00Z")
        assert (await pages.get("/settings/receipts.json?before=x")).status_code == 400
    told = [(row["signal"], row["accepted"], row["duplicate"], row["rejected"]) for row in found]
    assert told == [
        ("traces", 1, 0, {}),
        ("events", 1, 1, {"event_missing": 1, "item_malformed": 1}),
    ]
    assert "1 event missing" in html
    assert none == {"receipts": [], "next": None}
