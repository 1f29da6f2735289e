"""The pages as HTML, without a browser: they render whatever is stored, and nothing that was sent becomes markup."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.agent_run import accepted, agent_run, made
from tests.dialect_captures import scenarios
from tests.fix_pages import BROWSER, Pages, read_records, running_pages
from web.stylesheet import STATIC
from web.templating import static

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",  # licences of what is vendored
}
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
TRACE_ID = b"\x21" * 16
PAGE = f"/traces/{TRACE_ID.hex()}"


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


async def test_an_empty_store_says_how_to_send_the_first_span(pages: Pages) -> None:
    page = await pages.html("/traces")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317" in page
    assert "http://127.0.0.1:4318/v1/traces" in page
    assert "rainbarrel demo" in page
    assert "No trace matches" in await pages.html("/traces?q=nothing")
    assert await pages.json("/traces.json") == {"traces": [], "next": None, "shown": 0, "total": 0}
    ipv6 = await pages.get("/traces", headers={"host": "[::1]:4318"})
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://[::1]:4317" in ipv6.text


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.thorough) for part in range(1, 4))])
async def test_every_page_of_every_capture(pages: Pages, part: int) -> None:
    captures = [read_records(capture) for capture in scenarios()[part::4]]
    await pages.store_and_derive(
        [span for records in captures for span in records.spans], [log for records in captures for log in records.logs]
    )
    spans = {(span.trace_id, span.span_id): span for records in captures for span in records.spans}
    trace_ids = await pages.stored_trace_ids()
    assert trace_ids >= {trace_id for trace_id, _ in spans}
    for trace_id in trace_ids:
        path = f"/traces/{trace_id.hex()}"
        for query in ("", "?view=graph", "?view=transcript"):
            await pages.html(path + query)
        for query in ("?view=tree", "?measure=tokens"):
            assert "<html" not in await pages.html(path + query, "trace-tree")
        assert "<h1" in await pages.html(path, "trace-header")
        assert (await pages.json(f"{path}.json"))["trace_id"] == trace_id.hex()
    for (trace_id, span_id), span in spans.items():
        path = f"/traces/{trace_id.hex()}/spans/{span_id.hex()}"
        html = await pages.html(path)
        assert f"<h2>{escape(span.name or '(no name)')}</h2>" in html
        assert (await pages.json(f"{path}.json"))["name"] == span.name
        if "Load all" in html:
            assert "Load all" not in await pages.html(f"{path}?full=1")
    count = len(trace_ids)
    assert f"Showing <b>{count}</b> of {count} traces" in await pages.html("/traces/list?limit=500")


async def test_the_messages_of_a_model_call(pages: Pages) -> None:
    picture = {"type": "uri", "modality": "image", "uri": "https://example.org/a.png"}
    messages = [{"role": "user", "parts": [{"type": "text", "content": f"question {n}"}, picture]} for n in range(50)]
    answer = [
        {"type": "reasoning", "content": "hm"},
        {"type": "tool_call", "id": "c", "name": "find", "arguments": "{}"},
    ]
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": json.dumps(messages),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": answer}]),
    }
    await pages.store_and_derive(accepted([made(TRACE_ID, 1, values=chat)]))
    path = f"{PAGE}/spans/{(1).to_bytes(8).hex()}"
    html = await pages.html(path)
    assert "Showing the last 40 of 50 messages" in html
    shown = [f'<p class="part-text">question {number}</p>' in html for number in (9, 10, 49)]
    assert shown == [False, True, True]
    assert '<p class="part-text">question 9</p>' in await pages.html(f"{path}?full=1")
    assert "<img" not in html
    assert "example.org/a.png" in html
    found = await pages.json(f"/api{path}")
    assert found["input_messages"][0]["parts"][1] == {
        "kind": "media",
        "type": "image",
        "mime": None,
        "uri": "https://example.org/a.png",
        "size_bytes": None,
    }
    assert found["output_messages"][0]["parts"] == [
        {"kind": "reasoning", "text": "hm"},
        {"kind": "tool_call", "name": "find", "call_id": "c", "arguments": {}},
    ]
    assert (found["facts"]["type"], found["facts"]["dialect"]) == ("llm", "otel_genai")


async def test_nothing_that_was_sent_becomes_markup(pages: Pages) -> None:
    tool: dict[str, Any] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": EVIL,
        "gen_ai.tool.call.id": EVIL,
        EVIL: EVIL,
    }
    tool |= {
        "gen_ai.tool.call.arguments": {EVIL: EVIL},
        "gen_ai.tool.call.result": EVIL,
        "gen_ai.conversation.id": EVIL,
    }
    messages = [{"role": "user", "parts": [{"type": "text", "content": EVIL}]}]
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": EVIL, "gen_ai.input.messages": messages}
    chat |= {"gen_ai.output.messages": messages, "enduser.id": EVIL, "user.id": EVIL, "gen_ai.agent.name": EVIL}
    failed = Status(code=Status.STATUS_CODE_ERROR, message=EVIL)
    event, link = Span.Event(name=EVIL, time_unix_nano=1), Span.Link(trace_id=TRACE_ID, span_id=b"\x01" * 8)
    spans = [
        made(TRACE_ID, 1, 0, EVIL, chat),
        *(made(TRACE_ID, n, 1, EVIL, tool, status=failed, events=[event], links=[link]) for n in (2, 3, 4)),
    ]
    await pages.store_and_derive(accepted(spans, service=EVIL))
    query = "?q=%3Cscript%3E&conversation=%22%3E%3Cscript%3Ealert(1)"
    paths = ["/traces", f"/traces{query}", PAGE, *(f"{PAGE}?view={view}" for view in ("tree", "graph", "transcript"))]
    paths += [f"{PAGE}/spans/{number.to_bytes(8).hex()}" for number in (1, 2)]
    shown = 0
    for path in paths:
        html = await pages.html(path)
        assert "alert(1)</script>" not in html
        assert "<img" not in html
        assert "<script>" not in html
        shown += "&lt;script&gt;alert(1)" in html
    assert shown >= 6
    missing = await pages.get("/traces/%3Cscript%3Ealert(1)", headers=BROWSER)
    assert missing.status_code == 400
    assert "<script>alert" not in missing.text


async def test_long_values_are_cut_until_all_is_asked_for(pages: Pages) -> None:
    text = "wörds " * 10_000 + "the end"
    await pages.store_and_derive(accepted([made(TRACE_ID, 1, values={"note": text})]))
    path = f"{PAGE}/spans/{(1).to_bytes(8).hex()}"
    cut, full = await pages.html(path), await pages.html(f"{path}?full=1")
    assert "the end" not in cut
    assert "Load all" in cut
    assert text in full
    assert "Load all" not in full
    assert text in await pages.html(f"{PAGE}?span={(1).to_bytes(8).hex()}&full=1")


async def test_links_lead_both_ways(pages: Pages) -> None:
    other = b"\x22" * 16
    to = [Span.Link(trace_id=other, span_id=(1).to_bytes(8)), Span.Link(trace_id=TRACE_ID, span_id=(1).to_bytes(8))]
    await pages.store_and_derive(accepted([made(TRACE_ID, 1), made(TRACE_ID, 2, 1, links=to), made(other, 1)]))
    here = f"{PAGE}?span={(2).to_bytes(8).hex()}"
    assert f'href="/traces/{other.hex()}?span={(1).to_bytes(8).hex()}"' in await pages.html(PAGE, "trace-header")
    assert f'href="{here}"' in await pages.html(f"/traces/{other.hex()}", "trace-header")
    assert f'href="{here}"' in await pages.html(f"/traces/{other.hex()}/spans/{(1).to_bytes(8).hex()}")
    assert f'href="{here}"' in await pages.html(f"{PAGE}/spans/{(1).to_bytes(8).hex()}")


async def test_the_repeats_of_a_loop_lead_to_each_other(pages: Pages) -> None:
    await pages.store_and_derive(agent_run(TRACE_ID, steps=3, fails_every=1, stuck=True))
    tools = [(4 + 4 * step).to_bytes(8).hex() for step in range(3)]
    middle = await pages.html(f"{PAGE}/spans/{tools[1]}")
    assert "Repeat 2 of 3" in middle
    assert f"?span={tools[0]}" in middle
    assert f"?span={tools[2]}" in middle
    assert f"?span={(7).to_bytes(8).hex()}" in middle  # the model call that asked


async def test_the_foot_says_how_far_pages_are_behind(database: str) -> None:
    async with running_pages(database) as pages:
        await pages.store(agent_run(b"\x21" * 16, steps=1))
        await asyncio.sleep(0.2)
        assert re.search(r"pages are \d+\.\d s behind", await pages.html("/traces"))
        await pages.derive()
    async with running_pages(database) as pages:  # which has no totals from before
        assert "pages are up to date" in await pages.html("/traces")


async def test_every_answer_carries_the_security_headers(pages: Pages) -> None:
    pages.app.add_api_route("/faulty", _fail)
    for path in ("/", "/traces", "/api/stats", "/nothing", "/api/traces/x", "/static/css/base.css", "/faulty"):
        response = await pages.get(path, headers=BROWSER)
        assert SECURITY.items() <= response.headers.items()
        policy = response.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
    assert (await pages.get("/faulty")).json() == {"error": "This is a fault of Rainbarrel; its log says more."}


async def _fail() -> None:
    raise RuntimeError("a fault for the test")


async def test_pages_hold_no_inline_script_and_no_foreign_address(pages: Pages) -> None:
    await pages.store_and_derive(agent_run(TRACE_ID, steps=3))
    for path in ("/traces", PAGE):
        html = await pages.html(path)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
        assert not re.search(r"\son\w+=", html)
        assert not re.search(r"<style|(?:src|href)=\"(?:https?:)?//", html)


def files() -> list[Path]:
    return sorted(path for path in STATIC.rglob("*") if path.is_file())


async def test_static_files_have_a_type_and_may_be_kept(pages: Pages) -> None:
    assert {path.suffix for path in files()} == TYPES.keys()
    for path in files():
        name = path.relative_to(STATIC).as_posix()
        versioned = await pages.get(static(name))
        assert versioned.content == path.read_bytes()
        assert versioned.headers["content-type"] == TYPES[path.suffix]
        assert versioned.headers["cache-control"] == "public, max-age=31536000, immutable"
        plain = await pages.get(f"/static/{name}")
        assert plain.headers["cache-control"] == "no-cache"
        again = await pages.get(f"/static/{name}", headers={"if-none-match": plain.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert (await pages.get("/static/../app.py")).status_code == 404
    assert (await pages.get("/static/%2e%2e/app.py")).status_code == 404


async def test_an_open_page_gets_the_parts_that_are_other_now(pages: Pages) -> None:
    await pages.store_and_derive(agent_run(TRACE_ID, steps=2))
    first, second = ((number).to_bytes(8).hex() for number in (1, 2))

    async def others(shown: str, wanted: str) -> tuple[list[str], dict[str, str]]:
        headers = BROWSER | {"hx-target": "trace-tree", "hx-current-url": f"http://x/traces/1{shown}"}
        answer = await pages.get(f"{PAGE}{wanted}", headers=headers)
        addresses = {name: value for name, value in answer.headers.items() if name.startswith("hx-")}
        return re.findall(r'<div id="([a-z-]+)" hx-swap-oob="innerHTML">', answer.text), addresses

    same = f"?span={first}"
    assert await others(same, f"{same}&measure=tokens") == (
        [],
        {"hx-replace-url": f"{PAGE}{same}&measure=tokens"},
    )
    other = f"?span={second}"
    assert await others(same, other) == (["trace-detail"], {"hx-push-url": PAGE + other})
    graph = f"?view=graph&span={first}"
    assert await others(same, graph) == (["trace-views"], {"hx-push-url": PAGE + graph})
    assert "This span has not arrived." in await pages.html(f"{PAGE}?span={'ee' * 8}", "trace-detail")
    listed = await pages.html("/traces", "list")
    assert (listed.lstrip().startswith('<div class="list"'), "<html" in listed) == (True, False)
