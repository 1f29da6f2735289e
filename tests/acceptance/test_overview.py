"""The start page over what really came in: its figures, the lists behind them, times and filters."""

import re
import time
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.agent_run import accepted, made
from tests.charts_shown import drawn_chart
from tests.fix_pages import Pages, running_pages
from tests.spans_made import new_id
from trace_store.model import AcceptedSpan

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def agent_run(
    user: str, *outcomes: str, release: str = "1", environment: str = "production", at: int = 0, tool: str = "book"
) -> list[AcceptedSpan]:
    """A run that calls a tool once for each outcome (`ok`, `error`, `soft`) with other arguments, `stuck` 4 times."""
    trace_id, start = new_id(16), at or time.time_ns() - 60 * SECOND_NS
    root = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "travel", "user.id": user}
    root |= {"gen_ai.conversation.id": f"c-{user}", "deployment.environment.name": environment}
    root["gen_ai.input.messages"] = '[{"role": "user", "parts": [{"type": "text", "content": "Book it."}]}]'
    spans = [made(trace_id, 1, 0, "invoke_agent travel", root, start, start + SECOND_NS)]
    wanted = [part for outcome in outcomes for part in ([outcome] * 4 if outcome == "stuck" else [outcome])]
    for number, outcome in enumerate(wanted, 2):
        order = 0 if outcome == "stuck" else number
        values: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
        values["gen_ai.tool.call.arguments"] = {"order": f"order {order * 1111} of {outcome}"}
        failed = None
        if outcome in ("error", "stuck"):
            failed = Status(code=Status.STATUS_CODE_ERROR, message=f"order {order * 1111} is locked")
        else:
            values["gen_ai.tool.call.result"] = {"error": "rate limited"} if outcome == "soft" else {"state": number}
        began = start + number * 10_000_000
        spans.append(made(trace_id, number, 1, f"execute_tool {tool}", values, began, status=failed))
    return accepted(spans, release=release)


async def overview(pages: Pages, **asked: str) -> Any:
    return await pages.json(f"/overview.json?{urlencode(asked)}")


async def test_an_empty_start_page_shows_the_command_that_fills_it(pages: Pages) -> None:
    html = await pages.html("/")
    assert "rainbarrel demo" in html
    assert 'class="tile"' not in html
    found = await overview(pages)
    assert (found["traces"], found["interactions"], found["issues"], found["tools"]) == (0, 0, [], [])


async def test_a_time_without_traces_is_told_apart(pages: Pages) -> None:
    await pages.store_and_derive(agent_run("u", "ok", at=time.time_ns() - 3 * DAY_NS))
    html = await pages.html("/")
    assert "Nothing happened within this time." in html
    assert "1 trace of other times is stored." in unescape(html)


async def test_the_figures_are_those_of_the_time(pages: Pages) -> None:
    await pages.store_and_derive(
        agent_run("a", "ok", "error", "soft")
        + agent_run("b", "stuck")
        + agent_run("c", "ok")
        + agent_run("d", "error", at=time.time_ns() - 3 * DAY_NS)
    )
    found = await overview(pages)
    assert (found["traces"], found["interactions"], found["users"], found["users_affected"]) == (3, 3, 3, 2)
    assert (found["tool_calls"], found["errors"], found["soft_errors"]) == (8, 5, 1)
    assert found["failures"] == {"errors": 1, "in_loops": 4, "soft_errors": 1, "unanswered": 0}
    assert (found["loops"]["loops"], found["loops"]["wasted_calls"], found["loops"]["gave_up"]) == (1, 3, 1)
    assert found["p95_ns"] >= found["p50_ns"] >= SECOND_NS
    for name in ("traces", "tool_calls", "errors", "tokens", "interactions"):
        assert sum(step[name] for step in found["steps"]) == found[name], name
    assert [(tool["name"], tool["calls"], tool["looping_calls"]) for tool in found["tools"]] == [("book", 8, 4)]
    assert [(loop["tools"], loop["iterations"], loop["ended"]) for loop in found["latest_loops"]] == [
        (["book"], 4, "gave_up")
    ]
    assert found["issues_total"] == len(found["issues"]) == len((await pages.json("/api/issues?range=24h"))["issues"])
    week = await overview(pages, range="7d")
    assert (week["traces"], week["users"], week["failures"]["errors"]) == (4, 4, 2)
    assert week["step_s"] > found["step_s"]


async def test_each_figure_leads_to_its_list_with_the_same_time_and_filters(pages: Pages) -> None:
    await pages.store_and_derive(
        agent_run("a", "error", "ok", release="1", environment="staging")
        + agent_run("b", "stuck", release="2")
        + agent_run("c", "soft", release="2", tool="find")
    )
    found = await overview(pages, release="2", environment="production", range="1h")
    assert (found["traces"], found["users"], found["tool_calls"], found["loops"]["loops"]) == (2, 2, 5, 1)
    assert {tool["name"]: tool["calls"] for tool in found["tools"]} == {"book": 4, "find": 1}
    html = await pages.html("/?release=2&environment=production&range=1h")
    links = {unescape(url) for url in re.findall(r'<a class="tile" href="([^"]*)"', html)}
    asked = "range=1h&release=2&environment=production"
    assert links >= {f"/traces?{asked}{more}" for more in ("", "&errors=1", "&loops=1")} | {f"/tool-calls?{asked}"}
    assert f"/issues?{asked}&kind=loop" in links
    for url in links:
        await pages.html(url)
    assert len((await pages.json(f"/traces.json?{asked}"))["traces"]) == 2
    assert len((await pages.json(f"/traces.json?{asked}&loops=1"))["traces"]) == 1
    assert len((await pages.json("/traces.json?environment=staging"))["traces"]) == 1
    assert [tool["calls"] for tool in (await pages.json(f"/tools.json?{asked}"))["tools"]] == [4, 1]
    assert {"staging", "production", "1", "2"} <= set(re.findall(r"<option [a-z]*>([^<]+)</option>", html))


async def test_a_bar_leads_to_its_own_time(pages: Pages) -> None:
    await pages.store_and_derive(agent_run("a", "error", "soft"))
    html = await pages.html("/")
    (url,) = {unescape(url) for url in re.findall(r'<th scope="row"><a class="link" href="([^"]*)"', html)}
    assert url.startswith("/?since=20")
    near = await pages.json(url.replace("/?", "/overview.json?"))
    assert (near["failures"]["errors"], near["failures"]["soft_errors"]) == (1, 1)
    assert near["until_unix_nano"] - near["since_unix_nano"] <= 3600 * SECOND_NS
    assert "As chosen" in await pages.html(url)


async def test_each_chart_has_the_figure_of_its_tile(pages: Pages) -> None:
    await pages.store_and_derive(agent_run("a", "error", "ok") + agent_run("b", "soft"))
    found = await overview(pages)
    for name, figure in (("interactions", "interactions"), ("tool_calls", "tool_calls"), ("tokens", "tokens")):
        drawn = drawn_chart(await pages.html(f"/?chart={name}"))
        assert sum(drawn["series"][0]["values"]) == found[figure], name
    for name in ("cost", "p95"):
        values = drawn_chart(await pages.html(f"/?chart={name}"))["series"][0]["values"]
        assert [value is None for value in values] == [
            step["cost_nano_usd" if name == "cost" else "p95_ns"] is None for step in found["steps"]
        ]
    assert (await pages.get("/?chart=weather")).status_code == 400


async def test_releases_that_began_stand_in_the_chart(pages: Pages) -> None:
    await pages.store_and_derive(agent_run("a", "error", release=EVIL) + agent_run("b", "ok", release="9.1"))
    html = await pages.html("/")
    assert "<b>&lt;script&gt;alert(1)&lt;/script&gt;</b>" in html
    assert "<script>alert" not in html
    assert {name for _, name in drawn_chart(html)["releases"]} == {"9.1", EVIL}
    assert {release["name"] for release in (await overview(pages))["releases_began"]} == {"9.1", EVIL}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("range=2y", "range=2y is none of 15m, 1h, 24h, 7d, 30d."),
        ("since=yesterday", "since=yesterday is neither an ISO 8601 time nor Unix nanoseconds."),
        ("since=2026-01-02&until=2026-01-01", "since=2026-01-02 is not before until=2026-01-01."),
    ],
)
async def test_what_is_no_time_is_told(pages: Pages, query: str, sentence: str) -> None:
    for path in ("/overview.json", "/tools.json"):
        answer = await pages.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()) == (400, {"error": sentence})
