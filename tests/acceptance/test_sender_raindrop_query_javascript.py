"""What Raindrop's JavaScript SDKs send is found again through Raindrop's query SDK, both unchanged."""

import secrets
from collections import Counter
from typing import Any

import orjson
import pytest

from tests.acceptance.installed_senders import RAINDROP_JAVASCRIPT, node, raindrop_query_python
from tests.acceptance.raindrop_found import conversation_of, interactions_of
from tests.acceptance.travel_agent import SENDERS, run_sender
from tests.fix_server import RunningServer

pytestmark = [pytest.mark.javascript, pytest.mark.raindrop]
FAILURE = "payment gateway timed out"


def asked(server: RunningServer, user: str, conversation: str, *events: str) -> dict[str, Any]:
    """The user, the conversation, each event and its spans, as the query SDK parses them."""
    command = [raindrop_query_python(), SENDERS / "raindrop_query_events.py", server.url, user, conversation, *events]
    found: dict[str, Any] = orjson.loads(run_sender(command, {}))
    return found


def test_events_tools_and_signals_of_the_javascript_sdk(server: RunningServer) -> None:
    prefix = secrets.token_hex(4)
    run_sender([node(), RAINDROP_JAVASCRIPT / "events.mjs", f"{server.url}/v1", prefix], {})
    user, talk, first, second = (f"{prefix}-{name}" for name in ("grace", "talk", "asked", "grew"))
    interactions_of(server, user, 2, {"plan"}, tool_calls=2)
    conversation_of(server, talk, 1, {user})

    found = asked(server, user, talk, first, second)

    assert (found["user"]["traits"], found["user"]["event_count"]) == ({"name": "Grace", "plan": "free"}, 2)
    assert found["conversation"]["message_count"] == 2
    assert (found[first]["user_input"], found[first]["assistant_output"]) == ("Book me a flight.", "Booked.")
    assert found[first]["output_attachments"][0]["value"] == "https://example.com/ticket.png"
    grew = found[second]
    assert (grew["convo_id"], grew["properties"]["deep"]) == (talk, {"a": 1, "b": 2})
    assert {call["tool_name"]: call["status"] for call in grew["tool_calls"]} == {
        "find_hotel": "OK",
        "book_hotel": "ERROR",
    }
    assert [(span["span_name"], span["output_payload"]) for span in grew["error_spans"]] == [("book_hotel", FAILURE)]
    posted = {"thumbs_down", "self diagnostics - capability_gap", "tool_error:book_hotel"}
    assert {signal["name"] for signal in grew["signals"]} == posted
    assert Counter(span["span_type"] for span in found[f"spans of {second}"])["TOOL_CALL"] == 2


def test_a_run_of_the_ai_sdk_wrapper(server: RunningServer) -> None:
    prefix = secrets.token_hex(4)
    run_sender([node(), RAINDROP_JAVASCRIPT / "ai_sdk.mjs", f"{server.url}/v1", prefix], {})
    user, talk, event_id = (f"{prefix}-{name}" for name in ("alan", "talk", "asked"))
    interactions_of(server, user, 1, {"plan"}, tool_calls=2)
    conversation_of(server, talk, 0, {user})

    found = asked(server, user, talk, event_id)

    event = found[event_id]
    assert (event["event_name"], event["feature_flags"]) == ("booking", {"new_prompt": "on"})
    assert {call["tool_name"] for call in event["tool_calls"]} == {"get_weather", "book_flight"}
    assert [span["output_payload"] for span in event["error_spans"]] == [FAILURE]
    assert {signal["name"] for signal in event["signals"]} == {"thumbs_up", "tool_error:book_flight"}
    models = [span for span in found[f"spans of {event_id}"] if span["span_type"] == "LLM_GENERATION"]
    assert [span["input_tokens"] for span in models] == [20, 20], "the run around them counts nothing twice"
