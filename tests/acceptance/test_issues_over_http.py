"""Issues over HTTP: spans in, an issue out; what people say of it, and what contradicts them; from the command line."""

import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from tests.run_cli import rainbarrel
from tests.spans_made import new_id
from trace_store.model import AcceptedSpan

MINUTE_NS = 60_000_000_000


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def failing(
    tool: str = "search_flights", calls: int = 1, user: str = "u-1", release: str = "1", at: int | None = None
) -> list[AcceptedSpan]:
    """A run whose calls of a tool all fail in the same way; three and more of them are a loop."""
    trace_id, start = new_id(16), time.time_ns() if at is None else at
    root = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "travel", "user.id": user}
    spans = [made(trace_id, 1, 0, "invoke_agent travel", root, start)]
    for number in range(2, calls + 2):
        values = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.call.arguments": {"date": "2026-13-45"},
            "error.type": "ValidationError",
        }
        failed = Status(code=Status.STATUS_CODE_ERROR, message=f"date: month must be in 1..12, <b>{user}</b> said 13")
        spans.append(
            made(trace_id, number, 1, f"execute_tool {tool}", values, start + number * 10_000_000, status=failed)
        )
    return accepted(spans, release=release)


async def say(pages: Pages, fingerprint: str, **said: Any) -> Any:
    response = await pages.client.post(f"/api/issues/{fingerprint}", json=said)
    assert response.status_code == 200, response.text
    return response.json()


async def listed(pages: Pages, query: str = "") -> list[dict[str, Any]]:
    found = await pages.json(f"/api/issues{query}")
    assert found["shown"] == len(found["issues"]) <= found["total"]
    return found["issues"]  # type: ignore[no-any-return]


async def test_spans_become_issues(pages: Pages) -> None:
    assert await pages.json("/api/issues") == {"issues": [], "next": None, "shown": 0, "total": 0}
    await pages.store_and_derive(failing() + failing(user="u-2", release="2") + failing("book", calls=4))
    loop, failure = sorted(
        [issue for issue in await listed(pages) if issue["kind"] == "loop" or issue["tool"] == "search_flights"],
        key=lambda issue: str(issue["kind"]),
    )
    assert (failure["kind"], failure["status"], failure["events"], failure["users"]) == ("tool_error", "new", 2, 2)
    assert (failure["first_release"], sum(failure["trend"]["counts"])) == ("1", 2)
    assert failure["title"].startswith("ValidationError: date: month must be")
    assert (loop["tool"], loop["events"], loop["status"]) == ("book", 1, "new")
    near = await pages.json(f"/api/issues/{loop['fingerprint']}")
    assert (near["waste"]["loops"], near["waste"]["calls"]) == (1, 3)
    assert near["argument_shapes"] is None
    told = (await pages.json(f"/api/issues/{failure['fingerprint']}"))["argument_shapes"]
    assert (told["total"], told["calls_looked_at"], told["calls_total"]) == (1, 2, 2)
    assert told["shapes"][0]["keys"] == [{"key": "date", "given": "string", "state": "given", "expected": None}]
    traces = (await pages.json(f"/api/traces?issue={failure['fingerprint']}"))["traces"]
    assert {trace["release"] for trace in traces} == {"1", "2"}
    assert [i["fingerprint"] for i in await listed(pages, "?user=u-2")] == [failure["fingerprint"]]
    assert await listed(pages, "?q=no-such-text") == []


async def test_resolved_until_a_later_release_has_it(pages: Pages) -> None:
    await pages.store_and_derive(failing())
    (issue,) = await listed(pages)
    name = issue["fingerprint"]
    resolved = await say(pages, name, status="resolved", resolved_in_release="2", assignee="Kim", note="in review")
    assert (resolved["status"], resolved["assignee"], resolved["note"]) == ("resolved", "Kim", "in review")
    await pages.store_and_derive(failing(release="1", at=time.time_ns() + MINUTE_NS))
    assert [i["status"] for i in await listed(pages)] == ["resolved"]
    await pages.store_and_derive(failing(release="2", at=time.time_ns() + MINUTE_NS))
    assert [i["status"] for i in await listed(pages)] == ["regressed"]
    assert [i["events"] for i in await listed(pages, "?status=regressed")] == [3]
    assert await listed(pages, "?status=resolved") == []
    assert (await say(pages, name, status="ongoing"))["status"] == "ongoing"


async def test_ignored_until_so_many_users(pages: Pages) -> None:
    await pages.store_and_derive(failing())
    (issue,) = await listed(pages)
    ignored = await say(pages, issue["fingerprint"], status="ignored", ignored_until_user_count=2)
    assert (ignored["status"], ignored["users_since_ignored"]) == ("ignored", 0)
    for user, expected in (("u-1", "ignored"), ("u-2", "ongoing")):
        await pages.store_and_derive(failing(user=user, at=time.time_ns() + MINUTE_NS))
        assert [i["status"] for i in await listed(pages)] == [expected]


async def test_pages_of_a_list_join(pages: Pages) -> None:
    await pages.store_and_derive([span for n in range(5) for span in failing(f"tool_{n}")])
    for order in ("last_seen", "events", "users"):
        whole = [issue["fingerprint"] for issue in await listed(pages, f"?order={order}")]
        seen: list[str] = []
        part: dict[str, Any] = {"next": ""}
        while part["next"] is not None:
            part = await pages.json(f"/api/issues?order={order}&limit=2&after={part['next']}")
            seen += [issue["fingerprint"] for issue in part["issues"]]
        assert seen == whole
    assert len(whole) == 5


async def test_what_is_refused(pages: Pages) -> None:
    await pages.store_and_derive(failing())
    (issue,) = await listed(pages)
    path = f"/api/issues/{issue['fingerprint']}"
    foreign = {"origin": "http://evil.example"}
    cases: list[tuple[str, dict[str, Any], int]] = [
        (path, {"json": {"status": "new"}}, 400),
        (path, {"content": b"["}, 400),
        (path, {"content": b"[]"}, 400),
        (path, {"content": b" " * 70_000}, 400),
        (path, {"json": {"status": "resolved"}, "headers": foreign}, 403),
        (path, {"json": {"status": "resolved"}, "headers": {"sec-fetch-site": "cross-site"}}, 403),
        ("/api/issues/unheard-of", {"json": {"status": "resolved"}}, 404),
    ]
    for url, options, status in cases:
        response = await pages.client.post(url, **options)
        assert (response.status_code, list(response.json())) == (status, ["error"]), options
    for query in ("status=open", "kind=x", "order=x", "range=1y", "since=x", "after=x", "limit=x"):
        assert (await pages.get(f"/api/issues?{query}")).status_code == 400, query
    assert (await pages.get("/api/issues/unheard-of")).status_code == 404
    assert [i["status"] for i in await listed(pages)] == ["new"]


async def test_the_command_prints_the_same(pages: Pages) -> None:
    await pages.store_and_derive(failing(tool="evil\x1b[2Jtool"))
    printed = rainbarrel("issues", "--database-url", pages.conninfo)
    assert printed.returncode == 0, printed.stderr
    assert b"ValidationError: date: month" in printed.stdout
    assert b"\x1b" not in printed.stdout
    assert printed.stderr == b"Showing 1 of 1 issues.\n"
    found = orjson.loads(rainbarrel("issues", "--json", "--database-url", pages.conninfo).stdout)
    assert [i["fingerprint"] for i in found["issues"]] == [i["fingerprint"] for i in await listed(pages)]
    refused = rainbarrel("issues", "--limit", "x", "--database-url", pages.conninfo)
    assert (refused.returncode, b"limit=x is no number" in refused.stderr) == (1, True)


async def test_the_pages_tell_the_same(pages: Pages) -> None:
    assert "rainbarrel demo" in await pages.html("/issues")
    await pages.store_and_derive(failing(calls=4, user="<i>u</i>") + failing("<b>tool", release="<b>2"))
    assert "Showing <b>3</b> of 3 issues" in await pages.html("/issues")
    for issue in await listed(pages):
        page = await pages.html(f"/issues/{issue['fingerprint']}")
        assert "<b>tool" not in page
        assert "<i>u" not in page
        assert f"newest {issue['events']} of {issue['events']} event" in page
        twin = await pages.json(f"/issues/{issue['fingerprint']}.json")
        example = twin["examples"][0]
        detail = await pages.html(f"/traces/{example['trace_id']}/spans/{example['span_id'] or f'{2:016x}'}")
        assert f'href="/issues/{issue["fingerprint"]}"' in detail
    query = f"?kind=loop&until={time.time_ns() + MINUTE_NS}"
    assert await pages.json(f"/issues.json{query}") == await pages.json(f"/api/issues{query}")
    assert "No issue matches this filter" in await pages.html("/issues?q=nothing+like+this&tool=x")
    assert (await pages.get("/issues/unheard-of")).status_code == 404


async def test_a_form_says_something_of_an_issue(pages: Pages) -> None:
    await pages.store_and_derive(failing())
    (issue,) = await listed(pages)
    path = f"/issues/{issue['fingerprint']}"
    sent = await pages.client.post(path, data={"status": "resolved", "resolved_in_release": ""})
    assert (sent.status_code, sent.headers["location"]) == (303, path)
    assert [i["status"] for i in await listed(pages)] == ["resolved"]
    foreign = await pages.client.post(path, data={"status": "ongoing"}, headers={"sec-fetch-site": "same-site"})
    assert foreign.status_code == 403
    assert [i["status"] for i in await listed(pages)] == ["resolved"]


async def test_tools_and_what_became_of_their_calls(pages: Pages) -> None:
    assert "rainbarrel demo" in await pages.html("/tools")
    await pages.store_and_derive(failing(calls=4) + failing("book"))
    found = await pages.json("/tools.json")
    assert (found["shown"], found["total"], found["calls_looked_at"]) == (2, 2, 5)
    search, book = found["tools"]
    assert (search["name"], search["calls"], search["errors"], search["retries"]) == ("search_flights", 4, 4, 3)
    assert (search["looping_calls"], search["callers"], search["issues"]) == (4, ["travel"], 1)
    assert (search["p50_ns"], search["p95_ns"], search["soft_errors"]) == (1_000_000, 1_000_000, 0)
    assert (book["calls"], book["retries"], book["looping_calls"]) == (1, 0, 0)
    assert "/issues?range=7d&amp;tool=search_flights" in await pages.html("/tools")
    assert (await pages.get("/tools?range=1y")).status_code == 400
