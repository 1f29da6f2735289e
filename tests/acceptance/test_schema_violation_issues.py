"""Arguments against the schema that a model was offered: in the JSON of the trace, the pane, issues and verdicts."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from tests.spans_made import new_id
from trace_store.model import AcceptedSpan

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def run(trace_id: bytes, arguments: Any, *, fails: bool = False, conversation: str = "") -> list[AcceptedSpan]:
    """A model call that is offered `weather` and asks for it, and the tool's span."""
    asks = {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": arguments}
    offered = [{"type": "function", "name": "weather", "parameters": SCHEMA | {"required": ["city"]}}]
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.tool.definitions": offered,
        "gen_ai.output.messages": [{"role": "assistant", "parts": [asks]}],
    }
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.call.arguments": arguments,
        "gen_ai.tool.call.result": {"sky": "blue"},
    }
    if fails:
        del tool["gen_ai.tool.call.result"]
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": conversation or trace_id.hex()}
    start = time.time_ns()
    status = Status(code=Status.STATUS_CODE_ERROR, message="city is no text") if fails else Status()
    return accepted(
        [
            made(trace_id, 1, 0, "invoke_agent travel", agent, start),
            made(trace_id, 2, 1, "chat gpt-5", chat, start + 1_000_000),
            made(trace_id, 3, 1, "execute_tool weather", tool, start + 20_000_000, status=status),
        ],
        release="1",
    )


async def test_a_call_that_worked_is_an_issue_of_its_own(pages: Pages) -> None:
    first, second, fine = new_id(16), new_id(16), new_id(16)
    await pages.store_and_derive(
        [*run(first, {"days": 2}), *run(second, {}), *run(fine, {"city": "Bonn", "days": "2"})]
    )
    (call,) = (await pages.json(f"/api/traces/{first.hex()}"))["tool_calls"]
    assert call["status"] == "ok"
    told = {"path": "city", "expected": "a value", "got": "nothing", "rule": "required"}
    assert call["violation"] == [told]
    assert (await pages.json(f"/api/traces/{fine.hex()}"))["tool_calls"][0]["violation"] is None
    (issue,) = (await pages.json("/api/issues"))["issues"]
    assert (issue["kind"], issue["tool"], issue["events"]) == ("schema_violation", "weather", 2)
    assert issue["title"] == "The arguments break the schema at city: expected a value"
    near = await pages.json(f"/api/issues/{issue['fingerprint']}?kind=schema_violation")
    assert [example["violation"] for example in near["examples"]] == [[told], [told]]
    shapes = [[(key["key"], key["state"]) for key in shape["keys"]] for shape in near["argument_shapes"]["shapes"]]
    assert sorted(shapes) == [[("city", "missing")], [("city", "missing"), ("days", "given")]]
    returned = (await pages.json("/tools/weather.json"))["returned"]
    assert (returned["calls_looked_at"], returned["results"], returned["p95_bytes"]) == (3, 3, len('{"sky":"blue"}'))
    for release, count in (("1", 3), ("2", 0)):
        returned = (await pages.json(f"/tools/weather.json?release={release}"))["returned"]
        assert (returned["results"] if returned else 0) == count
    page = await pages.html(f"/issues/{issue['fingerprint']}")
    assert page.count('data-state="missing"') == 2
    assert "Schema violation" in page
    assert "data-violation" in page
    pane = await pages.html(f"/traces/{first.hex()}/spans/{3:016x}")
    assert "data-violations" in pane
    assert 'href="/tools/weather"' in pane
    assert "city: expected a value" in pane[pane.index("data-form") :], "the form marks the key"
    assert f"/issues/{issue['fingerprint']}" in pane
    assert "data-violations" not in await pages.html(f"/traces/{fine.hex()}/spans/{3:016x}")
    assert (await pages.json("/api/signals"))["derived"] == []


async def test_a_call_that_failed_is_one_issue_with_a_likely_cause(pages: Pages) -> None:
    trace_id = new_id(16)
    await pages.store_and_derive(run(trace_id, {"city": ["Bonn"]}, fails=True))
    (issue,) = (await pages.json("/api/issues"))["issues"]
    assert issue["kind"] == "tool_error"
    near = await pages.json(f"/api/issues/{issue['fingerprint']}")
    assert [each["path"] for each in near["examples"][0]["violation"]] == ["city"]
    assert "Likely cause" in await pages.html(f"/issues/{issue['fingerprint']}")


async def test_what_a_person_says_of_it_takes_it_out(pages: Pages) -> None:
    trace_id = new_id(16)
    await pages.store_and_derive(run(trace_id, {"days": 2}))
    path = f"/api/findings/{trace_id.hex()}/call:{3:016x}/verdict"
    response = await pages.client.post(path, json={"verdict": "not_an_error"})
    assert response.status_code == 200, response.text
    await pages.derive()
    assert (await pages.json("/api/issues"))["issues"] == []
    (counted,) = (await pages.json("/settings/verdicts.json"))["precision"]
    assert (counted["kind"], counted["rule"]) == ("schema_violation", "schema.required")


async def test_traces_of_one_conversation_keep_their_violations(pages: Pages) -> None:
    traces = [new_id(16), new_id(16)]
    for trace_id in traces:
        await pages.store_and_derive(run(trace_id, {"days": 2}, conversation="shared"))
    (issue,) = (await pages.json("/api/issues"))["issues"]
    assert (issue["events"], issue["conversations"]) == (2, 1)
