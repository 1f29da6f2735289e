"""Raindrop's query SDK, unchanged, reads back through every one of its calls what Raindrop's own SDK has sent."""

import secrets
import uuid

import httpx
import orjson
import pytest

from tests.acceptance.installed_senders import raindrop_python, raindrop_query_python
from tests.acceptance.raindrop_found import interactions_of
from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, run_sender
from tests.fix_server import RunningServer

pytestmark = pytest.mark.raindrop
QUIET = {"TRACELOOP_TELEMETRY": "false"}


def test_every_call_finds_what_was_sent(server: RunningServer) -> None:
    prefix = secrets.token_hex(4)
    run_sender([raindrop_python(), SENDERS / "raindrop_events.py", f"{server.url}/v1", prefix], QUIET)
    trace_id = run_sender([raindrop_python(), SENDERS / "raindrop_agent.py", f"{server.url}/v1"], QUIET)
    server.wait_for_trace(trace_id, SPAN_COUNT, settled=True)
    user, talk = f"{prefix}-ada", f"{prefix}-talk"
    interactions_of(server, user, 3, {"plan"})

    walk = [raindrop_query_python(), SENDERS / "raindrop_query_walk.py", server.url, user, f"{prefix}-asked", talk]
    own = {"id": str(uuid.uuid4()), "name": f"{prefix} rooms", "pattern": "a room", "group": f"{prefix}-grp"}
    assert httpx.post(f"{server.url}/api/signals", json=own, timeout=60).status_code == 201
    found = orjson.loads(run_sender([*walk, "thumbs_up", own["id"], own["group"]], {}))

    assert {one["id"] for one in found["events.list"]["data"]} == {
        f"{prefix}-{name}" for name in ("view", "asked", "grew")
    }
    assert [one["id"] for one in found["events.list filters"]["data"]] == [f"{prefix}-asked"]
    assert {one["id"] for one in found["events.list without signal"]["data"]} == {f"{prefix}-view", f"{prefix}-grew"}
    assert [one["id"] for one in found["events.list properties"]["data"]] == [f"{prefix}-view"]
    assert [one["id"] for one in found["events.search"]["data"]] == [f"{prefix}-grew"]
    assert found["events.count"]["data"]["total"] == 1
    assert found["events.timeseries"]["data"]["total"] == 3
    assert sorted(one["count"] for one in found["events.facets"]["data"]) == [1, 1]
    event = found["events.get"]["data"]
    assert event["user_input"] == "Book me a flight."
    assert event["input_attachments"][0]["value"] == "print(1)"
    assert event["properties"]["nested"] == {"list": [1, "two", None]}
    assert [signal["name"] for signal in event["signals"]] == ["thumbs_up"]
    spans = found["traces.list"]["data"]
    assert {"LLM_GENERATION", "TOOL_CALL", "INTERNAL"} <= {span["span_type"] for span in spans}
    assert any(span["input_tokens"] for span in spans)
    assert len(found["traces.list defaults"]["data"]) == len(spans) >= SPAN_COUNT
    assert talk in {one["id"] for one in found["conversations.list"]["data"]}
    assert found["conversations.get"]["data"]["message_count"] == 2
    assert user in {one["id"] for one in found["users.list"]["data"]}
    assert found["users.get"]["data"]["traits"]["plan"] == "pro"
    assert found["signals.get"]["data"]["sentiment"] == "POSITIVE"
    assert found["signal_groups.get"]["data"]["id"] == "feedback"
    assert found["signal_groups.list_signals"]["data"]
    told = found["own signals.get"]["data"]
    assert (told["id"], told["group_id"]) == (own["id"], own["group"])
    assert found["own signal_groups.get"]["data"]["signal_count"] == 1
    assert found["own signal_groups.list_signals"]["data"] == [told]
