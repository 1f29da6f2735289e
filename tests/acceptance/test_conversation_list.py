"""The list of conversations: the newest first, page by page, each with the way to its page."""

import time
from collections.abc import AsyncIterator

import pytest

from tests.fix_pages import Pages, running_pages
from web.pages.users import PAGE_ROWS


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
        for number in range(PAGE_ROWS + 2)
    ]
    await pages.post_events("track", *events)
    first = await pages.json("/conversations.json")
    assert (first["shown"], first["total"]) == (PAGE_ROWS, PAGE_ROWS + 2)
    rest = await pages.json(f"/conversations.json?before={first['next']}")
    assert rest["next"] is None
    found = [row["conversation_id"] for row in first["conversations"] + rest["conversations"]]
    assert found == [f"<b>c{number}" for number in range(PAGE_ROWS + 2)]
    html = await pages.html("/conversations")
    assert 'href="/conversations/%3Cb%3Ec0">&lt;b&gt;c0</a>' in html
    assert 'href="/users/u0">u0</a>' in html
    assert f"Showing <b>{PAGE_ROWS}</b> of {PAGE_ROWS + 2} conversations" in html
    assert (await pages.get("/conversations.json?before=x")).status_code == 400
    assert "&lt;b&gt;c0" in await pages.html("/conversations/%3Cb%3Ec0")
