"""Two traces and two groups of traces side by side, over HTTP, from stored spans."""

import json
from typing import Any

from tests.agent_run import accepted, made
from tests.fix_pages import running_pages
from tests.spans_made import NOW, new_id
from trace_store.model import AcceptedSpan

SECOND = 1_000_000_000


Calls = list[tuple[str, dict[str, Any], bool]]  # name, arguments, whether it fails


def run_of(release: str, calls: Calls, event_id: str = "") -> tuple[str, list[AcceptedSpan]]:
    """A run of one agent with these tool calls: the trace id and its spans."""
    trace_id = new_id(16)
    question = json.dumps([{"role": "user", "parts": [{"type": "text", "content": f"What is new in {release}?"}]}])
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "shop", "gen_ai.input.messages": question}
    if event_id:
        agent["traceloop.association.properties.event_id"] = event_id
    spans = [made(trace_id, 1, 0, "invoke_agent shop", agent, NOW, NOW + 9 * SECOND)]
    for number, (name, arguments, fails) in enumerate(calls):
        values = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
        values["gen_ai.tool.call.arguments"] = json.dumps(arguments)
        status = {"status": {"code": 2, "message": "down"}} if fails else {}
        start = NOW + number * SECOND
        spans.append(
            made(trace_id, number + 2, 1, f"execute_tool {name}", values, start, start + SECOND // 2, **status)
        )
    return trace_id.hex(), accepted(spans, release=release)


async def test_two_traces_step_by_step(database: str) -> None:
    async with running_pages(database) as pages:
        a, spans_a = run_of("1.0", [("search", {"q": "tea"}, False), ("book", {"id": 1}, True)])
        b, spans_b = run_of("1.1", [("search", {"q": "<b>"}, False), ("look", {}, False), ("book", {"id": 1}, True)])
        await pages.store_and_derive([*spans_a, *spans_b])
        found = await pages.json(f"/compare.json?a={a}&b={b}")
        page = await pages.html(f"/compare?a={a}&b={b.upper()}")
        empty = await pages.html("/compare")
        half = await pages.html(f"/compare?a={a}")
        refusals = [(await pages.get(f"/compare.json?{query}")).status_code for query in ("", "a=1&b=2")]
        unknown = await pages.get(f"/compare?a={a}&b={'ab' * 16}")

    assert [(pair["what"], (pair["a"] or pair["b"])["name"]) for pair in found["pairs"]] == [
        ("changed", "search"),
        ("added", "look"),
        ("same", "book"),
    ]
    assert found["pairs"][0]["changes"] == [{"path": "q", "a": '"tea"', "b": '"<b>"'}]
    assert found["steps"] == {"same": 1, "changed": 1, "removed": 0, "added": 1}
    assert found["figures"]["tool_calls"] == {"a": 2, "b": 3, "delta": 1}
    assert found["figures"]["errors"] == {"a": 1, "b": 1, "delta": 0}
    assert "<ins>&#34;&lt;b&gt;&#34;</ins>" in page
    assert "<del>1.0?</del> <ins>1.1?</ins>" in page
    assert "Give the ids of two traces" in empty
    assert f'href="/compare?a={a}&amp;b={b}"' in half
    assert refusals == [400, 400]
    assert (unknown.status_code, "is stored" in unknown.text) == (404, True)


async def test_two_groups_by_release_and_by_property(database: str) -> None:
    async with running_pages(database) as pages:
        spans: list[AcceptedSpan] = []
        for number in range(12):
            spans += run_of("1.0", [("search", {"n": number}, False)], f"free-{number}")[1]
            spans += run_of("1.1", [("search", {"n": number}, number < 10)], f"pro-{number}")[1]
        await pages.store_and_derive(spans)
        said = {"event": "ask", "user_id": "u", "ai_data": {"input": "What?", "output": "This."}}
        events = [("free", 2), ("pro", 3)]
        await pages.post_events(
            "track",
            *(
                said | {"event_id": f"{plan}-{number}", "properties": {"plan": plan}}
                for plan, count in events
                for number in range(count)
            ),
        )
        found = await pages.json("/compare/cohorts.json?by=release&a=1.0&b=1.1&range=7d")
        newest = await pages.json("/compare/cohorts.json")
        plans = await pages.json("/compare/cohorts.json?by=property&property=plan&a=free&b=pro")
        agents = await pages.json("/compare/cohorts.json?by=agent&a=shop&b=nobody")
        page = await pages.html("/compare/cohorts?by=release&a=1.0&b=1.1&range=7d")
        bad = [(await pages.get(f"/compare/cohorts.json?{query}")).status_code for query in ("by=x", "by=property&a=1")]

    shares = {line["name"]: line for line in found["shares"]}
    assert found["traces"] == {"a": 12, "b": 12}
    assert (shares["failed_traces"]["a"]["part"], shares["failed_traces"]["b"]["part"]) == (0, 10)
    assert shares["failed_traces"]["differs"] is True
    assert shares["looping_traces"]["differs"] is False
    (tool,) = found["tools"]
    assert (tool["name"], tool["a"]["calls"], tool["b"]["failed"], tool["differs"]) == ("search", 12, 10, True)
    assert tool["a"]["p50_ns"] == SECOND // 2
    numbers = {line["name"]: (line["a"], line["b"]) for line in found["numbers"]}
    assert numbers["p50_ns"] == (9 * SECOND, 9 * SECOND)
    assert {newest["a"], newest["b"]} == {"1.0", "1.1"}
    assert plans["traces"] == {"a": 2, "b": 3}
    assert agents["traces"] == {"a": 24, "b": 0}
    assert "83.3%" in page
    assert bad == [400, 400]
