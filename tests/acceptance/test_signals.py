"""Signals over HTTP: words are found in what arrives and in what is stored, whole texts and each trace once."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.acceptance.test_issues_over_http import failing
from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from tests.run_cli import rainbarrel
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


async def is_told_with_its_group(pages: Pages, signal_id: str, event_id: str) -> None:
    """The query API tells a signal that was brought along under its own id, in its own group."""
    counts = {group["id"]: group["signal_count"] for group in (await pages.json("/v1/signal-groups"))["data"]}
    assert (counts["grp-1"], counts["patterns"]) == (1, 1)
    assert (await pages.json("/v1/signal-groups/grp-1"))["data"]["name"] == "grp-1"
    (signal,) = (await pages.json("/v1/signal-groups/grp-1/signals"))["data"]
    assert signal == (await pages.json(f"/v1/signals/{signal_id}"))["data"]
    assert (signal["id"], signal["group_id"], signal["group_name"]) == (signal_id, "grp-1", "grp-1")
    found = (await pages.json(f"/v1/events?signal={signal_id}&signal_group=grp-1"))["data"]
    assert [event["id"] for event in found] == [event_id]


async def test_words_are_found_live_and_in_what_is_stored(pages: Pages) -> None:
    assert (await pages.json("/api/signals"))["signals"] == []
    stored = said("x" * 2000 + " I want my MONEY back <b>", "Of course.")
    await pages.store_and_derive(stored)
    await pages.store_and_derive(said("money back", "no", at=time.time_ns() - 5 * DAY_NS))
    await add(pages, **REFUNDS)
    brought = {"id": "11111111-1111-4111-8111-111111111111", "name": "sorry", "group": "grp-1"}
    sorry = {"kind": "regex", "pattern": r"\bsorry|apolog", "search_in": "output"}
    assert await add(pages, **brought, **sorry) == brought["id"], "a signal of another server keeps its id"
    for again, status in ({**brought, "name": "other"}, 409), ({"id": "1" * 36, "name": "other"}, 400):
        assert (await pages.client.post("/api/signals", json=sorry | again)).status_code == status
    assert (await pages.json("/api/signals"))["waiting_traces"] == 1, "three days back"
    live = said("sorry, where is it?", "We apologise: your money back.", user="u-2")
    await pages.store_and_derive(live)
    found = await own(pages)
    assert (found["refunds"]["events"], found["refunds"]["users"]) == (2, 2)
    assert (sum(found["refunds"]["trend"]["counts"]), found["refunds"]["trend"]["step_s"]) == (2, 6 * 3600)
    newest, oldest = found["refunds"]["matches"]
    assert (newest["trace_id"], newest["side"]) == (live[0].trace_id.hex(), "output")
    assert (oldest["trace_id"], oldest["side"]) == (stored[0].trace_id.hex(), "input")
    assert oldest["excerpt"].endswith("I want my MONEY back <b>")
    assert [match["trace_id"] for match in found["sorry"]["matches"]] == [live[0].trace_id.hex()]
    await is_told_with_its_group(pages, brought["id"], live[0].trace_id.hex())
    page = await pages.html("/signals")
    assert "my MONEY back &lt;b&gt;" in page
    removed = await pages.client.delete(f"/api/signals/{found['refunds']['id']}")
    assert removed.status_code == 204
    await pages.store_and_derive(said("money back", "no"))
    assert set(await own(pages)) == {"sorry"}


async def test_a_wrong_match_leaves_the_counts_and_measures_precision(pages: Pages) -> None:
    signal_id = await add(pages, **REFUNDS)
    wrong, right = said("my money back", "yes"), said("money back!", "yes")
    await pages.store_and_derive(wrong + right)
    verdict = f"/api/findings/{wrong[0].trace_id.hex()}/signal:{signal_id}/verdict"
    for body in ({"verdict": "not_an_error"}, {"verdict": "wrong_match", "of_issue": True}):
        assert (await pages.client.post(verdict, json=body)).status_code == 400
    assert (await pages.client.post(verdict, json={"verdict": "wrong_match"})).status_code == 200
    back = {"finding_key": f"signal:{signal_id}", "verdict": "right", "back": "/signals?range=24h"}
    said_right = await pages.client.post(f"/traces/{right[0].trace_id.hex()}/verdict", data=back)
    assert (said_right.status_code, said_right.headers["location"]) == (303, "/signals?range=24h")
    await pages.store_and_derive(wrong)
    found = (await own(pages))["refunds"]
    assert (found["events"], found["wrong"]) == (1, 1)
    verdicts = {match["trace_id"]: match["verdict"] for match in found["matches"]}
    assert verdicts == {wrong[0].trace_id.hex(): "wrong_match", right[0].trace_id.hex(): "right"}
    precision = (await pages.json("/settings/verdicts.json"))["precision"]
    assert precision == [{"kind": "signal", "rule": "refunds", "right": 1, "looked_at": 2}]
    assert "You said: wrong match." in await pages.html("/signals")
    assert (await pages.client.delete(verdict)).status_code == 200
    await pages.store_and_derive(right)
    assert (await own(pages))["refunds"]["events"] == 2


async def test_a_signal_is_switched_off_and_on(pages: Pages) -> None:
    signal_id = await add(pages, **REFUNDS)
    await pages.store_and_derive(said("my money back", "yes"))
    url = f"/api/signals/{signal_id}"
    assert (await pages.client.patch(url, json={"is_enabled": False})).status_code == 200
    kept = said("money back", "no")
    await pages.store_and_derive(kept)
    found = (await own(pages))["refunds"]
    assert (found["events"], found["is_enabled"]) == (1, False), "what was found stays"
    assert (await pages.client.post(f"/signals/{signal_id}", data={"action": "on"})).status_code == 303
    assert (await pages.json("/api/signals"))["waiting_traces"] == 2, "the last three days are looked at"
    await pages.store_and_derive([])
    found = (await own(pages))["refunds"]
    assert (found["events"], found["is_enabled"]) == (2, True)
    for body in ({}, {"is_enabled": "no"}, {"name": "x"}):
        assert (await pages.client.patch(url, json=body)).status_code == 400
    assert (await pages.client.patch("/api/signals/none", json={"is_enabled": True})).status_code == 404
    assert (await pages.client.post(f"/signals/{signal_id}", data={"action": "?"})).status_code == 400


async def test_alert_rules_wait_for_signals(pages: Pages) -> None:
    rule = {"name": "many refunds", "definition": {"kind": "match", "filters": {"signal": "refunds"}}}
    refused = await pages.client.post("/api/alerts", json=rule)
    assert (refused.status_code, "There is no signal refunds" in refused.json()["error"]) == (400, True)
    signal_id = await add(pages, **REFUNDS)
    await pages.store_and_derive(said("my money back", "yes", user="u-7"))
    for filters, firings in (({}, 1), ({"user": "u-7", "agent": "shop"}, 1), ({"user": "u-8"}, 0)):
        definition = {"kind": "match", "filters": {"signal": "refunds"} | filters}
        tested = await pages.client.post("/api/alerts/backtest", json={"definition": definition})
        assert tested.json()["firings_total"] == firings, tested.text
    form = {"kind": "count", "per": "issue", "at_least": "1", "window_minutes": "60", "signal": "refunds"}
    assert "would have fired once" in (await pages.client.post("/alerts/new", data=form | {"action": "backtest"})).text
    rule_id = (await pages.client.post("/api/alerts", json=rule)).json()["rule_id"]
    kept = await pages.client.delete(f"/api/signals/{signal_id}")
    assert (kept.status_code, "many refunds" in kept.json()["error"]) == (409, True)
    assert '<option value="refunds">' in await pages.html(f"/alerts/{rule_id}")
    assert (await pages.client.delete(f"/api/alerts/{rule_id}")).status_code == 204
    assert (await pages.client.delete(f"/api/signals/{signal_id}")).status_code == 204
    named = await pages.client.post("/api/signals", json=REFUNDS | {"name": "loop:search"})
    assert named.status_code == 400


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


async def test_the_command_lists_tries_adds_switches_and_removes(pages: Pages) -> None:
    await pages.store_and_derive(said("my money back", "yes"))

    def run(*words: str) -> str:
        return rainbarrel("signals", *words, "--database-url", pages.conninfo).stdout.decode()

    assert "There is no signal yet" in run("list")
    assert "It would match 1 of the newest 1 traces" in run("try", "money b", "--in", "input")
    assert "refunds is looked for" in run("add", "refunds", "money back")
    await pages.store_and_derive([])
    assert run("list").split()[:5] == ["refunds", "1", "events", "1", "users"]
    assert run("off", "refunds").strip() == "refunds is off."
    assert "refunds (off)" in run("list")
    assert json.loads(run("list", "--json"))["signals"][0]["is_enabled"] is False
    assert run("remove", "refunds").strip() == "refunds is removed with its matches."
    refused = rainbarrel("signals", "on", "refunds", "--database-url", pages.conninfo)
    assert (refused.returncode, b"There is no signal refunds" in refused.stderr) == (1, True)
