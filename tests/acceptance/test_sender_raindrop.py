"""Raindrop's Python SDK, unchanged, pointed at Rainbarrel instead of Raindrop's API: its spans become the same tree."""

import pytest

from tests.acceptance.installed_senders import raindrop_python
from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, assert_calls, outline, run_sender
from tests.fix_server import RunningServer

pytestmark = pytest.mark.raindrop


def test_spans_of_the_raindrop_sdk_become_the_agents_tree(server: RunningServer) -> None:
    command = [raindrop_python(), SENDERS / "raindrop_agent.py", f"{server.url}/v1"]

    trace_id = run_sender(command, {"TRACELOOP_TELEMETRY": "false"})

    trace = server.wait_for_trace(trace_id, SPAN_COUNT)
    assert outline(trace) == [
        (0, "chain", "travel-agent.workflow"),
        (1, "llm", "openai.chat"),
        (1, "tool", "get_weather.tool"),
        (1, "tool", "book_flight.tool"),
        (1, "llm", "openai.chat"),
    ]
    assert trace["interaction_id"] == "interaction-1"
    assert_calls(trace)
