"""The lists of conversations and interactions: the newest first, page by page, filtered, with what happened in each."""

import time
from collections.abc import AsyncIterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from trace_store.connections import connect
from trace_store.lists.message_lists import (
    NEWEST,
    NEWEST_CONVERSATION,
    MessageFilter,
    read_conversations,
    read_interactions,
)
from trace_store.model import DEFAULT_PROJECT_ID, AcceptedSpan
from web.lists.list_parameters import LIMIT


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


async def test_conversations_newest_first_page_by_page(pages: Pages) -> None:
    assert "rainbarrel demo" in await pages.html("/conversations")
    now_s = int(time.time())
    events = [
        {
            "event_id": f"e{number}",
            "event": "ask",
            "user_id": f"u{number}",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s - 60 * number)),
            "ai_data": {"input": "Hello", "output": "Yes?", "convo_id": f"<b>c{number}"},
        }
        for number in range(LIMIT + 2)
    ]
    await pages.post_events("track", *events)
    first = await pages.json("/conversations.json")
    assert (first["shown"], first["total"]) == (LIMIT, LIMIT + 2)
    rest = await pages.json(f"/conversations.json?before={first['next']}")
    assert rest["next"] is None
    found = [row["conversation_id"] for row in first["conversations"] + rest["conversations"]]
    assert found == [f"<b>c{number}" for number in range(LIMIT + 2)]
    html = await pages.html("/conversations")
    assert 'href="/conversations/%3Cb%3Ec0" title="Hello">Hello</a>' in html
    assert 'title="&lt;b&gt;c0">&lt;b&gt;c0</span>' in html
    assert 'href="/users/u0" title="u0">u0</a>' in html
    assert f"Showing <b>{LIMIT}</b> of {LIMIT + 2} conversations" in html
    assert (await pages.get("/conversations.json?before=x")).status_code == 400
    assert "&lt;b&gt;c0" in await pages.html("/conversations/%3Cb%3Ec0")


async def test_both_lists_tell_what_happened_and_filter_by_it(pages: Pages) -> None:
    await pages.store_and_derive([span for number in range(1, 4) for span in one_turn(number)])
    talks = (await pages.json("/conversations.json"))["conversations"]
    assert {talk["conversation_id"]: (talk["steps"], talk["error_count"], talk["traces"]) for talk in talks} == {
        "talk-1": ("LTLE", 1, 2),
        "talk-0": ("LT", 0, 1),
    }
    assert [talk["question"] for talk in talks] == ["question 1", "question 2"]
    assert await ids(pages, "conversations", "errors=1") == ["talk-1"]
    assert await ids(pages, "conversations", "loops=1") == []
    assert await ids(pages, "conversations", "q=QUESTION+2") == ["talk-0"]
    assert await ids(pages, "conversations", "user=ada&range=30d") == ["talk-1"]

    asked = (await pages.json("/interactions.json"))["interactions"]
    assert [(one["input_preview"], one["steps"], one["error_count"], one["user_id"]) for one in asked] == [
        ("question 3", "LE", 1, "ada"),
        ("question 2", "LT", 0, "bob"),
        ("question 1", "LT", 0, "ada"),
    ]
    assert len(await ids(pages, "interactions", "user=ada")) == 2
    assert len(await ids(pages, "interactions", "errors=1")) == 1
    assert len(await ids(pages, "interactions", "q=question+1")) == 1
    assert await ids(pages, "interactions", "q=nothing") == []
    html = await pages.html("/interactions")
    assert f'href="/traces/{(3).to_bytes(16).hex()}" title="question 3 → answer">question 3</a>' in html
    assert "No interaction matches this filter" in await pages.html("/interactions?loops=1")
    for path in ("/interactions", "/conversations.json"):
        assert (await pages.get(f"{path}?range=1y")).status_code == 400


async def test_a_list_that_looked_far_enough_says_so_and_goes_on(pages: Pages) -> None:
    await pages.store_and_derive([span for number in range(1, 6) for span in one_turn(number)])
    wanted = MessageFilter(DEFAULT_PROJECT_ID, text="question 1")
    async with await connect(pages.conninfo, "test") as connection:
        nothing, there = await read_interactions(connection, wanted, NEWEST, 10, looked_at_max=3)
        assert (nothing, there is None) == ([], False)
        assert there is not None
        found, end = await read_interactions(connection, wanted, there, 10, looked_at_max=3)
        assert ([row.input_preview for row in found], end) == (["question 1"], None)
        talks, beyond = await read_conversations(connection, wanted, NEWEST_CONVERSATION, 10, looked_at_max=1)
        assert ([talk.conversation_id for talk in talks], beyond is None) == (["talk-1"], False)


async def ids(pages: Pages, what: str, query: str) -> list[str]:
    """Of a filtered list."""
    name = {"conversations": "conversation_id", "interactions": "event_id"}[what]
    return [row[name] for row in (await pages.json(f"/{what}.json?{query}"))[what]]


def one_turn(number: int) -> list[AcceptedSpan]:
    """A model call and a call of search, which fails in every third; conversations take turns."""
    trace_id, start = number.to_bytes(16), time.time_ns() - 60_000_000_000 + number * 1_000_000_000
    messages = {
        "gen_ai.input.messages": f'[{{"role": "user", "parts": [{{"type": "text", "content": "question {number}"}}]}}]',
        "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "answer"}]}]',
    }
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1", "gen_ai.provider.name": "openai"}
    chat |= {"gen_ai.conversation.id": f"talk-{number % 2}", "user.id": "ada" if number % 2 else "bob"}
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": f"c{number}"}
    status = Status(code=Status.STATUS_CODE_ERROR, message="KeyError: no order") if number % 3 == 0 else Status()
    spans = [
        made(trace_id, 1, 0, "invoke", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}, start),
        made(trace_id, 2, 1, "chat", chat | messages, start + 1000),
        made(trace_id, 3, 1, "tool", tool, start + 2000, status=status),
    ]
    return accepted(spans, "shop", "1")
