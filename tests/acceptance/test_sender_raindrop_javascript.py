"""Raindrop's JavaScript SDKs, unchanged: their events and their spans become one interaction each."""

import secrets

import pytest

from tests.acceptance.installed_senders import RAINDROP_JAVASCRIPT, node
from tests.acceptance.raindrop_found import conversation_of, interactions_of
from tests.acceptance.travel_agent import run_sender
from tests.counting_endpoint import counting_endpoint
from tests.fix_server import RunningServer

pytestmark = pytest.mark.javascript


def test_interactions_of_the_javascript_sdk_have_their_tools_and_signals(server: RunningServer) -> None:
    prefix = secrets.token_hex(4)
    assert run_sender([node(), RAINDROP_JAVASCRIPT / "events.mjs", f"{server.url}/v1", prefix], {}) == "sent"

    user, found = interactions_of(server, f"{prefix}-grace", 2, {"plan"}, tool_calls=2)

    assert user["traits"] == {"name": "Grace", "plan": "free"}
    asked, grew = found[f"{prefix}-asked"], found[f"{prefix}-grew"]
    assert [each["value"] for each in asked["attachments"]] == ["https://example.com/ticket.png"]
    assert (grew["output_preview"], grew["conversation_id"]) == ("A room is found.", f"{prefix}-talk")
    assert (sorted(grew["tools"]), grew["error_count"]) == (["book_hotel", "find_hotel"], 1)
    assert {said["name"] for said in grew["signals"]} == {"thumbs_down", "self diagnostics - capability_gap"}
    conversation = conversation_of(server, f"{prefix}-talk", 1, {f"{prefix}-grace"})
    assert [one["event_id"] for one in conversation["interactions"]] == [f"{prefix}-asked"]


def test_runs_of_the_ai_sdk_wrapper_are_interactions(server: RunningServer) -> None:
    prefix = secrets.token_hex(4)
    assert run_sender([node(), RAINDROP_JAVASCRIPT / "ai_sdk.mjs", f"{server.url}/v1", prefix], {}) == "sent"

    user, found = interactions_of(server, f"{prefix}-alan", 1, {"plan"}, tool_calls=2)

    assert user["traits"] == {"plan": "pro"}
    asked = found[f"{prefix}-asked"]
    assert (asked["input_preview"], asked["output_preview"]) == ("Weather in Boston?", "It is sunny.")
    assert (asked["event_name"], asked["error_count"]) == ("booking", 1)
    assert sorted(asked["tools"]) == ["book_flight", "get_weather"]
    assert [said["name"] for said in asked["signals"]] == ["thumbs_up"]
    assert not asked["is_pending"]


def test_a_second_exporter_beside_raindrops_span_processor_gets_the_same_spans(server: RunningServer) -> None:
    prefix = secrets.token_hex(4)
    with counting_endpoint() as second:
        command = [node(), RAINDROP_JAVASCRIPT / "external_otel.mjs", f"{server.url}/v1", prefix, second.url]
        trace_id = run_sender(command, {})

    trace = server.wait_for_trace(trace_id, span_count=4, settled=True)
    own_spans = second.span_ids.pop("booking")
    assert (
        len(own_spans) == 1
    )  # Raindrop's processor passes on what Raindrop's and the models' libraries make, no other
    assert {span["span_id"] for span in trace["spans"]} == set().union(*second.span_ids.values())
    assert [call["arguments"] for call in trace["tool_calls"]] == [
        {"city": "Boston"},
        {"city": "Oslo"},
        {"city": "Lima"},
    ]
    _, found = interactions_of(server, f"{prefix}-ada", 1, set(), tool_calls=3)
    assert found[f"{prefix}-asked"]["trace_ids"] == [trace_id]
