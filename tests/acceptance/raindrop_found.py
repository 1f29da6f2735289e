"""Waits until what a sender posted of one user is there, and reads it back."""

import time
from collections.abc import Collection
from typing import Any

from tests.fix_server import RunningServer

TIMEOUT_S = 180.0


def interactions_of(
    server: RunningServer, user_id: str, count: int, traits: Collection[str], tool_calls: int = 0
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The user, and their `count` interactions by event id, once all have ended and `tool_calls` were seen in them."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        answer = server.get(f"/users/{user_id}.json")
        user: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        found = {one["event_id"]: one for one in user.get("interactions", ())}
        has_ended = len(found) == count and not any(one["is_pending"] for one in found.values())
        seen = sum(one["tool_call_count"] for one in found.values())
        if has_ended and seen >= tool_calls and set(traits) <= user["traits"].keys():
            return user, found
        assert time.monotonic() < deadline, f"{answer.status_code} {answer.text[:3000]}"
        time.sleep(0.2)


def conversation_of(server: RunningServer, conversation_id: str, interactions: int, users: Collection[str]) -> Any:
    """The page of a conversation as JSON, once it has so many interactions and its traces know their `users`."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        answer = server.get(f"/conversations/{conversation_id}.json")
        found = answer.json() if answer.status_code == 200 else {"interactions": [], "traces": []}
        known = {trace["user_id"] for trace in found["traces"]}
        if len(found["interactions"]) == interactions and known == set(users):
            return found
        assert time.monotonic() < deadline, f"{answer.status_code} {answer.text[:3000]}"
        time.sleep(0.2)
