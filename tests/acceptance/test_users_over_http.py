"""Users, their interactions, and client signals over HTTP: pages and their JSON twins."""

import re
from typing import Any

from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from tests.spans_made import NOW, new_id
from web.filters import utc

ASSOCIATION = "traceloop.association.properties."
SECOND = 1_000_000_000
SENDER = {"library": {"name": "python-sdk", "version": "0.9"}, "metadata": {"page": "<i>cart"}, "tags": ["a", 1]}
IMAGE = {"type": "image", "role": "output", "value": "https://example.com/i.png?a=1&b=2"}
CODE = {"type": "code", "role": "input", "name": "ex", "language": "python", "value": "<b>" + "x" * 2500}
DATA = {"type": "iframe", "role": "output", "value": "javascript:alert(1)"}


def event(event_id: str, second: int, **more: Any) -> dict[str, Any]:
    ai_data = {"input": f"Question {event_id}", "output": f"Answer {event_id}", "convo_id": "c/1", "model": "m1"}
    made_event = {"event_id": event_id, "event": "ask", "user_id": "ada@example.com", "ai_data": ai_data}
    return made_event | {"timestamp": utc(NOW + second * SECOND)} | more


async def conversation(pages: Pages) -> str:
    """Three interactions: one without a trace, one with a failing trace, one whose text the SDK has cut."""
    trace_id = new_id(16)
    named = {ASSOCIATION + "event_id": "e2", "traceloop.span.kind": "tool", "traceloop.entity.name": "search"}
    start = NOW + 10 * SECOND
    spans = [made(trace_id, 1, 0, "search.tool", named, start, start + SECOND, status={"code": 2, "message": "down"})]
    await pages.store_and_derive(accepted(spans))
    cut = {"input": "y" * 500 + "...[truncated by raindrop]", "convo_id": "c/1"}
    await pages.post_events(
        "track",
        event("e1", 0, attachments=[IMAGE, CODE, DATA], properties={"$context": SENDER}),
        event("e2", 10, feature_flags={"new_prompt": "<on>", "dark": "true"}),
        event("e3", 20, ai_data=cut),
    )
    await pages.post_events("identify", {"user_id": "ada@example.com", "traits": {"plan": "pro", "name": "<Ada>"}})
    await pages.post_events(
        "signals",
        {"event_id": "e2", "signal_name": "thumbs_down", "sentiment": "NEGATIVE", "properties": {"comment": "<off>"}},
        {"event_id": "e3", "signal_name": "self diagnostics - general", "signal_type": "agent"},
    )
    return trace_id.hex()


async def test_a_conversation_shows_interactions_traces_signals_and_failures_in_order(database: str) -> None:
    async with running_pages(database) as pages:
        trace_id = await conversation(pages)
        found = await pages.json("/conversations/c%2F1.json")
        html = await pages.html("/conversations/c%2F1")

    assert [one["event_id"] for one in found["interactions"]] == ["e1", "e3"]
    assert (found["interactions_shown"], found["interactions_total"], found["total"]) == (2, 2, 1)
    (trace,) = found["traces"]
    assert (trace["trace_id"], trace["user_id"], trace["conversation_id"]) == (trace_id, "ada@example.com", "c/1")
    ((own,), (failure,)) = (trace["interactions"], trace["failures"])
    assert failure["name"] == "search"
    assert (own["event_id"], own["error_count"], own["signals"][0]["name"]) == ("e2", 1, "thumbs_down")
    assert (found["interactions"][0]["context"], own["feature_flags"]["new_prompt"]) == (SENDER, "<on>")
    assert '<th scope="row">library.version</th><td>0.9</td>' in html
    assert '<th scope="row">metadata.page</th><td>&lt;i&gt;cart</td>' in html
    assert '<th scope="row">tags</th><td>[&#34;a&#34;,1]</td>' in html
    assert '<span class="chip is-plain">new_prompt: &lt;on&gt;</span>' in html
    assert '<span class="chip is-plain">dark</span>' in html
    chat = html.index("Question e1")  # the lanes stand above it
    places = [html.index(text, chat) for text in ("down</span>", "&lt;off&gt;", "self diagnostics - general")]
    assert places == sorted(places)
    assert "cut by the SDK before it was sent" in html
    assert "<b>x" not in html
    assert 'href="https://example.com/i.png?a=1&amp;b=2" rel="noopener noreferrer nofollow"' in html
    assert "javascript:" not in html
    assert not re.search("<(img|iframe)", html)
    assert "503 more characters" in html


async def test_a_conversation_of_events_alone_is_paged_by_them(database: str) -> None:
    async with running_pages(database) as pages:
        await pages.post_events("track", *(event(f"e{number}", number) for number in range(3)))
        found = await pages.json("/api/conversations/c%2F1?limit=2")
        rest = await pages.json("/api/conversations/c%2F1?limit=2&offset=2")
        assert (await pages.get("/conversations/unknown.json")).status_code == 404
    assert ([one["event_id"] for one in found["interactions"]], found["next_offset"]) == (["e0", "e1"], 2)
    assert ([one["event_id"] for one in rest["interactions"]], rest["next_offset"]) == (["e2"], None)


async def test_users_are_listed_with_traits_counts_and_their_interactions(database: str) -> None:
    async with running_pages(database) as pages:
        empty = await pages.html("/users")
        trace_id = await conversation(pages)
        await pages.post_events("track", event("e9", -100, user_id="u2"))
        listed = await pages.json("/users.json")
        searched = await pages.json("/users.json?q=PRO")
        one = await pages.json("/users/ada%40example.com.json")
        html = await pages.html("/users/ada%40example.com")
        list_html = await pages.html("/users")
        assert (await pages.get("/users/nobody.json")).status_code == 404
        assert (await pages.get("/users.json?before=x")).status_code == 400
        second = await pages.json(f"/users.json?before={listed['users'][0]['last_seen_unix_nano']}.ada@example.com")

    assert "curl -X POST" in empty
    assert [user["user_id"] for user in listed["users"]] == ["ada@example.com", "u2"]
    assert (listed["total"], listed["next"]) == (2, None)
    assert [user["user_id"] for user in searched["users"]] == ["ada@example.com"]
    assert [user["user_id"] for user in second["users"]] == ["u2"]
    assert one["traits"] == {"plan": "pro", "name": "<Ada>"}
    assert one["interaction_count"] == 3
    assert (one["first_seen_unix_nano"], one["last_seen_unix_nano"]) == (str(NOW), str(NOW + 20 * SECOND))
    assert [each["event_id"] for each in one["interactions"]] == ["e3", "e2", "e1"]
    assert one["interactions"][1]["trace_ids"] == [trace_id]
    assert "&lt;Ada&gt;" in html
    assert f'href="/traces/{trace_id}"' in html
    assert 'href="/conversations/c%2F1"' in html
    assert 'href="/users/ada%40example.com"' in list_html


async def test_names_that_end_like_a_json_twin_have_pages_of_their_own(database: str) -> None:
    async with running_pages(database) as pages:
        ai_data = {"input": "Where?", "convo_id": "log.json"}
        await pages.post_events("track", event("e1", 0, user_id="export.json", ai_data=ai_data))
        await pages.post_events("track", event("e2", 1, user_id="export"))
        listed = await pages.html("/users")
        html = await pages.html("/users/export.json/")
        twin = await pages.json("/users/export.json/.json")
        short = await pages.json("/users/export.json")
        conversation_html = await pages.html("/conversations/log.json/")
        conversation_twin = await pages.json("/conversations/log.json/.json")
    assert 'href="/users/export.json/"' in listed
    assert 'href="/users/export.json/.json"' in html
    assert 'href="/conversations/log.json/"' in html
    assert (twin["user_id"], short["user_id"]) == ("export.json", "export")
    assert 'href="/conversations/log.json/.json"' in conversation_html
    assert conversation_twin["conversation_id"] == "log.json"


async def test_client_signals_stand_beside_the_others(database: str) -> None:
    async with running_pages(database) as pages:
        assert "signals/track" in await pages.html("/signals")
        await conversation(pages)
        found = await pages.json("/signals.json?range=24h")
        html = await pages.html("/signals?range=24h")
    told = [(said["name"], said["type"], said["sentiment"], said["events"], said["users"]) for said in found["posted"]]
    assert told == [
        ("self diagnostics - general", "agent", None, 1, 1),
        ("thumbs_down", "default", "NEGATIVE", 1, 1),
    ]
    assert (found["posted_shown"], found["posted_total"]) == (2, 2)
    assert "thumbs_down" in html
