"""What Raindrop's Python SDK posts beside spans is found again: over our pages' JSON, with nothing lost."""

import secrets

import pytest

from tests.acceptance.installed_senders import raindrop_python
from tests.acceptance.raindrop_found import conversation_of, interactions_of
from tests.acceptance.travel_agent import SENDERS, run_sender
from tests.fix_server import RunningServer

pytestmark = pytest.mark.raindrop


def test_events_signals_and_users_of_the_python_sdk_are_found_again(server: RunningServer) -> None:
    prefix = secrets.token_hex(4)
    command = [raindrop_python(), SENDERS / "raindrop_events.py", f"{server.url}/v1", prefix]
    assert run_sender(command, {"TRACELOOP_TELEMETRY": "false"}) == "sent"

    user, found = interactions_of(server, f"{prefix}-ada", 3, {"plan"})

    assert user["traits"] == {"name": "Ada", "plan": "pro", "age": 36}
    view, asked, grew = (found[f"{prefix}-{name}"] for name in ("view", "asked", "grew"))
    assert (view["event_name"], view["is_ai"]) == ("page_view", False)
    assert (asked["input_preview"], asked["output_preview"]) == ("Book me a flight.", "Booked.")
    assert asked["start_unix_nano"] == "1793527200000000000"
    assert [each["value"] for each in asked["attachments"]] == ["print(1)"]
    assert (grew["input_preview"], grew["output_preview"]) == ("And a hotel?", "A better room is found.")
    assert (grew["conversation_id"], grew["is_pending"]) == (f"{prefix}-talk", False)
    assert [said["name"] for said in asked["signals"]] == ["thumbs_up"]
    assert [said["properties"]["comment"] for said in grew["signals"]] == ["too dear"]
    conversation = conversation_of(server, f"{prefix}-talk", 2, ())
    assert [one["event_id"] for one in conversation["interactions"]] == [f"{prefix}-asked", f"{prefix}-grew"]
