"""The query API over a real store: lists and filters, totals, exports, events, and what it says when it cannot."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

import orjson
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otlp_receiver.decode import decode_traces
from tests.agent_run import MILLISECOND, accepted, agent_run, made
from tests.fix_pages import BROWSER, EventStream, Pages, running_pages, store
from tests.fix_proxy import database_proxy
from tests.spans_made import NOW

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
TOOL: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
TOOL["gen_ai.tool.call.arguments"] = {"number": 1}
ERROR = Status(code=Status.STATUS_CODE_ERROR, message="gateway timed out")


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def trace_id(number: int) -> bytes:
    return number.to_bytes(16)


def question(number: int, text: str, age_s: int = 0, **values: Any) -> Span:
    """A trace of one model call that began so many seconds ago."""
    messages = [{"role": "user", "parts": [{"type": "text", "content": text}]}]
    more = {key.replace("__", "."): value for key, value in values.items()}
    start = NOW - age_s * 1000 * MILLISECOND
    return made(trace_id(number), 1, 0, "chat", CHAT | {"gen_ai.input.messages": messages} | more, start)


async def listed(pages: Pages, query: str = "") -> list[int]:
    """The numbers of the traces that a list shows."""
    found = await pages.json(f"/api/traces?{query}")
    assert found["shown"] == len(found["traces"])
    return [int(trace["trace_id"], 16) for trace in found["traces"]]


async def test_filters(pages: Pages) -> None:
    failing = [made(trace_id(5), n, values=TOOL, start_ns=NOW - (9 - n) * MILLISECOND, status=ERROR) for n in (1, 2, 3)]
    spans = [
        question(1, "Is 100% of order_1 paid?", gen_ai__conversation__id="c-1"),
        question(2, "Is 100 of orderX1 paid?", 60, gen_ai__conversation__id="c-2"),
        question(3, "What is a\\b?", 7200),
        made(trace_id(4), 1, name="GET /", start_ns=NOW - 3 * 86_400_000 * MILLISECOND, status=ERROR),
        *failing,
    ]
    await pages.store_and_derive(accepted(spans))
    assert await listed(pages) == [1, 5, 2, 3, 4]
    assert await listed(pages, "q=ORDER") == [1, 2]
    assert await listed(pages, "q=100%25") == [1]
    assert await listed(pages, "q=order_1") == [1]
    assert await listed(pages, "q=a%5Cb") == [3]
    assert await listed(pages, "q=gateway%20timed") == [5]
    assert await listed(pages, "q=%00nothing%ff") == []
    assert await listed(pages, "errors=1") == [5, 4]
    assert await listed(pages, "loops=1") == [5]
    assert await listed(pages, "conversation=c-2") == [2]
    assert await listed(pages, "range=1h") == [1, 5, 2]
    assert await listed(pages, f"since={NOW - 7200 * 1000 * MILLISECOND}&until={NOW}") == [5, 2, 3]
    assert await listed(pages, "until=2001-01-01") == []
    assert await listed(pages, "limit=2") == [1, 5]
    assert len(await listed(pages, "limit=9999")) == 5


async def test_a_summary_says_what_lists_show(pages: Pages) -> None:
    await pages.store_and_derive(accepted([question(7, "Refund order 1?", enduser__id="u-1")]))
    (row,) = (await pages.json("/api/traces"))["traces"]
    assert row["trace_id"] == trace_id(7).hex()
    assert row["start_unix_nano"] == str(NOW)
    assert row["input_preview"] == "Refund order 1?"
    assert (row["live"], row["span_count"], row["steps"], row["models"]) == (False, 1, "L", ["gpt-4o"])
    assert await pages.json("/traces.json") == await pages.json("/api/traces")


async def test_pages_of_the_list_while_traces_arrive(pages: Pages) -> None:
    await pages.store_and_derive(accepted(made(trace_id(n), 1, start_ns=NOW + n // 3) for n in range(1, 121)))
    seen: list[int] = []
    query, arrived = "limit=25", 1000
    while True:
        found = await pages.json(f"/api/traces?{query}")
        seen += [int(trace["trace_id"], 16) for trace in found["traces"]]
        if found["next"] is None:
            break
        query, arrived = f"limit=25&after={found['next']}", arrived + 1
        await pages.store_and_derive(accepted([made(trace_id(arrived), 1, start_ns=NOW + arrived)]))
    assert seen == list(range(120, 0, -1))
    assert len(await listed(pages, "limit=500")) == 120 + arrived - 1000


async def test_totals(pages: Pages) -> None:
    await pages.store(agent_run(trace_id(1), steps=2))
    waiting = await pages.json("/api/stats")
    assert (waiting["spans"], waiting["traces"]) == (9, 0)
    assert waiting["dirty"] >= 1
    assert waiting["derive_lag_s"] > 0
    await pages.derive()
    await pages.store_and_derive(agent_run(trace_id(1), steps=2))
    found = await pages.json("/api/stats")
    assert (found["spans"], found["traces"], found["dirty"], found["derive_lag_s"]) == (9, 1, 0, 0)
    database = found["database"]
    assert (database["tier"], database["timescaledb_version"]) == ("postgresql", None)
    assert database["schema_version"] >= 1
    assert database["size_bytes"] > 0
    assert database["server_version"].startswith("18")


async def test_otlp_comes_back_as_it_was_sent(pages: Pages) -> None:
    run = agent_run(trace_id(1), steps=5)
    await pages.store(run)
    path = f"/api/traces/{trace_id(1).hex()}/otlp"
    as_json = await pages.get(path)
    assert as_json.headers["content-type"] == "application/json"
    as_protobuf = await pages.get(path, headers={"accept": "application/x-protobuf"})
    assert as_protobuf.headers["content-type"] == "application/x-protobuf"
    for again in (decode_traces(as_json.content, "json", 1), decode_traces(as_protobuf.content, "protobuf", 1)):
        assert [_without_bytes(span) for span in _by_id(again.spans)] == [_without_bytes(span) for span in _by_id(run)]
    exact = decode_traces(as_protobuf.content, "protobuf", 1).spans
    assert [span.otlp for span in _by_id(exact)] == [span.otlp for span in _by_id(run)]
    assert (await pages.get(f"/api/traces/{'ab' * 16}/otlp")).status_code == 404


def _by_id(spans: Iterable[Any]) -> list[Any]:
    return sorted(spans, key=lambda span: span.span_id)


def _without_bytes(span: Any) -> Any:
    """A span without what its encoding alone decides."""
    return span._replace(otlp=Span.FromString(span.otlp).SerializeToString(deterministic=True))


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/traces/xyz", 400, "xyz is no trace id: 32 hexadecimal digits are needed."),
        (f"/api/traces/{'ab' * 16}", 404, f"No span of trace {'ab' * 16} is stored"),
        (f"/traces/{'ab' * 16}/spans/12", 400, "12 is no span id: 16 hexadecimal digits are needed."),
        (f"/traces/{'ab' * 16}/spans/{'cd' * 8}", 404, f"Span {'cd' * 8} of trace {'ab' * 16} is not stored."),
        (f"/traces/%09{'ab' * 16}", 400, "is no trace id"),
        (f"/traces/{'ab' * 16}?span=q", 400, "q is no span id"),
        ("/api/traces?limit=0", 400, "limit=0 is no number from 1 to 500."),
        ("/api/traces?after=zz", 400, "after=zz is no cursor"),
        ("/api/nothing", 404, "There is nothing at /api/nothing."),
        ("/static/nothing.js", 404, "There is nothing at /static/nothing.js."),
        ("/static/%00", 404, "There is nothing at /static/\0."),
    ],
)
async def test_errors_are_a_sentence(pages: Pages, path: str, status: int, said: str) -> None:
    response = await pages.get(path)
    assert response.status_code == status
    assert said in response.json()["error"]
    if not path.startswith("/api"):
        page = await pages.get(path, headers=BROWSER)
        assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert f"Error {status}" in page.text


async def test_only_reading_is_possible(pages: Pages) -> None:
    for path in ("/api/traces", "/traces", "/static/css/base.css"):
        response = await pages.client.post(path)
        assert response.status_code == 405
        assert response.json() == {"error": "POST is not possible here."}
        assert "GET" in response.headers["allow"]
        head, get = await pages.client.head(path), await pages.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
    assert (await pages.client.head(f"/api/traces/{'ab' * 16}")).status_code == 404
    assert (await pages.client.head("/traces/events")).status_code == 405


async def test_a_trace_that_is_not_derived_yet(pages: Pages) -> None:
    await pages.store(agent_run(trace_id(1), steps=3))
    found = await pages.json(f"/api/traces/{trace_id(1).hex()}")
    assert found["live"]
    assert len(found["tool_calls"]) == 3
    page = await pages.html(f"/traces/{trace_id(1).hex()}")
    assert 'data-live="yes"' in page
    assert await listed(pages) == []


async def test_events_of_a_trace_tell_of_a_late_span(pages: Pages) -> None:
    run = agent_run(trace_id(1), steps=2)
    await pages.store_and_derive(run[:-1])
    stream = EventStream(pages.app, f"/traces/{trace_id(1).hex()}/events")
    headers = await stream.started
    assert headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in headers
    first = changed(await stream.next_event())
    assert (first["span_count"], first["live"]) == (8, False)
    await pages.store_and_derive(run)
    second = changed(await stream.next_event())
    assert second["span_count"] == 9
    assert second["version"] != first["version"]
    pages.stop.set()
    await asyncio.wait_for(stream.is_over.wait(), 60)


async def test_events_of_the_list_go_on_for_the_others_when_a_page_is_closed(pages: Pages) -> None:
    first, second = (EventStream(pages.app, "/traces/events") for _ in range(2))
    empty = {changed(await first.next_event())["version"], changed(await second.next_event())["version"]}
    assert len(empty) == 1
    await first.leave()
    await pages.store_and_derive(agent_run(trace_id(1), steps=1))
    assert changed(await second.next_event())["version"] not in empty
    await second.leave()
    third = EventStream(pages.app, "/traces/events")
    assert changed(await third.next_event())["version"] not in empty
    await third.leave()


def changed(event: str) -> Any:
    name, _, data = event.strip().partition("\n")
    assert name == "event: changed"
    return orjson.loads(data.removeprefix("data: "))


async def test_without_the_database_everything_says_so_and_recovers(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "psycopg.pool")
    await store(database, agent_run(trace_id(1), steps=1))
    with database_proxy(database) as proxy:
        async with running_pages(proxy.conninfo) as pages:
            await pages.json("/api/stats")
            await asyncio.to_thread(proxy.refuse)
            answers = await asyncio.gather(
                pages.get("/api/stats"), pages.get("/traces", headers=BROWSER), pages.get("/traces.json")
            )
            assert [answer.status_code for answer in answers] == [503, 503, 503]
            assert {answer.headers["retry-after"] for answer in answers} == {"2"}
            assert answers[0].json()["error"].startswith("The database cannot be reached right now")
            assert "The database cannot be reached right now" in answers[1].text
            await asyncio.to_thread(proxy.accept)
            assert (await pages.json(f"/api/traces/{trace_id(1).hex()}"))["span_count"] == 5
            await pages.html("/traces")
