"""No route shows anything of a project to whom its key does not open it: every route of the application is tried.

Each answer on the way has to carry the headers that guard pages (web/requests/security_headers.py).
"""

import re
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from otlp_receiver.decode_protobuf import decode_traces
from tests.fix_pages import BROWSER, Pages, new_key, pages_with_keys
from tests.interactions_seeded import conversations_of, interaction, seed, users_of
from web.demo.runs import FINISHED
from web.demo.spans import RunRecorder, export_request

MARKER = "planted-9f3"
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
ENDLESS = {"/traces/events", "/traces/{trace_id}/events", "/live/events"}
SEEN_MIN = 28  # routes that must show the marker to its owner: else this test would prove nothing


@dataclass
class Neighbours:
    """Project `ours`, which is empty, and project `theirs`, which holds everything."""

    pages: Pages
    ours: dict[str, str]  # headers with an admin key
    theirs: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)  # of things in `theirs`, by name of the path parameter

    async def post(self, path: str, **options: Any) -> Any:
        answer = await self.pages.client.post(path, headers=self.theirs, **options)
        assert answer.status_code in (200, 201, 303), (path, answer.text)
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None


@pytest.fixture
async def neighbours(database: str) -> AsyncIterator[Neighbours]:
    async with pages_with_keys(database) as pages:
        ours, theirs = await new_key(database, "admin", "ours"), await new_key(database, "admin", "theirs")
        both = Neighbours(pages, {"x-api-key": ours}, {"authorization": f"Bearer {theirs}"})
        await fill(both, await project_id(pages, "theirs"))
        yield both


async def project_id(pages: Pages, slug: str) -> int:
    ring = await pages.app.state.context.control.ring.fresh()
    return int(ring.projects[slug].project_id)


async def fill(both: Neighbours, project: int) -> None:
    """Agent runs with failures and a loop, and one of each thing that people make; everything bears the marker."""
    for run in FINISHED:
        asked = replace(run, question=f"{MARKER} {run.question}")
        recorder = RunRecorder(asked, time.time_ns() - 20_000_000_000, f"{MARKER}-{secrets.token_hex(3)}")
        spans = recorder.record()
        for span in spans:
            span.name = f"{MARKER} {span.name}"
        await both.pages.store(decode_traces(export_request(spans), project).spans)
    await both.pages.derive()
    seed_interactions(both, project)
    rule = {
        "name": MARKER,
        "definition": {"kind": "count", "counts": "events", "at_least": 5, "window_s": 3600, "per": "issue"},
    }
    both.ids |= {
        "rule_id": await first_rule(both, rule),
        "signal_id": (await both.post("/api/signals", json={"name": MARKER, "pattern": MARKER}))["id"],
    }
    channel = {"kind": "slack", "name": MARKER, "url": f"https://hooks.slack.com/services/{MARKER}"}
    both.ids["channel_id"] = str((await both.post("/api/channels", data=channel))["id"])
    traces = (await both.pages.get("/api/traces?errors=1", headers=both.theirs)).json()["traces"]
    trace = (await both.pages.get(f"/api/traces/{traces[0]['trace_id']}", headers=both.theirs)).json()
    call = next(call for call in trace["tool_calls"] if call["status"] == "error")
    issues = (await both.pages.get("/api/issues", headers=both.theirs)).json()["issues"]
    both.ids |= {
        "trace_id": trace["trace_id"],
        "span_id": call["span_id"],
        "name": trace["conversation_id"],
        "fingerprint": issues[0]["fingerprint"],
        "finding_key": f"call:{call['span_id']}",
    }
    verdict = {"verdict": "right", "note": MARKER}
    await both.post(f"/api/findings/{trace['trace_id']}/call:{call['span_id']}/verdict", json=verdict)


def seed_interactions(both: Neighbours, project: int) -> None:
    asked = interaction("evt-1", 0, user_id="user-1", conversation_id="convo-1", input=f"{MARKER} question")
    rows = [replace(asked, project_id=project)]
    users = [replace(row, project_id=project) for row in users_of(rows, {"user-1": {"plan": MARKER}})]
    seed(both.pages.conninfo, "interactions", rows)
    seed(both.pages.conninfo, "users", users)
    conversations = [replace(row, project_id=project) for row in conversations_of(rows)]
    seed(both.pages.conninfo, "conversations", conversations)
    both.ids |= {
        "event_id": "evt-1",
        "user_id": "user-1",
        "conversation_id": "convo-1",
        "group_id": "patterns",
        "key_id": "2",
        "token": "unsigned",
    }


async def first_rule(both: Neighbours, rule: dict[str, Any]) -> str:
    answer = await both.pages.client.post("/api/alerts", headers=both.theirs, json=rule)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["rule_id"])


def paths(pages: Pages, ids: dict[str, str], method: str) -> list[str]:
    """Every path of the application that takes the method, with the ids of things of `theirs` filled in."""
    found = []
    for path, methods in pages.app.openapi()["paths"].items():
        if method.lower() not in methods or path in ENDLESS:
            continue
        missing = [name for name in PARAMETER.findall(path) if name not in ids]
        assert not missing, f"{path} has parameters that this test knows nothing of: {missing}"
        found.append(PARAMETER.sub(lambda match: ids[match[1]], path))
    return found


async def answers(both: Neighbours, path: str, headers: dict[str, str]) -> str:
    texts = []
    query = f"?call={both.ids['span_id']}" if path.endswith("/pytest") else ""
    query = "?event_id=evt-1" if path == "/v1/traces" else query
    for accept in ({"accept": "application/json"}, BROWSER):
        answer = await both.pages.get(path + query, headers=headers | accept)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert "script-src 'self'" in answer.headers["content-security-policy"], path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        texts.append(answer.text)
    return "\n".join(texts)


async def test_no_route_shows_another_project(neighbours: Neighbours) -> None:
    seen, leaks = [], []
    for path in paths(neighbours.pages, neighbours.ids, "GET"):
        if MARKER in await answers(neighbours, path, neighbours.theirs):
            seen.append(path)
        told = (await answers(neighbours, path, neighbours.ours)).replace(path, "")
        if MARKER in told.replace(neighbours.ids["name"], ""):  # an answer may repeat what it was asked for
            leaks.append(path)
    assert leaks == []
    assert len(seen) >= SEEN_MIN, seen


async def test_no_route_changes_another_project(neighbours: Neighbours) -> None:
    async def state() -> list[Any]:
        signals = (await neighbours.pages.get("/api/signals", headers=neighbours.theirs)).json()["signals"]
        own = [(signal["id"], signal["name"], signal["is_enabled"]) for signal in signals]
        read = ("/api/alerts", "/api/channels", "/settings/verdicts.json", "/settings/mappings.json", "/api/keys")
        issues = (await neighbours.pages.get("/api/issues", headers=neighbours.theirs)).json()["issues"]
        said = [(issue["fingerprint"], issue["status"], issue["assignee"]) for issue in issues]
        return [said, own, *[(await neighbours.pages.get(path, headers=neighbours.theirs)).json() for path in read]]

    before = await state()
    bodies: list[dict[str, Any]] = [
        {"json": {"status": "resolved", "verdict": "not_an_error", "for_s": 60, "name": "x", "pattern": "x"}},
        {"data": {"action": "remove", "status": "resolved", "verdict": "not_an_error", "finding_key": "x"}},
        {"json": {"status": "resolved"}},
        {"json": {"verdict": "not_an_error"}},
        {"json": {"for_s": 60}},
    ]
    for method in ("POST", "PUT", "DELETE"):
        for path in paths(neighbours.pages, neighbours.ids, method):
            if path == "/sign-in":
                continue
            for body in bodies:
                await neighbours.pages.client.request(method, path, headers=neighbours.ours, **body)
    assert await state() == before


async def test_a_project_is_named_by_path_parameter_or_header(neighbours: Neighbours) -> None:
    await naming_another_project_is_refused(neighbours)
    await pages_of_a_project_link_to_each_other(neighbours)
    ours = (await neighbours.pages.get("/api/stats", headers=neighbours.ours)).json()
    theirs = (await neighbours.pages.get("/api/stats", headers=neighbours.theirs)).json()
    assert (ours["spans"], ours["traces"], theirs["traces"]) == (0, 0, len(FINISHED))
    of_all = {"x-api-key": await new_key(neighbours.pages.conninfo, "read")}
    counts = [
        (await neighbours.pages.get(f"/v1/events/count?project={name}", headers=of_all)).json()["data"]["total"]
        for name in ("ours", "theirs")
    ]
    assert counts[0] == 0 < counts[1]


async def naming_another_project_is_refused(neighbours: Neighbours) -> None:
    for path, headers in (
        ("/projects/theirs/traces", {}),
        ("/projects/theirs/api/traces", {}),
        ("/api/traces?project=theirs", {}),
        ("/api/traces", {"x-raindrop-project-id": "theirs"}),
        ("/api/traces?project=none-such", {}),
    ):
        answer = await neighbours.pages.get(path, headers=neighbours.ours | headers)
        assert answer.status_code == 403, path
        assert MARKER not in answer.text
    malformed = await neighbours.pages.get("/api/traces?project=No!", headers=neighbours.ours)
    assert malformed.status_code == 400


async def pages_of_a_project_link_to_each_other(neighbours: Neighbours) -> None:
    key = await new_key(neighbours.pages.conninfo, "read")
    page = (await neighbours.pages.get("/projects/theirs/traces", headers={"x-api-key": key} | BROWSER)).text
    assert MARKER in page
    own = re.findall(r'(?:href|action|hx-get|data-events|data-url)="(/[^"]*)"', page)
    assert {path for path in own if not path.startswith(("/projects/", "/static/", "/sign-"))} == set()
    assert 'data-base="/projects/theirs"' in page
    empty = (await neighbours.pages.get("/projects/ours/traces", headers={"x-api-key": key} | BROWSER)).text
    assert "export OTEL_EXPORTER_OTLP_HEADERS=x-api-key=KEY,x-raindrop-project-id=ours" in empty
    assert "-H &#39;x-raindrop-project-id: ours&#39;" in empty or "-H 'x-raindrop-project-id: ours'" in empty
    start = await neighbours.pages.get("/projects/theirs/", headers={"x-api-key": key} | BROWSER)
    assert (start.status_code, 'href="/projects/theirs/overview.json?range=24h"' in start.text) == (200, True)
    assert 'href="/projects/theirs/"' in start.text
    for slug in ("default", "ours", "theirs"):
        assert f'href="/projects/{slug}/traces"' in page
