"""A coding agent walks from a user to the arguments of the call that failed; the official SDK's client, both ways."""

import json
import re
import sys
import time
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from tests.agent_run import attributes, long_run, made
from tests.fix_server import ROOT, RunningServer
from tests.mcp_client import Agent, agent_over_http
from tests.run_cli import rainbarrel
from tests.spans_made import NOW
from web.filters import utc
from web.mcp_server.tool import BUDGET_MIN
from web.mcp_server.tools import BY_NAME

SECOND = 1_000_000_000
ASSOCIATION = "traceloop.association.properties."
TRACE_ID, LARGE_TRACE_ID, BIG_TRACE_ID = (bytes.fromhex(digits * 16) for digits in ("ca", "cb", "cc"))
STEPS = 5_000  # of four spans each
USER, CONVERSATION = "ada@example.com", "mcp/convo 1"
ARGUMENTS = {"order": 4711, "reason": "broken kettle. " * 400}


def failing_run() -> list[Span]:
    """An agent that refunds an order; the tool fails."""
    names = {"event_id": "mcp-e2", "user_id": USER, "convo_id": CONVERSATION}
    named = {ASSOCIATION + name: value for name, value in names.items()}
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "refunds", **named}
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "refund_order",
        "gen_ai.tool.call.arguments": ARGUMENTS,
    }
    search = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "find_order",
        "gen_ai.tool.call.arguments": {"text": "kettle"},
        "gen_ai.tool.call.result": {"order": 4711},
    }
    status = Status(code=Status.STATUS_CODE_ERROR, message="order 4711 is locked")
    return [
        made(TRACE_ID, 1, 0, "invoke_agent refunds", agent, NOW, NOW + SECOND),
        made(TRACE_ID, 2, 1, "execute_tool find_order", search, NOW + 1),
        made(TRACE_ID, 0xABCDEF, 1, "execute_tool refund_order", tool, NOW + 2, status=status),
    ]


def send_spans(server: RunningServer, spans: list[Span]) -> None:
    resource = Resource(attributes=attributes({"service.name": "support", "service.version": "1.4.0"}))
    for start in range(0, len(spans), 2_000):
        scope = ScopeSpans(spans=spans[start : start + 2_000])
        body = TracesData(resource_spans=[ResourceSpans(resource=resource, scope_spans=[scope])]).SerializeToString()
        headers = {"content-type": "application/x-protobuf"}
        assert httpx.post(f"{server.url}/v1/traces", content=body, headers=headers, timeout=60).status_code == 200


def event(number: int) -> dict[str, Any]:
    ai_data = {"input": f"Refund my kettle, please ({number})", "output": f"Answer {number}", "convo_id": CONVERSATION}
    moment = utc(NOW + (number - 2) * 10 * SECOND)
    return {"event_id": f"mcp-e{number}", "event": "chat", "user_id": USER, "timestamp": moment, "ai_data": ai_data}


def wait_until(holds: Any) -> None:
    deadline = time.monotonic() + 240
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture(scope="module")
def told(server: RunningServer) -> RunningServer:
    """The server after it was told of the user, three events and a trace that failed."""
    for path, body in (
        ("/v1/events/track", [event(1), event(2), event(3)]),
        ("/v1/users/identify", [{"user_id": USER, "traits": {"plan": "pro"}}]),
    ):
        assert httpx.post(server.url + path, json=body, timeout=60).is_success
    send_spans(server, failing_run())
    server.wait_for_trace(TRACE_ID.hex(), 3)

    def is_linked() -> bool:
        found = server.get("/v1/events/mcp-e2")
        return found.status_code == 200 and found.json()["data"]["error_count"] == 1

    wait_until(is_linked)
    return server


@asynccontextmanager
async def agent_over_stdio(server: RunningServer) -> Any:
    words = ["-m", "web.cli", "mcp", "--data-dir", str(server.data_dir)]
    async with Client(StdioServerParameters(command=sys.executable, args=words, cwd=ROOT)) as client:
        yield Agent(client)


def agents(server: RunningServer, way: str) -> AbstractAsyncContextManager[Agent]:
    return agent_over_http(server.url) if way == "http" else agent_over_stdio(server)


def objects(answer: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("way", ["http", "stdio"])
async def test_from_a_user_to_the_arguments_of_the_failing_call(told: RunningServer, way: str) -> None:
    async with agents(told, way) as agent:
        user, *events = objects(await agent.ask("get_user", user_id=USER, token_budget=1_500))
        assert (user["id"], user["traits"]) == (USER, {"plan": "pro"})
        conversation_id = events[0]["convo_id"]
        conversation, *events = objects(await agent.ask("get_conversation", conversation_id=conversation_id))
        assert conversation["message_count"] == 3
        assert [each["id"] for each in events] == ["mcp-e1", "mcp-e2", "mcp-e3"]
        (failing,) = [each for each in events if each.get("failed_tools")]
        trace = await agent.ask("get_trace", event_id=failing["id"], token_budget=1_000)
        assert trace.startswith(f"trace {TRACE_ID.hex()}")
        assert f"user: {USER}" in trace
        assert "release: 1.4.0" in trace
        (handle,) = re.findall(r"^\[(\w+)\] refund_order: error \(.*order 4711 is locked", trace, re.MULTILINE)
        assert trace.index("FAILURES (1)") < trace.index("TREE (3 lines)")
        await payload_in_slices(agent, handle)
        error = await agent.ask("get_span", trace_id=TRACE_ID.hex(), span=handle, part="error")
        assert json.loads(error.partition("\n")[2])["derived_status"] == "error"


async def payload_in_slices(agent: Agent, handle: str) -> None:
    near = await agent.ask("get_span", event_id="mcp-e2", span=handle, token_budget=BUDGET_MIN)
    assert "arguments (" in near
    read, offset = "", "0"
    while offset:
        given = {"span": handle, "part": "arguments", "offset": int(offset), "token_budget": 1_000}
        head, _, body = (await agent.ask("get_span", trace_id=TRACE_ID.hex(), **given)).partition("\n")
        read, offset = read + body, "".join(re.findall(r"next offset (\d+)", head))
    assert json.loads(read) == ARGUMENTS


async def test_every_tool_answers_within_the_smallest_budget_and_says_what_is_wrong(told: RunningServer) -> None:
    given: dict[str, dict[str, Any]] = {
        "get_event": {"event_id": "mcp-e2"},
        "search_events": {"query": "refund kettle"},
        "get_conversation": {"conversation_id": CONVERSATION},
        "get_user": {"user_id": USER},
        "get_trace": {"event_id": "mcp-e2"},
        "get_span": {"event_id": "mcp-e2", "span": f"{0xABCDEF:016x}"},
        "trace_as_file": {"event_id": "mcp-e2"},
        "list_traces": {"steps": "find_order ok then refund_order failed then gave up"},
        "list_issues": {"tool": "refund_order"},
        "get_signal": {"signal": "tool_error:refund_order"},
        "get_tool": {"tool": "refund_order"},
    }
    async with agent_over_http(told.url) as agent:
        listed = (await agent.client.list_tools()).tools
        assert {tool.name for tool in listed} == set(BY_NAME)
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in listed)
        (issue,) = objects(await agent.ask("list_issues", tool="refund_order"))
        given["get_issue"] = {"fingerprint": issue["fingerprint"]}
        for name in BY_NAME:
            text = await agent.ask(name, **given.get(name, {}), token_budget=BUDGET_MIN)
            assert "Nothing matches" not in text or name == "list_signals"
        assert TRACE_ID.hex() in await agent.ask("list_traces", **given["list_traces"])
        (tool,) = objects(await agent.ask("get_tool", tool="refund_order"))
        assert (tool["calls"]["errors"], tool["issue_count"]) == (1, 1)
        assert tool["issues"][0]["fingerprint"] == issue["fingerprint"]
        signal, event_met = objects(await agent.ask("get_signal", signal="tool_error:refund_order"))
        assert (signal["group_id"], event_met["id"]) == ("tool-errors", "mcp-e2")
        found = objects(await agent.ask("search_events", query="refund kettle", user_id=USER))
        assert {each["id"] for each in found} == {"mcp-e1", "mcp-e2", "mcp-e3"}
        assert "no parameter usr" in await agent.refused("list_events", usr="ada")
        assert "needs query" in await agent.refused("search_events")
        assert "Nothing is known of a tool none" in await agent.refused("get_tool", tool="none")
        assert "No event has the id none" in await agent.refused("get_event", event_id="none")
        assert "2 hexadecimal" in await agent.refused("get_trace", trace_id="none")
        assert "has no trace" in await agent.refused("get_trace", event_id="mcp-e1")
        assert "no tool drop" in await agent.refused("drop")


async def test_pages_of_a_list_follow_each_other_where_the_budget_ended(told: RunningServer) -> None:
    async with agent_over_http(told.url) as agent:
        seen, cursor = [], ""
        while True:
            asked = {"conversation_id": CONVERSATION, "cursor": cursor, "token_budget": 400}
            answer = await agent.ask("list_events", **asked)
            seen += [each["id"] for each in objects(answer)]
            if not (following := re.findall(r'cursor="([^"]+)"', answer)):
                break
            (cursor,) = following
    assert seen == ["mcp-e3", "mcp-e2", "mcp-e1"]


async def test_a_trace_as_a_file_needs_no_key_but_its_signature(told: RunningServer) -> None:
    async with agent_over_http(told.url) as agent:
        url = (await agent.ask("trace_as_file", trace_id=TRACE_ID.hex())).splitlines()[0]
    trace = httpx.get(url, timeout=60).json()
    assert (trace["trace_id"], len(trace["spans"])) == (TRACE_ID.hex(), 3)
    assert trace["tool_calls"][1]["arguments"] == ARGUMENTS
    place = url.rindex("/") + 4
    altered = url[:place] + ("A" if url[place] != "A" else "B") + url[place + 1 :]
    refused = httpx.get(altered, timeout=60)
    assert refused.status_code == 403
    assert "altered" in refused.json()["error"]


async def test_a_file_over_the_cap_is_refused_with_what_to_ask_for(told: RunningServer) -> None:
    agent_span = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "archivist"}
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "read_archive"}
    big, refused = "gen_ai.tool.call.result", Status(code=Status.STATUS_CODE_ERROR, message="the archive is damaged")
    spans = [made(BIG_TRACE_ID, 1, 0, "invoke_agent archivist", agent_span, NOW, NOW + SECOND)]
    spans += [made(BIG_TRACE_ID, n, 1, "read_archive", tool | {big: "page " * 400_000}, NOW + n) for n in range(2, 16)]
    send_spans(told, [*spans, made(BIG_TRACE_ID, 16, 1, "read_archive", tool, NOW + 16, status=refused)])
    wait_until(lambda: [each["span_count"] for each in told.get("/api/traces?q=archivist").json()["traces"]] == [16])
    trace_id, of_part = BIG_TRACE_ID.hex(), {}
    async with agent_over_http(told.url) as agent:
        for part in ("all", "tool_calls"):
            of_part[part] = await agent.refused("trace_as_file", trace_id=trace_id, part=part)
            assert "This file would have 28.0 MB, more than 25 MB" in of_part[part]
        assert "ask for one part (failures, tool_calls or spans)" in of_part["all"]
        assert 'ask for part="failures", or read single payloads with get_span' in of_part["tool_calls"]
        url = (await agent.ask("trace_as_file", trace_id=trace_id, part="failures")).splitlines()[0]
        text = await agent.ask("get_span", trace_id=trace_id, span=f"{2:016x}", part="result", offset=1_999_995)
    (failure,) = httpx.get(url, timeout=60).json()["tool_calls"]
    assert failure["error"]["message"] == "the archive is damaged"
    assert text.endswith("page ")


async def test_20000_spans_are_told_within_the_budget(told: RunningServer) -> None:
    spans, trace_id = list(long_run(LARGE_TRACE_ID, STEPS, 10, stuck=False)), LARGE_TRACE_ID.hex()
    send_spans(told, spans)

    def is_derived() -> bool:
        traces = told.get("/api/traces?q=long-agent").json()["traces"]
        return any(trace["trace_id"] == trace_id and trace["span_count"] == len(spans) for trace in traces)

    wait_until(is_derived)
    async with agent_over_http(told.url) as agent:
        for budget in (BUDGET_MIN, 1_000, 4_000):
            text = await agent.ask("get_trace", trace_id=trace_id, token_budget=budget)
            assert f"FAILURES ({STEPS // 10})" in text
            assert re.search(r"[\d,]+ more failures: get_trace\(", text)
        assert "20,001 spans" in text
        (handle,) = re.findall(r'more spans: get_trace\("\w+", after="(\w+)"\)', text)
        following = await agent.ask("get_trace", trace_id=trace_id, after=handle, token_budget=1_000)
        assert handle not in re.findall(r"\[(\w+)\]", following)
        last = f"{STEPS * 4 + 1:016x}"
        assert "nothing more" in await agent.ask("get_trace", trace_id=trace_id, after=last)
        below = await agent.ask("get_trace", trace_id=trace_id, under=f"{2:016x}")
        assert len(re.findall(r"\[\w+\] (llm|tool|other)", below)) == 3
        assert "no line with the handle" in await agent.refused("get_trace", trace_id=trace_id, under="none")


def test_stdio_says_in_a_sentence_that_no_server_runs(tmp_path: Any) -> None:
    ended = rainbarrel("mcp", "--data-dir", tmp_path)
    assert ended.returncode == 1
    assert ended.stdout == b""
    assert b"No server runs on" in ended.stderr
