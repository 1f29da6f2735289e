"""The lists of tool calls and of spans: what a line says, every filter, page by page."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.agent_run import accepted, made
from tests.fix_pages import BROWSER, Pages, body_parts, running_pages
from tests.spans_made import NOW
from trace_store.connections import connect
from trace_store.lists.call_filter import CallFilter
from trace_store.lists.call_lists import read_calls
from trace_store.lists.span_filter import SpanFilter
from trace_store.lists.span_lists import read_newest_spans, read_slowest_spans
from trace_store.lists.trace_filter import Term, TraceFilter
from trace_store.model import DEFAULT_PROJECT_ID, AcceptedSpan

RUNS = 12
SECOND = 1_000_000_000


def trace_id(number: int) -> bytes:
    return (number + 1).to_bytes(16)


def run(number: int) -> list[AcceptedSpan]:
    """A model asks for one tool. Every third run fails; the first one looks in circles, the seventh goes on with it."""
    fails, start = number % 3 == 0, NOW + number * SECOND
    tool = "search" if fails else "pay"
    asked = [{"type": "tool_call", "id": "c1", "name": tool, "arguments": {"q": "PAYLOAD"}}]
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4.1" if number % 2 else "claude-4",
        "gen_ai.output.messages": [{"role": "assistant", "parts": asked}],
        "user.id": f"user-{number % 4}",
        "gen_ai.conversation.id": f"talk-{number % 2}",
    }
    invoke = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
    spans = [
        made(trace_id(number), 1, 0, "invoke", invoke, start, start + 9 * SECOND),
        made(trace_id(number), 2, 1, "chat", chat, start + 1000, start + (number + 1) * SECOND // 2),
        called(number, 3, tool, start + 2000, fails=fails),
    ]
    if number == 0:
        spans += [called(0, at, tool, start + at * SECOND // 20, fails=True) for at in range(4, 9)]
    return accepted(spans, "shop", "2" if fails else "1")


def called(number: int, position: int, tool: str, start: int, *, fails: bool) -> Span:
    """A call of a tool, with the arguments that no list may show."""
    values: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    values |= {"gen_ai.tool.call.arguments": {"q": "PAYLOAD"}, "gen_ai.tool.call.id": f"c{position - 2}"}
    values |= {"error.type": "KeyError"} if fails else {"gen_ai.tool.call.result": "PAYLOAD"}
    status = Status(code=Status.STATUS_CODE_ERROR, message="<b>no order</b>") if fails else Status()
    return made(trace_id(number), position, 1, f"execute_tool {tool}", values, start, kind=3, status=status)


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


async def told(pages: Pages, what: str, **asked: str) -> list[dict[str, Any]]:
    """The lines of a list, read to the end."""
    found: list[dict[str, Any]] = []
    before = ""
    while True:
        parameters = asked | ({"before": before} if before else {})
        answer = await pages.json(f"/{what}.json?{urlencode(parameters)}")
        found += answer[what.replace("-", "_")]
        if answer["next"] is None:
            return found
        assert answer["shown"] == int(asked["limit"])
        before = answer["next"]


async def test_tool_calls_are_listed_filtered_and_counted(pages: Pages) -> None:
    html = await pages.html("/tool-calls")
    assert "rainbarrel demo" in html
    assert 'id="facets"' not in html
    await pages.store_and_derive([span for number in range(RUNS) for span in run(number)])
    everything = await told(pages, "tool-calls", limit="5")
    assert len(everything) == RUNS + 5
    starts = [int(call["start_unix_nano"]) for call in everything]
    assert starts == sorted(starts, reverse=True)
    newest = everything[0]
    assert (newest["name"], newest["status"], newest["error"], newest["duration_ns"]) == ("pay", "ok", None, 1_000_000)
    assert (newest["model"], newest["user_id"], newest["release"]) == ("gpt-4.1", "user-3", "1")
    failed = everything[2]
    assert failed["error"]["line"] == "KeyError: <b>no order</b>"
    assert sum(call["is_looping"] for call in everything) == 7
    assert failed["asked_by"] == (2).to_bytes(8).hex()
    await every_filter_of_calls(pages)

    html = await pages.html("/tool-calls")
    assert "PAYLOAD" not in html + str(everything)
    assert "KeyError: &lt;b&gt;no order&lt;/b&gt;" in html
    assert f'href="/traces/{trace_id(9).hex()}?span={(3).to_bytes(8).hex()}"' in html
    parts = await body_parts(pages, "/tool-calls?q=status:failing")
    assert "Counted over all 9 matching tool calls." in parts[1]
    assert "No tool call matches this filter." in await pages.html("/tool-calls?q=tool:none")
    assert "/tool-calls?" in await pages.html("/tools/search?since=2020-01-01")
    refused = await pages.get("/tool-calls?q=toool:x", headers=BROWSER)
    assert (refused.status_code, "did you mean tool?" in refused.text) == (400, True)
    for wrong in ("before=x", "before=1.zz", "order=best", "range=1y", "q=status:live"):
        assert (await pages.get(f"/tool-calls.json?{wrong}")).status_code == 400, wrong
    suggested = (await pages.json("/tool-calls/suggestions.json?text=error:K"))["suggestions"]
    assert [one["text"] for one in suggested] == ["KeyError"]


async def every_filter_of_calls(pages: Pages) -> None:
    """Each is answered as by looking at all calls; those of the loop are seven of the nine that fail."""
    for query, count in {
        "tool:pay": 8,
        "tool:search": 9,
        "tool:pay,search": 17,
        "-tool:pay": 9,
        "status:failing": 9,
        "status:error tool:search": 9,
        "status:error tool:pay": 0,
        "status:soft_error": 0,
        "status:ok": 8,
        "status:loop": 7,
        "-status:loop": 10,
        "status:failing -status:loop": 2,
        "status:unrecovered,recovered": 9,
        "error:KeyError": 9,
        "-error:KeyError": 8,
        "no order": 9,
        "model:gpt-4.1": 6,
        "model:claude-4 tool:pay": 4,
        "user:user-0": 8,
        "user:user-0 status:failing": 6,
        "release:2 service:shop": 9,
        "conversation:talk-1": 6,
        "conversation:talk-1 status:failing": 2,
        "agent:helper dialect:otel_genai": 17,
        "duration<1s": 17,
        "duration>1s": 0,
    }.items():
        assert len(await told(pages, "tool-calls", q=query)) == count, query
        counted = await pages.json(f"/tool-calls/facets.json?{urlencode({'q': query})}")
        assert (counted["counted"], counted["is_cut"]) == (count, False), query
    assert len(await told(pages, "tool-calls", errors="1", tool="search", release="2")) == 9
    assert len(await told(pages, "tool-calls", loops="1")) == 7
    late = NOW + 6 * SECOND
    assert len(await told(pages, "tool-calls", since=str(late))) == 6
    assert len(await told(pages, "tool-calls", until=str(late), errors="1")) == 7
    (issue,) = [i for i in (await pages.json("/api/issues"))["issues"] if i["kind"] == "tool_error"]
    of_issue = issue["fingerprint"]
    assert len(await told(pages, "tool-calls", issue=of_issue)) == 9
    assert len(await told(pages, "tool-calls", issue=of_issue, loops="1")) == 7
    assert len(await told(pages, "tool-calls", issue=of_issue, q="conversation:talk-1")) == 2
    (of_loop,) = [i["fingerprint"] for i in (await pages.json("/api/issues"))["issues"] if i["kind"] == "loop"]
    looping = await told(pages, "tool-calls", issue=of_loop)
    assert [call["is_looping"] for call in looping] == [True] * 7
    assert len(await told(pages, "tool-calls", issue=of_loop, q="-status:failing")) == 0
    assert (await pages.json(f"/tool-calls/facets.json?issue={of_loop}"))["counted"] == 7
    assert f'href="/tool-calls?issue={of_loop}"' in await pages.html(f"/issues/{of_loop}")
    path = f"/api/findings/{trace_id(9).hex()}/call:{(3).to_bytes(8).hex()}/verdict"
    said = await pages.client.post(path, json={"verdict": "not_an_error"})
    assert said.status_code == 200, said.text
    await pages.derive()
    for query in ("status:failing", "conversation:talk-1 status:failing", "status:error,unanswered"):
        calls = await told(pages, "tool-calls", q=query)
        assert calls, query
        assert trace_id(9).hex() not in {call["trace_id"] for call in calls}, query
    assert (await pages.client.delete(path)).status_code == 200
    await pages.derive()


async def test_a_look_that_ends_early_goes_on_where_it_ended(pages: Pages) -> None:
    await pages.store_and_derive([span for number in range(RUNS) for span in run(number)])
    (of_loop,) = [i["fingerprint"] for i in (await pages.json("/api/issues"))["issues"] if i["kind"] == "loop"]
    failing, looping = (Term("error", ("KeyError",)),), (Term("status", ("loop",)),)
    async with await connect(pages.conninfo, "test") as connection:
        for issue, terms, count in ((None, failing, 9), (None, looping, 7), (None, (), 17), (of_loop, (), 7)):
            wanted, found, after = CallFilter(DEFAULT_PROJECT_ID, issue=issue, terms=terms), [], None
            while True:
                lines, after = await read_calls(connection, wanted, after, 4, looked_at_max=3, loops_max=1)
                found += [line.key for line in lines]
                if after is None:
                    break
            assert (len(found), len(set(found))) == (count, count), terms
        of_chats, there = SpanFilter(TraceFilter(DEFAULT_PROJECT_ID), (Term("name", ("chat",)),)), None
        seen = []
        while True:
            spans, there = await read_newest_spans(connection, of_chats, there, 2, traces_max=5, spans_max=9)
            seen += [span.trace_id for span in spans]
            if there is None:
                break
        assert seen == [trace_id(number) for number in reversed(range(RUNS))]
        few = await read_slowest_spans(connection, of_chats, None, 50, traces_max=4)
        assert (few.traces, few.spans, few.complete_ns) == (4, 12, 9 * SECOND)
        ranked = await read_slowest_spans(connection, of_chats, None, 50, ranked_max=3)
        assert (ranked.traces, ranked.ranked_since_unix_nano) == (3, NOW + 9 * SECOND)


async def test_spans_are_listed_newest_and_slowest_first(pages: Pages) -> None:
    assert "rainbarrel demo" in await pages.html("/spans")
    await pages.store_and_derive([span for number in range(RUNS) for span in run(number)])
    everything = await told(pages, "spans", limit="5")
    assert len(everything) == len({(span["trace_id"], span["span_id"]) for span in everything}) == RUNS * 3 + 5
    first = [(span["name"], span["type"], span["dialect"], span["kind"], span["service"]) for span in everything[:3]]
    assert first == [
        ("invoke", "agent", "otel_genai", "unspecified", "shop"),
        ("chat", "llm", "otel_genai", "unspecified", "shop"),
        ("execute_tool pay", "tool", "otel_genai", "client", "shop"),
    ]
    slowest = await told(pages, "spans", order="slowest", limit="5")
    durations = [span["duration_ns"] for span in slowest]
    assert durations == sorted(durations, reverse=True)
    assert {(span["trace_id"], span["span_id"]) for span in slowest} == {
        (span["trace_id"], span["span_id"]) for span in everything
    }
    for query, count in {
        "name:chat": 12,
        "-name:chat": 29,
        "EXECUTE_tool": 17,
        "kind:client": 17,
        "kind:server,internal": 0,
        "service:shop": 41,
        "service:other": 0,
        "status:error": 9,
        "status:ok": 0,
        "duration>=9s": 12,
        "name:chat duration>3s": 6,
        "user:user-0 name:invoke": 3,
        "conversation:talk-1 name:invoke": 6,
        "tool:search name:invoke": 4,
        "model:gpt-4.1 release:2": 6,
    }.items():
        assert len(await told(pages, "spans", q=query)) == count, query
        assert len(await told(pages, "spans", q=query, order="slowest")) == count, query
        assert (await pages.json(f"/spans/facets.json?{urlencode({'q': query})}"))["counted"] == count, query
    assert len(await told(pages, "spans", errors="1")) == 9
    assert len(await told(pages, "spans", loops="1", order="slowest")) == 3
    kinds = (await pages.json("/spans/facets.json"))["facets"]["kind"]["values"]
    assert {kind["value"]: (kind["spans"], kind["failing"]) for kind in kinds} == {
        "unspecified": (24, 0),
        "client": (17, 9),
    }

    html = await pages.html("/spans?order=slowest&q=name:chat")
    assert "All 41 spans of 12 traces were looked at." in html
    assert f'href="/traces/{trace_id(11).hex()}?span={(2).to_bytes(8).hex()}"' in html
    assert "PAYLOAD" not in html
    assert "No span matches this filter." in await pages.html("/spans?q=nothing")
    assert (await pages.get("/spans?q=kind:odd", headers=BROWSER)).status_code == 400
    for wrong in ("before=x", "before=1.zz", "order=best", "before=1.00.x.00"):
        assert (await pages.get(f"/spans.json?{wrong}")).status_code == 400, wrong
