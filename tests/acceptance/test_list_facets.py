"""The list's facets, query, suggestions, differences and peek over HTTP, over traces of the real writer."""

from collections.abc import AsyncIterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.agent_run import accepted, made
from tests.fix_pages import BROWSER, Pages, body_parts, running_pages
from tests.spans_made import NOW
from trace_store.model import AcceptedSpan

TRACES = 40


def run(number: int) -> list[AcceptedSpan]:
    """A chat and a call of search (which fails in every fourth run, those of release 2) or of pay."""
    trace_id, fails = (number + 1).to_bytes(16), number % 4 == 0
    start = NOW + number * 1_000_000
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1", "gen_ai.provider.name": "openai"}
    chat |= {"user.id": f"user-{number % 3}", "gen_ai.agent.name": "helper"}
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search docs" if fails else "pay"}
    status = Status(code=Status.STATUS_CODE_ERROR, message="<b>KeyError</b>: no order") if fails else Status()
    spans = [
        made(trace_id, 1, 0, "invoke", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}, start),
        made(trace_id, 2, 1, "chat", chat, start + 1000),
        made(trace_id, 3, 1, "tool", tool, start + 2000, status=status),
    ]
    return accepted(spans, "shop", "2" if fails else "1")


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        await running.store_and_derive([span for number in range(TRACES) for span in run(number)])
        yield running


async def test_the_list_and_what_is_counted_of_it(pages: Pages) -> None:
    counted = await pages.json("/traces/facets.json")
    assert (counted["counted"], counted["failing"], counted["is_cut"]) == (TRACES, 10, False)
    facets = {
        field: {each["value"]: each["traces"] for each in found["values"]} for field, found in counted["facets"].items()
    }
    assert facets["status"] == {"ok": 30, "error": 10, "failed_span": 10}
    assert facets["tool"] == {"pay": 30, "search docs": 10}
    assert facets["failed_tool"] == {"search docs": 10}
    assert facets["provider"] == {"openai": TRACES}
    assert facets["dialect"] == {"otel_genai": TRACES}
    assert facets["service"] == {"shop": TRACES}
    assert facets["user"] == {"user-0": 14, "user-1": 13, "user-2": 13}

    for query, shown in {
        'tool:"search docs"': 10,
        "-tool:pay user:user-0,user-1": 7,
        "status:failing": 10,
        "status:ok release:1": 30,
        'failed_tool:"search docs" status:loop': 0,
        "errors>=1 spans=3 duration<1s": 10,
        "cost>1 provider:openai": 0,
        "keyerror": 10,
        '-"keyerror"': 30,
        "model:gpt-4.1 agent:helper dialect:otel_genai service:shop": TRACES,
    }.items():
        answer = await pages.get("/traces.json", params={"q": query, "limit": 100})
        assert answer.json()["shown"] == shown, query
        found = await pages.get("/traces/facets.json", params={"q": query})
        assert found.json()["counted"] == shown, query

    html = await pages.html("/traces?q=release:1")
    assert 'href="/traces" rel="nofollow" title="1"' in html  # the value that is asked for is a link without it
    assert "q=release%3A1+tool%3Apay" in html
    assert "Counted over all 30 matching traces." in html
    refused = await pages.get("/traces?q=user:a+toool:x", headers=BROWSER)
    assert refused.status_code == 400
    assert "Character 8 of the query: there is no field toool; did you mean tool?" in refused.text
    assert 'value="user:a toool:x"' in refused.text


async def test_what_differs_suggestions_and_the_peek(pages: Pages) -> None:
    differing = await pages.json("/traces/differences.json?q=status:error+agent:helper")
    assert (differing["failing"], differing["rest"], differing["is_cut"]) == (10, 30, False)
    assert {(line["field"], line["value"]) for line in differing["more"]} == {("tool", "search docs"), ("release", "2")}
    assert {(line["field"], line["value"]) for line in differing["less"]} == {("tool", "pay"), ("release", "1")}
    assert (differing["more"][0]["share_failing"], differing["more"][0]["share_rest"]) == (1, 0)
    html = await pages.html("/traces/differences?q=status:error+agent:helper")
    assert "Conditions on the status are left out here" in html
    assert "/traces?q=agent%3Ahelper+release%3A2&amp;errors=1" in html
    assert "No trace here is looping." in await pages.html("/traces/differences?of=loop")
    assert (await pages.get("/traces/differences?of=neither")).status_code == 400
    assert "cost comes a number" in (await pages.get("/traces/differences?q=cost>x", headers=BROWSER)).text

    async def suggested(field: str, text: str) -> list[tuple[str, int]]:
        found = (await pages.get("/traces/suggestions.json", params={"field": field, "text": text})).json()
        return [(each["text"], each["start"]) for each in found["suggestions"]]

    assert await suggested("q", "refund to") == [("tool:", 7), ("tokens>", 7), ("failed_tool:", 7)]
    assert await suggested("q", "-tool:SE") == [('"search docs"', 6)]
    assert await suggested("q", 'x failed_tool:pay,"search d') == [('"search docs"', 18)]
    assert await suggested("q", "status:so") == [("soft_error", 7)]
    assert await suggested("q", "provider:") == [("openai", 9)]
    assert await suggested("steps", "pay ok then ") == [
        ("pay", 12), ('"search docs"', 12), ("any", 12), ("never", 12), ("gave up", 12), ("recovered", 12),
    ]  # fmt: skip
    assert await suggested("steps", "pay fa") == [("failed", 4)]
    assert (await pages.get("/traces/suggestions.json?field=x")).status_code == 400

    peek = await pages.html(f"/traces/{(1).to_bytes(16).hex()}/peek")
    assert "search docs" in peek
    assert "&lt;b&gt;KeyError&lt;/b&gt;: no order" in peek
    assert (await pages.get(f"/traces/{'9' * 32}/peek")).status_code == 404


async def test_the_list_is_sent_before_its_values_are_counted(pages: Pages) -> None:
    whole = await pages.html("/traces")
    parts = await body_parts(pages, "/traces")
    assert "".join(parts) == whole
    assert "Showing <b>40</b>" in parts[0]
    assert 'id="facets"' not in parts[0]
    assert "</html>" not in parts[0]
    assert 'id="facets"' in parts[1]
    assert (await pages.get("/static/css/all.css")).headers["content-type"] == "text/css; charset=utf-8"
