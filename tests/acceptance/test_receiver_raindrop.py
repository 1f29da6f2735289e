"""Raindrop's ingest API against a real store: what is kept, what is refused and counted, and how it is said."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import zstandard

from otlp_receiver.access import KeyRules
from tests.fix_receiver import RunningReceivers, running_receivers

EVENT = {"event_id": "e1", "user_id": "u1", "event": "ask", "timestamp": "2026-01-02T03:04:05Z"}
POSTS = {
    "/v1/events/track": [EVENT],
    "/v1/events/track_partial": EVENT | {"is_pending": True},
    "/v1/signals/track": [{"event_id": "e1", "signal_name": "thumbs_up"}],
    "/v1/users/identify": [{"user_id": "u1", "traits": {"plan": "pro"}}],
}


@pytest.fixture
async def receivers(database: str) -> AsyncIterator[RunningReceivers]:
    async with running_receivers(database, request_bytes_max=2_000_000) as running:
        yield running


@pytest.fixture
async def client(receivers: RunningReceivers) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=receivers.url, timeout=60) as opened:
        yield opened


async def bodies(receivers: RunningReceivers) -> list[Any]:
    rows = await receivers.sql("SELECT body FROM interaction_updates ORDER BY arrival")
    return [json.loads(zstandard.ZstdDecompressor().decompress(body)) for (body,) in rows]


async def test_every_path_stores_before_it_answers(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    answers = [await client.post(path, json=body) for path, body in POSTS.items()]

    assert [answer.status_code for answer in answers] == [200, 204, 204, 204]
    assert answers[0].json() == {"events": [{"event_id": "e1"}]}
    assert await bodies(receivers) == [EVENT, EVENT | {"is_pending": True}]
    assert await receivers.sql("SELECT event_id, name, type, sentiment FROM feedback") == [
        ("e1", "thumbs_up", "default", None)
    ]
    assert await receivers.sql("SELECT user_id, traits FROM user_updates") == [("u1", {"plan": "pro"})]
    marks = await receivers.sql("SELECT unit_kind, convert_from(unit_id, 'UTF8') FROM dirty_marks ORDER BY mark_id")
    assert marks == [(2, "e1"), (2, "e1"), (2, "e1"), (6, "u1")]


async def test_one_bad_item_costs_itself_and_is_counted(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    bad = ["text", None, EVENT | {"event_id": {"a": 1}}, {"event_id": "e9"}, EVENT | {"event_id": "x" * 401}]
    bad.append(EVENT | {"timestamp": "yesterday"})

    answer = await client.post("/v1/events/track", json=[EVENT, *bad, EVENT | {"event_id": 7.0}])

    assert answer.status_code == 200
    assert answer.json()["events"] == [{"event_id": "e1"}, {"event_id": "7"}]
    counts = {"item_malformed": 2, "event_id_malformed": 1, "event_missing": 1, "event_id_length": 1}
    counts["timestamp_malformed"] = 1
    assert answer.json()["rejected"]["counts"] == counts
    assert answer.json()["rejected"]["details"][0] == "item 1: 'text' is no JSON object"
    assert await receivers.sql("SELECT signal, accepted, duplicate, rejected FROM ingest_receipts") == [
        ("events", 2, 0, counts)
    ]


async def test_what_comes_twice_is_kept_once(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    for path, body in POSTS.items():
        twice = body * 2 if isinstance(body, list) else body
        for _ in range(2):
            assert (await client.post(path, json=twice)).is_success

    sums = "SELECT signal, sum(accepted)::int, sum(duplicate)::int FROM ingest_receipts GROUP BY signal ORDER BY signal"
    assert await receivers.sql(sums) == [("events", 2, 4), ("feedback", 1, 3), ("users", 1, 3)]
    assert len(await bodies(receivers)) == 2


async def test_an_event_without_an_id_gets_one(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    without = {key: value for key, value in EVENT.items() if key != "event_id"}

    answer = await client.post("/v1/events/track", json=[without, without | {"event_id": None}, without])

    ids = [event["event_id"] for event in answer.json()["events"]]
    assert len(set(ids)) == 3
    stored = await receivers.sql("SELECT event_id FROM interaction_updates")
    assert sorted(ids) == sorted(event_id for (event_id,) in stored)


async def test_large_and_odd_values_are_kept_whole(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    odd = b'[{"event_id": "e1", "event": "a\\u0000b", "user_id": 1.0, "properties": {"n": NaN, "s": "\\ud800", '
    odd += b'"big": 123456789012345678901234567890}, "ai_data": {"input": "' + b"x" * 1_500_000 + b'"}}]'

    answer = await client.post("/v1/events/track", content=odd, headers={"content-type": "application/json"})

    assert answer.status_code == 200, answer.text
    (body,) = await bodies(receivers)
    assert body["ai_data"]["input"] == "x" * 1_500_000
    assert body["properties"] == {"n": None, "s": "\ufffd", "big": "123456789012345678901234567890"}
    assert body["event"] == "a\0b"


@pytest.mark.parametrize(
    ("compression", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
async def test_compressed_bodies(
    receivers: RunningReceivers, client: httpx.AsyncClient, compression: str, compress: Callable[[bytes], bytes]
) -> None:
    headers = {"content-type": "application/json; charset=utf-8", "content-encoding": compression}

    content = compress(json.dumps([EVENT]).encode())

    assert (await client.post("/v1/events/track", content=content, headers=headers)).status_code == 200
    assert await bodies(receivers) == [EVENT]


@pytest.mark.parametrize(
    ("path", "content", "content_type", "status", "code", "says"),
    [
        ("/v1/events/track", b"{", "application/json", 400, "BAD_REQUEST", "no JSON"),
        ("/v1/events/track", b"3", "application/json", 400, "BAD_REQUEST", "not a JSON array of objects"),
        ("/v1/events/track_partial", b"[]", "application/json", 400, "BAD_REQUEST", "not one JSON object"),
        ("/v1/events/track_partial", b"{}", "application/json", 400, "BAD_REQUEST", "`event_id` is missing"),
        ("/v1/signals/track", b'[{"event_id": "e"}]', "application/json", 400, "BAD_REQUEST", "`signal_name`"),
        ("/v1/users/identify", b'{"user_id": ""}', "application/json", 400, "BAD_REQUEST", "`user_id`"),
        ("/v1/events/track", b"[]", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE", "send application/json"),
        ("/v1/events/track", b" " * 2_000_001, "application/json", 413, "PAYLOAD_TOO_LARGE", "2000000"),
        ("/v1/events/track", b"[" * 5000, "application/json", 400, "BAD_REQUEST", "JSON"),
    ],
)
async def test_refusals(
    client: httpx.AsyncClient, path: str, content: bytes, content_type: str, status: int, code: str, says: str
) -> None:
    answer = await client.post(path, content=content, headers={"content-type": content_type})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert says in error["message"]


async def test_an_item_nested_too_deeply_is_refused(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    deep: Any = 1
    for _ in range(400):
        deep = {"a": deep}

    for path, key in (("/v1/events/track", "properties"), ("/v1/users/identify", "traits")):
        answer = await client.post(path, json=[EVENT | {key: deep}, EVENT | {"event_id": "e2", "user_id": "u2"}])
        assert answer.status_code == 200
        assert answer.json()["rejected"]["counts"] == {"item_nesting": 1}


async def test_probes_live_events_and_preflight(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    assert (await client.head("/v1/")).status_code == 200
    live = {"traceId": "00", "type": "tool_start", "content": "get_weather", "timestamp": 1, "metadata": {}}
    assert (await client.post("/v1/live", json=live)).status_code == 200
    assert (await client.put("/v1/events/track", json=[])).status_code == 405
    assert (await client.post("/v1//events/track/", json=[])).json() == {"events": []}
    allowed = await client.options("/v1/events/track", headers={"origin": "https://app.example"})
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, "*")
    assert await bodies(receivers) == []


@pytest.mark.parametrize("path", ["/v1/otel/v1/traces", "/otel/v1/traces"])
async def test_aliases_of_the_otlp_path(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, json={"resourceSpans": []})).json() == {}


async def test_a_full_queue_is_said_retryably(database: str) -> None:
    async with (
        running_receivers(database, queue_bytes_max=100_000) as receivers,
        httpx.AsyncClient(base_url=receivers.url, timeout=60) as client,
    ):
        async with receivers.stalled():
            big = [EVENT | {"ai_data": {"input": "x" * 60_000}}]
            waiting = {asyncio.create_task(client.post("/v1/events/track", json=big)) for _ in range(4)}
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        answers = [task.result() for task in done] + list(await asyncio.gather(*waiting))
    assert {answer.status_code for answer in answers} == {200, 503}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["error"]["code"] == "SERVICE_UNAVAILABLE"


async def test_the_project_of_the_header_and_keys(database: str) -> None:
    async with (
        running_receivers(database, rules=KeyRules(are_required=True, keyless_loopback=True)) as receivers,
        httpx.AsyncClient(base_url=receivers.url, timeout=60) as client,
    ):
        for slug in ("support-prod", "default"):
            headers = {"x-raindrop-project-id": slug}
            assert (await client.post("/v1/events/track", json=[EVENT], headers=headers)).status_code == 200
        bad = await client.post("/v1/events/track", json=[EVENT], headers={"x-raindrop-project-id": "Not A Slug"})
        projects = await receivers.sql(
            "SELECT slug FROM interaction_updates JOIN projects USING (project_id) ORDER BY slug"
        )
    assert projects == [("default",), ("support-prod",)]
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "BAD_REQUEST")

    async with (
        running_receivers(database, rules=KeyRules(are_required=True)) as receivers,
        httpx.AsyncClient(base_url=receivers.url, timeout=60) as client,
    ):
        for path, body in POSTS.items():
            refused = await client.post(path, json=body, headers={"authorization": "Bearer unknown"})
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHORIZED")
            assert "www-authenticate" in refused.headers
