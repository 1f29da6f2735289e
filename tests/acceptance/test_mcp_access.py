"""Who may ask the MCP server, in which project, and how long the address of a file is good."""

import time

from tests.agent_run import agent_run
from tests.fix_pages import Pages, new_key, pages_with_keys
from tests.mcp_client import agent_over_http
from trace_store.stored import TraceKey
from web.trace.trace_files import LIFETIME_S, sign

TRACE_ID = bytes.fromhex("cd" * 16)
URL = "http://rainbarrel.test"
QUESTION = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_traces", "arguments": {}}}
JSON = {"accept": "application/json, text/event-stream"}


async def store_in_project(pages: Pages, slug: str) -> int:
    """An agent's run with a failure in the project; the project's number."""
    ring = await pages.app.state.context.control.ring.fresh()
    project_id = int(ring.projects[slug].project_id)
    await pages.store_and_derive(span._replace(project_id=project_id) for span in agent_run(TRACE_ID, 3))
    return project_id


async def test_a_key_opens_its_own_project_alone(database: str) -> None:
    async with pages_with_keys(database) as pages:
        theirs, ours = await new_key(database, "read", "theirs"), await new_key(database, "read", "ours")
        writer = await new_key(database, "write", "theirs")
        await store_in_project(pages, "theirs")
        for key, status in (("", 401), ("rb_read_wrong", 401), (writer, 403), (theirs, 200)):
            headers = JSON | ({"authorization": f"Bearer {key}"} if key else {})
            answer = await pages.client.post("/mcp", json=QUESTION, headers=headers)
            assert answer.status_code == status, answer.text
        async with agent_over_http(URL, theirs, pages.app) as agent:
            assert TRACE_ID.hex() in await agent.ask("list_traces", tool="look_up")
            assert "FAILURES (1)" in await agent.ask("get_trace", trace_id=TRACE_ID.hex())
            file = (await agent.ask("trace_as_file", trace_id=TRACE_ID.hex())).splitlines()[0]
        async with agent_over_http(URL, ours, pages.app) as agent:
            assert "Nothing matches" in await agent.ask("list_traces")
            for tool, span in (("get_trace", {}), ("trace_as_file", {}), ("get_span", {"span": f"{1:016x}"})):
                refused = await agent.refused(tool, trace_id=TRACE_ID.hex(), **span)
                assert "look_up" not in refused
        assert (await pages.get(file.removeprefix(URL))).json()["span_count"] == 13


async def test_the_address_of_a_file_ends(database: str) -> None:
    async with pages_with_keys(database) as pages:
        await new_key(database, "read", "theirs")
        trace = TraceKey(await store_in_project(pages, "theirs"), TRACE_ID)
        secret = pages.app.state.context.control.ring.now.session_secret
        good = await pages.get(f"/files/{sign(secret, trace, 'failures')}")
        assert [call["status"] for call in good.json()["tool_calls"]] == ["error"]
        assert "spans" not in good.json()
        expired = await pages.get(f"/files/{sign(secret, trace, 'all', time.time() - LIFETIME_S)}")
        assert expired.status_code == 403
        assert "expired" in expired.json()["error"]
        for token in (sign(b"another secret", trace, "all"), "x", "x.y"):
            assert (await pages.get(f"/files/{token}")).status_code == 403
        gone = await pages.get(f"/files/{sign(secret, TraceKey(trace.project_id, bytes(16)), 'all')}")
        assert gone.status_code == 404
