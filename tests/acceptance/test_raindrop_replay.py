"""What Raindrop's SDKs really sent, in any order and twice over, makes the same interactions, users and traces."""

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx
import psycopg
import pytest

from tests.fix_receiver import running_receivers
from tests.recorded_requests import CLIENTS, Recorded, recorded
from tool_errors.processor import Pace, Processor

AT_ONCE = Pace(settle_delay_s=0.0, orphan_settle_delay_s=0.0, heavy_wait_factor=0.0)
FACTS = ("interaction_updates", "feedback", "user_updates", "spans")
DERIVED = (
    "interactions",
    "interaction_traces",
    "users",
    "conversations",
    "traces",
    "tool_calls",
    "llm_calls",
)
NOT_COMPARED = ("arrival", "received_at", "blob_id", "blob_position", "derived_at", "settle_at", "body")
UNTIMED = ("evt-part-1", "evt-part-2")  # of the Python SDK; no trace tells their time either
OF_UNTIMED = ("start_unix_nano", "end_unix_nano", "model", "output", "output_preview")
DIRTY = "SELECT count(*) FROM rainbarrel.dirty_marks"
Rows = dict[str, list[dict[str, Any]]]


async def replay(conninfo: str, requests: Sequence[Recorded]) -> None:
    """Sends them one after the other while a processor works, until nothing is dirty."""
    stop = asyncio.Event()
    working = asyncio.create_task(Processor(conninfo, AT_ONCE).run(stop))
    async with AsyncExitStack() as stack:
        receivers = await stack.enter_async_context(running_receivers(conninfo))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=receivers.url, timeout=60))
        for request in requests:
            answer = await client.post(request.path, content=request.body, headers=request.headers)
            assert answer.status_code in (200, 204), answer.text
            assert b"rejected" not in answer.content
        async with asyncio.timeout(180):
            while await receivers.sql("SELECT count(*) FROM dirty_marks") != [(0,)]:
                await asyncio.sleep(0.02)
        stop.set()
        await working


def tables(conninfo: str) -> Rows:
    """Every table without places of blobs and clock readings of the server."""
    with psycopg.connect(conninfo) as connection:
        found: Rows = {}
        for table in (*FACTS, *DERIVED):
            query = f"SELECT to_jsonb(t) - %s::text[] FROM rainbarrel.{table} t"
            rows = [row for (row,) in connection.execute(query, (list(NOT_COMPARED),)).fetchall()]
            found[table] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
        return found


def comparable(found: Rows) -> Rows:
    """Without what only the order of arrival can decide: conflicts of untimed updates, and times of receipt."""
    for row in found["interactions"]:
        if row["event_id"] in UNTIMED:
            for name in OF_UNTIMED:
                del row[name]
    found["users"] = [
        {"user_id": row["user_id"], "traits": row["traits"], "count": row["interaction_count"]}
        if row["user_id"] == "user-2"
        else row
        for row in found["users"]
    ]
    found["conversations"] = [row for row in found["conversations"] if row["conversation_id"] != "convo-2"]
    for table in found:
        found[table].sort(key=lambda row: json.dumps(row, sort_keys=True))
    return found


def empty(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        names = ", ".join(f"rainbarrel.{name}" for name in (*FACTS, *DERIVED, "span_blobs", "fact_parts", "findings"))
        connection.execute(f"TRUNCATE {names} CASCADE")


@pytest.mark.parametrize("client", CLIENTS)
def test_any_order_and_repetition_makes_the_same_tables(database: str, client: str) -> None:
    requests = recorded(client)
    shuffled = requests * 2
    random.Random(7).shuffle(shuffled)
    asyncio.run(replay(database, requests))
    straight = comparable(tables(database))
    assert len(straight["interactions"]) > 8
    for order in (requests[::-1], shuffled, [request for request in requests for _ in range(2)]):
        empty(database)
        asyncio.run(replay(database, order))
        assert comparable(tables(database)) == straight


def interactions(conninfo: str) -> dict[str, dict[str, Any]]:
    return {row["event_id"]: row for row in tables(conninfo)["interactions"]}


def test_what_the_python_sdk_sent_is_found_again(database: str) -> None:
    asyncio.run(replay(database, recorded("python")))
    found = interactions(database)

    part = found["evt-part-1"]
    assert (part["user_id"], part["conversation_id"], part["event_name"]) == ("user-2", "convo-2", "chat_message")
    assert (part["input"], part["output"], part["model"]) == ("Hello", "Hi there (revised)", "gpt-4o-mini")
    assert part["properties"] == {"stage": "middle", "tokens": 12, "deep": {"a": 1, "b": 2}, "done": True}
    assert [each["type"] for each in part["attachments"]] == ["text", "iframe"]
    assert (part["is_pending"], found["evt-part-2"]["is_pending"]) == (False, True)
    assert not found["evt-plain-1"]["is_ai"]
    weather = found["evt-trace-1"]
    assert (weather["output"], weather["user_id"], weather["error_count"]) == ("It is sunny.", "user-3", 5)
    assert weather["tool_call_count"] >= 8
    assert {"get_weather", "search_web", "db_query", "cache_write"} <= set(weather["tools"])
    assert len(weather["trace_ids"]) == 1
    users = {row["user_id"]: row for row in tables(database)["users"]}
    assert users["user-1"]["traits"]["email"] == "ada@example.com"
    assert users["user-1"]["interaction_count"] == 3


def test_what_the_javascript_sdk_sent_is_found_again(database: str) -> None:
    asyncio.run(replay(database, recorded("javascript")))
    found = interactions(database)

    traced = found["evt-js-trace-1"]
    assert len(traced["trace_ids"]) == 2  # `withTool` outside `withSpan` opens a trace of its own
    assert "after_span" in traced["tools"]
    direct = found["evt-js-direct-1"]
    assert direct["trace_ids"] == ["\\x3dd2ede3621bee238fed84d87998604f"]  # base64 in its properties
    assert "search_web" in direct["tools"]
    llm = found["evt-js-llm-1"]
    assert (llm["conversation_id"], llm["is_from_spans"]) == ("convo-4", False)
    assert llm["input_tokens"] > 0
    signals = tables(database)["feedback"]
    assert {row["name"] for row in signals} >= {"thumbs_down", "edit", "self diagnostics - capability_gap"}
    assert [row["sentiment"] for row in signals if row["name"] == "edit"] == [None]
