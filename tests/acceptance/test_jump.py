"""`/jump` leads from whatever one has of a thing to its page, and stays in its project."""

import base64
import uuid

from tests.agent_run import accepted, agent_run, made
from tests.fix_pages import Pages, running_pages
from tests.spans_made import NOW, new_id
from web.lists.typed_ids import datadog_id


async def leads_to(pages: Pages, text: str) -> str:
    answer = await pages.get("/jump", params={"to": text})
    assert answer.status_code == 303, (text, answer.text[-400:])
    return answer.headers["location"]


async def test_ids_in_every_spelling_and_names_lead_to_their_page(database: str) -> None:
    async with running_pages(database) as pages:
        trace_id = new_id(16)
        await pages.store_and_derive(agent_run(trace_id, 12, fails_every=3))
        said = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.conversation.id": "talk/1",
            "user.id": "ada@example.com",
        }
        other = new_id(16)
        await pages.store_and_derive(accepted([made(other, 1, 0, "invoke_agent shop", said, NOW)]))
        ai_data = {"input": "Hello?", "output": "Yes.", "convo_id": "talk/2"}
        await pages.post_events("track", {"event_id": "evt-7", "event": "ask", "user_id": "bob", "ai_data": ai_data})
        trace = await pages.json(f"/api/traces/{trace_id.hex()}")
        span_id = bytes.fromhex(trace["spans"][1]["span_id"])
        page = f"/traces/{trace_id.hex()}"
        spellings = (
            trace_id.hex(),
            trace_id.hex().upper(),
            str(uuid.UUID(bytes=trace_id)),
            base64.b64encode(trace_id).decode(),
            datadog_id(trace_id),
        )
        assert {await leads_to(pages, text) for text in spellings} == {page}
        spans = (span_id.hex(), base64.b64encode(span_id).decode())
        traceparent = f"00-{trace_id.hex()}-{span_id.hex()}-01"
        found = {await leads_to(pages, text) for text in (*spans, traceparent)}
        assert found == {f"{page}?span={span_id.hex()}"}
        assert await leads_to(pages, "talk/1") == "/conversations/talk%2F1"
        assert await leads_to(pages, "evt-7") == "/conversations/talk%2F2"
        assert await leads_to(pages, "bob") == "/users/bob"
        assert await leads_to(pages, "receipts") == "/settings/receipts"
        issue = (await pages.json("/api/issues"))["issues"][0]
        assert await leads_to(pages, issue["fingerprint"]) == f"/issues/{issue['fingerprint']}"
        assert await leads_to(pages, issue["tool"]) == f"/tools/{issue['tool']}"
        suggested = (await pages.json(f"/jump.json?to={issue['tool'][:4]}"))["suggestions"]
        assert {"tool", "issue"} <= {each["kind"] for each in suggested}
        assert (await pages.json("/projects/default/jump.json?to=receip"))["suggestions"][0]["label"] == "Received"


async def test_what_is_not_stored_says_so_and_any_text_is_taken(database: str) -> None:
    async with running_pages(database) as pages:
        assert "Nothing that is stored is called" in await pages.html("/jump?to=%3Cnothing%3E")
        for text in ("ab" * 16, "18446744073709551615", "%", "x\0y" * 90, "x" * 5000, "00-zz", "\U0001f600"):
            answer = await pages.get("/jump.json", params={"to": text})
            assert (answer.status_code, answer.json()["suggestions"]) == (200, []), text
        everything = (await pages.json("/jump.json"))["suggestions"]
        assert {each["kind"] for each in everything} == {"page"}
