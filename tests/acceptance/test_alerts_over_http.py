"""Alert rules end to end: spans go in over HTTP, and a webhook arrives at a real HTTP server, once."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from tests.agent_run import agent_run, attributes, made
from tests.charts_shown import drawn_chart
from tests.fix_endpoints import HttpEndpoint, http_endpoint, status
from tests.fix_pages import Pages, running_pages
from tests.fix_server import RunningServer
from tests.run_cli import rainbarrel
from tests.spans_made import new_id
from tool_errors.delivery.channel_config import read_config
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.connections import make_pool
from web.processes.server_file import read_running

SECRET = "a secret of the receiver"
DEADLINE_S = 180.0
COUNT: dict[str, Any] = {"kind": "count", "at_least": 3, "window_s": 86_400}


class Client:
    """What a person does at a running server."""

    def __init__(self, server: RunningServer, http: httpx.AsyncClient) -> None:
        self._server, self._http = server, http

    async def channel(self, endpoint: HttpEndpoint) -> int:
        said = read_running(self._server.data_dir)
        assert said
        config = read_config("webhook", {"url": endpoint.url, "secret": SECRET})
        async with make_pool(said.database_url, "test", 1) as pool:
            return await ChannelStore(pool).add(1, "webhook", new_id(8).hex(), config, Notices())

    async def rule(self, definition: dict[str, Any], channel_id: int) -> int:
        body = {"name": new_id(8).hex(), "definition": definition, "channel_ids": [channel_id]}
        return int((await self.post("/api/alerts", body, 201))["rule_id"])

    async def post(self, path: str, body: dict[str, Any], expected: int = 200) -> Any:
        answer = await self._http.post(path, json=body)
        assert answer.status_code == expected, answer.text
        return answer.json()

    async def send_failures(self, release: str, steps: int, fails_every: int = 1) -> str:
        """A run whose tool calls fail; the id of its trace. Others send such runs too: hence a release."""
        trace_id = new_id(16)
        await self.send([Span.FromString(span.otlp) for span in agent_run(trace_id, steps, fails_every)], release)
        return trace_id.hex()

    async def send(self, spans: list[Span], release: str = "") -> None:
        resource = Resource(attributes=attributes({"service.version": release}))
        of_resource = ResourceSpans(resource=resource, scope_spans=[ScopeSpans(spans=spans)])
        body = TracesData(resource_spans=[of_resource]).SerializeToString()
        sent = await self._http.post("/v1/traces", content=body, headers={"content-type": "application/x-protobuf"})
        assert sent.status_code == 200

    async def calls(self, trace_id: bytes) -> int:
        """How many spans of a trace are derived."""
        answer = await self._http.get(f"/api/traces/{trace_id.hex()}")
        return int(answer.json()["span_count"]) if answer.status_code == 200 else 0

    async def put(self, rule_id: int, body: dict[str, Any]) -> None:
        answer = await self._http.put(f"/api/alerts/{rule_id}", json=body)
        assert answer.status_code == 200, answer.text

    async def alert(self, rule_id: int) -> Any:
        return (await self._http.get(f"/api/alerts/{rule_id}")).json()

    async def until_told(self, endpoint: HttpEndpoint, count: int) -> list[tuple[str, str]]:
        """Waits for so many messages: kind and delivery id of each."""
        async with asyncio.timeout(DEADLINE_S):
            while len(endpoint.posts) < count:
                await asyncio.sleep(0.05)
        return [(post.json["subject"]["kind"], post.delivery_id) for post in endpoint.posts]


def new_release() -> str:
    """One that nobody else sends, nor an earlier run."""
    return secrets.token_hex(8)


@asynccontextmanager
async def client_of(server: RunningServer) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        yield Client(server, http)


async def test_spans_go_in_and_one_message_comes_out_however_the_endpoint_fails(server: RunningServer) -> None:
    async with client_of(server) as client, http_endpoint(status(500), status(503), status(200)) as hook:
        quiet = await client.rule(COUNT | {"filters": {"release": new_release()}}, await client.channel(hook))
        release = new_release()
        filters = {"tool": "look_up", "release": release}
        rule_id = await client.rule(COUNT | {"per": "issue", "filters": filters}, await client.channel(hook))
        trace_id = await client.send_failures(release, 3)
        told = await client.until_told(hook, 3)
        assert {kind for kind, _ in told} == {"fired"}
        assert len(set(told)) == 1, "the same id at every attempt"
        subject = hook.posts[-1].json["subject"]
        assert (subject["events"] >= 3, trace_id in subject["trace_ids"], subject["tool"]) == (True, True, "look_up")
        found = await client.alert(rule_id)
        assert (found["state"], found["firings_total"]) == ("firing", 1)
        assert (await client.alert(quiet))["state"] == "ok"
        changed = {"name": found["name"], "channel_ids": found["channel_ids"]}
        await client.put(rule_id, changed | {"definition": COUNT | {"at_least": 1_000_000}})
        told = await client.until_told(hook, 4)
        assert [kind for kind, _ in told] == ["fired"] * 3 + ["resolved"]
        assert told[3][1] != told[2][1]
        assert (await client.alert(rule_id))["state"] == "ok"
        await client.put(rule_id, changed | {"definition": COUNT, "is_enabled": False})
        assert (await client.alert(rule_id))["state"] == "off"


async def test_every_match_is_one_message_and_a_snoozed_rule_is_silent(server: RunningServer) -> None:
    async with client_of(server) as client, http_endpoint() as hook, http_endpoint() as silent:
        release = new_release()
        matches = {"kind": "match", "filters": {"tool": "look_up", "kinds": ["tool_error"], "release": release}}
        rule_id = await client.rule(matches, await client.channel(hook))
        snoozed = await client.rule(matches, await client.channel(silent))
        await client.post(f"/api/alerts/{snoozed}/snooze", {"for_s": 3600})
        trace_id = await client.send_failures(release, 4, fails_every=2)
        await client.until_told(hook, 2)
        await client.send_failures(release, 2, fails_every=2)
        told = await client.until_told(hook, 3)
        assert ([kind for kind, _ in told], len(set(told))) == (["match"] * 3, 3)
        assert [post.json["subject"]["trace_ids"] for post in hook.posts[:2]] == [[trace_id]] * 2
        found = await client.alert(snoozed)
        assert found["state"] == "snoozed"
        async with asyncio.timeout(DEADLINE_S):
            while (found := await client.alert(snoozed))["firings_total"] < 3:
                await asyncio.sleep(0.05)
        assert ([firing["is_snoozed"] for firing in found["firings"]], silent.posts) == ([True] * 3, [])
        for one in (rule_id, snoozed):
            removed = await client._http.delete(f"/api/alerts/{one}")
            assert removed.status_code == 204


async def test_a_loop_is_told_at_its_third_repeat_while_it_goes_on(server: RunningServer) -> None:
    trace_id, tool = new_id(16), new_id(8).hex()
    words = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    words["gen_ai.tool.call.arguments"] = '{"order": 7}'
    failed = Status(code=Status.STATUS_CODE_ERROR, message="the order is locked")
    async with client_of(server) as client, http_endpoint() as hook:
        rule_id = await client.rule(
            {"kind": "match", "filters": {"tool": tool, "kinds": ["loop"]}}, await client.channel(hook)
        )

        async def repeat(number: int) -> None:
            call = {**words, "gen_ai.tool.call.id": f"call-{number}"}
            now = time.time_ns()
            await client.send([made(trace_id, number, 1, "call", call, now, now + 1, status=failed)])
            async with asyncio.timeout(DEADLINE_S):
                while await client.calls(trace_id) < number - 1:
                    await asyncio.sleep(0.05)

        await repeat(2)
        await repeat(3)
        assert hook.posts == [], "two calls are no loop"
        await repeat(4)
        told = await client.until_told(hook, 1)
        assert hook.posts[0].json["subject"]["trace_ids"] == [trace_id.hex()]
        await repeat(5)
        assert (await client.alert(rule_id))["firings_total"] == 1
        assert len({delivery for _, delivery in told}) == 1


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        await running.store_and_derive(agent_run(b"\7" * 16, 12, fails_every=3))
        yield running


async def test_a_back_test_says_when_a_rule_would_have_fired(pages: Pages) -> None:
    async def tested(definition: dict[str, Any]) -> Any:
        answer = await pages.client.post("/api/alerts/backtest", json={"definition": definition, "days": 2})
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = await tested(COUNT)
    assert (found["findings"], found["findings_total"], found["firings_total"]) == (4, 4, 1)
    (firing,) = found["firings"]
    assert (firing["value"], firing["trace_ids"], firing["resolved_unix_nano"]) == (3, ["07" * 16], None)
    assert len(found["course"]) == 84
    assert {point["threshold"] for point in found["course"]} == {3}
    assert max(point["value"] for point in found["course"]) == 4
    assert (await tested({"kind": "match", "filters": {"tool": "look_up"}}))["firings_total"] == 4
    assert (await tested({"kind": "first_seen"}))["firings_total"] == 1
    assert (await tested({"kind": "regression"}))["firings_total"] == 0
    assert (await tested({"kind": "rate", "tool": "look_up"}))["firings_total"] == 0
    assert (await tested(COUNT | {"filters": {"user": "nobody"}}))["firings"] == []
    assert (await pages.json("/api/alerts"))["rules"] == [], "nothing is stored"


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({"name": "a", "definition": {"kind": "often"}}, 400, "whose kind is count"),
        ({"name": " ", "definition": COUNT}, 400, "A rule needs a name"),
        ({"name": "a", "definition": COUNT, "channel_ids": [7]}, 400, "channel_ids names no channels: [7]"),
        ({"name": "a", "definition": COUNT, "when": 1}, 400, "when: an alert rule has name"),
        ({"name": "taken", "definition": COUNT}, 409, "alert rule of that name"),
    ],
)
async def test_what_is_refused_says_why(pages: Pages, body: dict[str, Any], code: int, says: str) -> None:
    assert (await pages.client.post("/api/alerts", json={"name": "taken", "definition": COUNT})).status_code == 201
    refused = await pages.client.post("/api/alerts", json=body)
    assert (refused.status_code, says in refused.json()["error"]) == (code, True), refused.text
    foreign = await pages.client.post("/api/alerts", json=body, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert (await pages.get("/api/alerts/99")).status_code == 404
    assert (await pages.client.post("/api/alerts/1/snooze", json={"for_s": "x"})).status_code == 400
    assert (await pages.client.post("/api/alerts/backtest", json={"definition": COUNT, "days": 99})).status_code == 400


async def test_the_pages_make_test_change_and_remove_a_rule(pages: Pages) -> None:
    assert "No alert rule yet" in await pages.html("/alerts")
    form = {"name": "Often", "kind": "count", "counts": "events", "at_least": "3", "window_minutes": "60"}
    form |= {"per": "rule", "kinds": "tool_error,soft_error", "is_enabled": "1", "days": "7"}
    tested = await pages.client.post("/alerts/new", data=form | {"action": "backtest"})
    assert "would have fired once in the last 7 days" in tested.text
    drawn = drawn_chart(tested.text)
    assert (max(drawn["series"][0]["values"]), set(drawn["line"]["values"]), len(drawn["spans"])) == (4, {3}, 1)
    assert '<td class="number">4</td><td class="number">3</td>' in tested.text
    assert "line: 3 events" in tested.text
    refused = await pages.client.post("/alerts/new", data=form | {"at_least": "many", "action": "save"})
    assert (refused.status_code, "at least: &#39;many&#39; is no number" in refused.text) == (400, True)
    saved = await pages.client.post("/alerts/new", data=form | {"action": "save"})
    assert saved.status_code == 303
    path = saved.headers["location"].partition("?")[0]
    found = await pages.json(f"{path}.json")
    assert found["definition"]["filters"] == {"kinds": ["tool_error", "soft_error"]}
    assert 'value="Often"' in await pages.html(saved.headers["location"])
    listed = await pages.html("/alerts")
    assert "3 events or more within 1 hour, tool errors, soft errors" in listed
    assert "nobody is told" in listed
    rate = {"kind": "rate", "rate_tool": "look_up", "times": "3", "rate_percent": "10", "calls_min": "7"}
    changed = await pages.client.post(path, data=form | rate | {"action": "save"})
    assert changed.status_code == 303
    definition = (await pages.json(f"{path}.json"))["definition"]
    assert (definition["kind"], definition["times"], definition["rate_at_least"]) == ("rate", 3.0, 0.1)
    await pages.client.post(path, data={"action": "snooze", "for_s": "3600"})
    assert (await pages.json("/alerts.json"))["rules"][0]["state"] == "snoozed"
    foreign = {"origin": "https://elsewhere.example"}
    assert (await pages.client.post(path, data={"action": "remove"}, headers=foreign)).status_code == 403
    assert (await pages.client.post(path, data={"action": "remove"})).status_code == 303
    assert (await pages.get(path)).status_code == 404


async def test_the_command_lists_tests_adds_and_snoozes(pages: Pages) -> None:
    def say(*words: str) -> str:
        said = rainbarrel("alerts", "--database-url", pages.conninfo, *words)
        assert said.returncode == 0, said.stderr
        return said.stdout.decode()

    definition = '{"kind": "match", "filters": {"tool": "look_up"}}'
    assert "no alert rule yet" in await asyncio.to_thread(say, "list")
    assert "fired 4 times in 7 days" in await asyncio.to_thread(say, "backtest", definition)
    assert "Alert rule 1" in await asyncio.to_thread(say, "add", "Look-ups", definition)
    assert "Nobody is told until" in await asyncio.to_thread(say, "snooze", "1", "--hours", "2")
    assert "1  snoozed   Look-ups: every finding, all kinds; tool look_up" in await asyncio.to_thread(say, "list")
