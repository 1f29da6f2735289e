"""Signals over HTTP: words are found in what arrives and in what is stored, whole texts and each trace once."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.acceptance.test_issues_over_http import failing
from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from tests.spans_made import new_id
from trace_store.model import AcceptedSpan

DAY_NS = 86_400_000_000_000
REFUNDS = {"name": "refunds", "pattern": "money back", "sentiment": "negative"}


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def said(question: str, answer: str, user: str = "u-1", at: int | None = None) -> list[AcceptedSpan]:
    """A run of an agent whose model call repeats the question, as they all do."""
    trace_id, start = new_id(16), time.time_ns() if at is None else at
    texts = {
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": question}]}],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": answer}]}],
        "user.id": user,
    }
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "shop"}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1-mini"}
    return accepted(
        [
            made(trace_id, 1, 0, "invoke_agent shop", agent | texts, start),
            made(trace_id, 2, 1, "chat gpt-4.1-mini", chat | texts, start + 1_000_000),
        ]
    )


async def add(pages: Pages, **fields: Any) -> str:
    response = await pages.client.post("/api/signals", json=fields)
    assert response.status_code == 201, response.text
    return response.json()["id"]  # type: ignore[no-any-return]


async def own(pages: Pages) -> dict[str, Any]:
    return {signal["name"]: signal for signal in (await pages.json("/api/signals"))["signals"]}


async def test_words_are_found_live_and_in_what_is_stored(pages: Pages) -> None:
    assert (await pages.json("/api/signals"))["signals"] == []
    stored = said("x" * 2000 + " I want my MONEY back <b>", "Of course.")
    await pages.store_and_derive(stored)
    await pages.store_and_derive(said("money back", "no", at=time.time_ns() - 5 * DAY_NS))
    await add(pages, **REFUNDS)
    await add(pages, name="sorry", kind="regex", pattern=r"\bsorry|apolog", search_in="output")
    assert (await pages.json("/api/signals"))["waiting_traces"] == 1, "three days back"
    live = said("sorry, where is it?", "We apologise: your money back.", user="u-2")
    await pages.store_and_derive(live)
    found = await own(pages)
    assert (found["refunds"]["events"], found["refunds"]["users"]) == (2, 2)
    newest, oldest = found["refunds"]["matches"]
    assert (newest["trace_id"], newest["side"]) == (live[0].trace_id.hex(), "output")
    assert (oldest["trace_id"], oldest["side"]) == (stored[0].trace_id.hex(), "input")
    assert oldest["excerpt"].endswith("I want my MONEY back <b>")
    assert [match["trace_id"] for match in found["sorry"]["matches"]] == [live[0].trace_id.hex()]
    page = await pages.html("/signals")
    assert "my MONEY back &lt;b&gt;" in page
    removed = await pages.client.delete(f"/api/signals/{found['refunds']['id']}")
    assert removed.status_code == 204
    await pages.store_and_derive(said("money back", "no"))
    assert set(await own(pages)) == {"sorry"}


async def test_the_order_of_spans_changes_nothing(pages: Pages) -> None:
    await add(pages, **REFUNDS)
    together, apart = said("my money back", "yes"), said("my money back", "yes")
    await pages.store_and_derive(together)
    for span in reversed(apart):
        await pages.store_and_derive([span])
    await pages.store_and_derive(apart)
    matches = (await own(pages))["refunds"]["matches"]
    assert {match["span_id"] for match in matches} == {together[0].span_id.hex(), apart[0].span_id.hex()}
    assert len(matches) == 2


async def test_tools_and_loops_are_signals(pages: Pages) -> None:
    await pages.store_and_derive(failing(calls=4) + failing("book", user="u-2"))
    derived = {one["signal"]: one for one in (await pages.json("/signals.json"))["derived"]}
    assert set(derived) == {"tool_error:search_flights", "tool_error:book", "loop:search_flights"}
    assert (derived["tool_error:search_flights"]["events"], derived["tool_error:book"]["users"]) == (4, 1)
    assert "tool_error:search_flights" in await pages.html("/signals?range=24h")


async def test_a_signal_is_tried_before_it_is_saved_and_refused_with_a_sentence(pages: Pages) -> None:
    await pages.store_and_derive(said("my money back", "yes") + said("hello", "hi"))
    tried = await pages.client.post("/signals", data=REFUNDS | {"kind": "keyword", "action": "test"})
    assert "It would match 1 of the newest 2 traces" in tried.text
    assert await own(pages) == {}
    saved = await pages.client.post("/signals", data=REFUNDS | {"action": "save"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/signals?done=saved")
    for body, status, words in (
        (REFUNDS, 409, "is called refunds already"),
        ({"name": "x", "kind": "regex", "pattern": "(?=a)"}, 400, "no look-around"),
        ({"name": "", "pattern": "a"}, 400, "name is a text of 1 to 100"),
        ({"name": "x", "pattern": "a", "search_in": "all"}, 400, "search_in=all is none of"),
        ({"name": "x", "pattern": "a", "y": 1}, 400, "y is not known here"),
    ):
        refused = await pages.client.post("/api/signals", json=body)
        assert (refused.status_code, words in refused.json()["error"]) == (status, True), refused.text
    foreign = {"origin": "http://evil.example"}
    assert (await pages.client.post("/api/signals", json=REFUNDS, headers=foreign)).status_code == 403
    assert (await pages.client.delete("/api/signals/none")).status_code == 404
    assert (await pages.client.get("/api/signals?range=1y")).status_code == 400
