"""How a tool was defined over releases: over the API, on its page, and on the page of an issue."""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import quote

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from tests.spans_made import NOW, new_id
from trace_store.model import AcceptedSpan

TOOL = "shop/weather <b>"
SECOND = 1_000_000_000


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def run(city_type: str, release: str, start: int, *, fails: bool) -> list[AcceptedSpan]:
    """A model call that is told of the tool, and a call of it."""
    schema = {"type": "object", "properties": {"city": {"type": city_type}}}
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.tool.definitions": [{"type": "function", "name": TOOL, "description": "Sky.", "parameters": schema}],
    }
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": TOOL}
    status = Status(code=Status.STATUS_CODE_ERROR, message="city is no number") if fails else Status()
    trace_id = new_id(16)
    spans = [
        made(trace_id, 1, 0, "chat gpt-5", chat, start),
        made(trace_id, 2, 0, f"execute_tool {TOOL}", tool, start + SECOND, status=status),
    ]
    return accepted(spans, release=release)


async def test_a_definition_that_changed_with_a_release_is_told(pages: Pages) -> None:
    old, new = NOW - 60 * SECOND, NOW
    await pages.store_and_derive([*run("integer", "2", new, fails=True), *run("string", "1", old, fails=False)])
    found = await pages.json(f"/api/tools/{quote(TOOL, safe='')}/definitions")
    assert (found["tool"], found["shown"], found["total"]) == (TOOL, 2, 2)
    newest, oldest = found["definitions"]
    assert (newest["since_release"], oldest["since_release"], oldest["changes"]) == ("2", "1", [])
    assert newest["changes"] == [
        {
            "what": "changed",
            "path": "city",
            "keyword": "type",
            "before": "string",
            "after": "integer",
            "text": "city: type string → integer",
        }
    ]
    twin = await pages.json(f"/tools/{quote(TOOL, safe='')}.json")
    assert {name: twin[name] for name in found} == found
    assert (twin["stats"]["calls"], twin["stats"]["errors"], twin["issues_total"]) == (2, 1, 1)
    assert [issue["tool"] for issue in twin["issues"]] == [TOOL]
    assert (sum(map(sum, twin["durations"]["counts"])), twin["returned"]) == (2, None)
    page = await pages.html(f"/tools/{quote(TOOL, safe='')}")
    assert "Since release 2" in page
    assert "city: type string → integer" in page
    assert "weather <b>" not in page
    assert "50.0%" in page
    cells = re.findall(r'<a href="(/tool-calls[^"]+)" title="(\d+) calls? of 1 ms to 3 ms, ', page)
    lists = [await pages.json(unescape(url).replace("?", ".json?", 1)) for url, _ in cells]
    assert [found["shown"] for found in lists] == [int(count) for _, count in cells]
    assert sum(found["shown"] for found in lists) == 2
    (issue,) = (await pages.json("/api/issues"))["issues"]
    near = await pages.html(f"/issues/{issue['fingerprint']}")
    assert "Its definition changed in release 2</a>, which brought this issue" in near
    assert f'href="/tools/{quote(TOOL, safe="")}"' in await pages.html("/tools?range=30d")


async def test_a_tool_that_nobody_was_told_of(pages: Pages) -> None:
    found = await pages.json("/api/tools/nobody/definitions")
    assert found == {"tool": "nobody", "definitions": [], "shown": 0, "total": 0}
    page = await pages.html("/tools/nobody")
    assert "No stored model call says how this tool is defined" in page
    assert "It was not called within this time." in page
