"""OTLP over HTTP against a real store: every encoding, every refusal, and an answer only after the commit."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import zstandard
from google.protobuf.json_format import Parse
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otlp_receiver.http_receiver import PATHS, HttpReceiver
from tests.fix_receiver import RunningReceivers, running_receivers
from tests.otlp_json import otlp_json
from tests.otlp_made import logs_request, metrics_request, trace_request

PROTOBUF, JSON = "application/x-protobuf", "application/json"
Compress = Callable[[bytes], bytes]
COMPRESSIONS: list[tuple[str | None, Compress]] = [
    (None, bytes),
    ("identity", bytes),
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("zstd", zstandard.ZstdCompressor().compress),
]


@pytest.fixture
async def receivers(database: str) -> AsyncIterator[RunningReceivers]:
    async with running_receivers(database) as running:
        yield running


@pytest.fixture
async def client(receivers: RunningReceivers) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=receivers.url, timeout=60) as opened:
        yield opened


def encoded(request: Any, content_type: str) -> bytes:
    if content_type.startswith(JSON):
        return json.dumps(otlp_json(request)).encode()
    body: bytes = request.SerializeToString()
    return body


def status_of(response: httpx.Response) -> Status:
    if response.headers["content-type"] == PROTOBUF:
        return Status.FromString(response.content)
    assert response.headers["content-type"] == JSON
    return Parse(response.content, Status())


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
async def test_every_compression_and_encoding_is_stored_when_acknowledged(
    receivers: RunningReceivers, client: httpx.AsyncClient, content_type: str
) -> None:
    expected = []
    for coding, compress in COMPRESSIONS:
        name = f"sent as {coding}"
        headers = {"content-type": content_type} | ({"content-encoding": coding} if coding else {})
        body = compress(encoded(trace_request(name), content_type))
        response = await client.post("/v1/traces", content=body, headers=headers)
        expected.append(name)
        assert (response.status_code, response.headers["content-type"]) == (200, content_type)
        assert response.content == (b"{}" if content_type == JSON else b"")
        assert await receivers.span_names() == sorted(expected)


async def test_aliases_slashes_parameters_and_chunks(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    paths = [path for path, signal in PATHS.items() if signal == "traces"]
    assert set(paths) == {"/v1/traces", "/otel/v1/traces", "/v1/otel/v1/traces", "/api/public/otel/v1/traces"}

    async def pieces(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 7):
            yield body[start : start + 7]

    for path in [*paths, "/v1/traces/", "//v1/traces"]:
        body = encoded(trace_request(path), JSON)
        headers = {"content-type": "application/json; charset=utf-8"}
        response = await client.post(receivers.url + path, content=pieces(body), headers=headers)
        assert response.status_code == 200, path
    assert len(await receivers.span_names()) == 6


async def test_logs_are_stored_and_metrics_counted(receivers: RunningReceivers, client: httpx.AsyncClient) -> None:
    for content_type in (PROTOBUF, JSON):
        for path, request in (("/v1/logs", logs_request("said")), ("/v1/metrics", metrics_request(3))):
            response = await client.post(
                path, content=encoded(request, content_type), headers={"content-type": content_type}
            )
            assert (response.status_code, response.content) == (200, b"{}" if content_type == JSON else b"")
    assert await receivers.sql("SELECT event_name FROM log_records") == [("said",), ("said",)]
    receipts = await receivers.sql("SELECT signal, sum(accepted)::int FROM ingest_receipts GROUP BY 1 ORDER BY 1")
    assert receipts == [("logs", 2), ("metrics", 6)]


async def test_bad_spans_are_named_and_the_rest_is_stored(
    receivers: RunningReceivers, client: httpx.AsyncClient
) -> None:
    request = trace_request("good", "bad", "also good")
    request.resource_spans[0].scope_spans[0].spans[1].trace_id = b"short"
    response = await client.post("/v1/traces", content=encoded(request, PROTOBUF), headers={"content-type": PROTOBUF})
    assert response.status_code == 200
    partial = ExportTraceServiceResponse.FromString(response.content).partial_success
    assert partial.rejected_spans == 1
    assert "span 'bad': trace_id has 5 bytes, not 16" in partial.error_message
    response = await client.post("/v1/traces", content=encoded(request, JSON), headers={"content-type": JSON})
    assert response.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert await receivers.span_names() == ["also good", "good"]
    receipts = await receivers.sql("SELECT accepted, duplicate, rejected FROM ingest_receipts ORDER BY received_at")
    assert receipts == [(2, 0, {"trace_id_length": 1}), (0, 2, {"trace_id_length": 1})]


async def test_a_request_whose_spans_are_all_bad_leaves_a_receipt(
    receivers: RunningReceivers, client: httpx.AsyncClient
) -> None:
    request = trace_request("bad")
    request.resource_spans[0].scope_spans[0].spans[0].span_id = bytes(8)
    response = await client.post("/v1/traces", content=encoded(request, JSON), headers={"content-type": JSON})
    assert response.status_code == 200
    assert await receivers.sql("SELECT accepted, rejected FROM ingest_receipts") == [(0, {"span_id_zero": 1})]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "says"),
    [
        ("POST", "/v1/trace", {"content-type": JSON}, b"{}", 404, "/v1/traces"),
        ("PUT", "/v1/traces", {"content-type": JSON}, b"{}", 405, "POST"),
        ("GET", "/v1/logs", {}, b"", 405, "POST"),
        ("POST", "/v1/traces", {}, b"{}", 415, "application/x-protobuf"),
        ("POST", "/v1/traces", {"content-type": "text/plain"}, b"{}", 415, "application/json"),
        ("POST", "/v1/traces", {"content-type": JSON, "content-encoding": "br"}, b"{}", 415, "gzip"),
        ("POST", "/v1/traces", {"content-type": JSON}, b"{", 400, "JSON"),
        ("POST", "/v1/traces", {"content-type": PROTOBUF}, b"\xff", 400, "protobuf"),
        ("POST", "/v1/traces", {"content-type": PROTOBUF, "content-encoding": "gzip"}, b"\x1f\x8b", 400, "compressed"),
        ("POST", "/v1/metrics", {"content-type": JSON}, b'{"resourceMetrics": 5}', 400, "array"),
    ],
)
async def test_refusals(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], body: bytes, status: int, says: str
) -> None:
    response = await client.request(method, path, headers=headers, content=body)
    assert response.status_code == status
    assert says in status_of(response).message
    assert (response.headers["content-type"] == PROTOBUF) == (headers.get("content-type") == PROTOBUF)
    assert "retry-after" not in response.headers
    assert response.headers.get("allow") == ("POST, OPTIONS" if status == 405 else None)


async def test_cors_lets_pages_of_any_origin_send(client: httpx.AsyncClient) -> None:
    wanted = {
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-custom",
    }
    preflight = await client.options("/v1/traces", headers=wanted)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert preflight.headers["access-control-allow-headers"] == "content-type,x-custom"
    assert "access-control-allow-credentials" not in preflight.headers
    for content_type, status in ((JSON, 200), ("text/plain", 415)):
        headers = {"origin": "https://shop.example", "content-type": content_type}
        response = await client.post("/v1/traces", content=b"{}", headers=headers)
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, "*")
    assert "access-control-allow-origin" not in (await client.options("/v1/traces")).headers


async def test_cors_can_be_limited_to_origins(database: str) -> None:
    async with (
        running_receivers(database, http={"allowed_origins": ["https://a.example"]}) as running,
        httpx.AsyncClient(base_url=running.url, timeout=60) as client,
    ):
        ours = await client.options("/v1/traces", headers={"origin": "https://a.example"})
        assert ours.headers["access-control-allow-origin"] == "https://a.example"
        assert ours.headers["vary"] == "origin"
        other = await client.options("/v1/traces", headers={"origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers
        assert "access-control-allow-methods" not in other.headers


async def test_bodies_over_the_limit_are_refused_and_the_connection_lives_on(database: str) -> None:
    async with running_receivers(database, request_bytes_max=100_000) as running:
        body = encoded(trace_request("x" * 120_000), PROTOBUF)

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 1000):
                yield body[start : start + 1000]

        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(base_url=running.url, limits=limits, timeout=60) as client:
            headers = {"content-type": PROTOBUF}
            for content, extra in ((body, {}), (pieces(), {}), (gzip.compress(body), {"content-encoding": "gzip"})):
                response = await client.post("/v1/traces", content=content, headers=headers | extra)
                assert response.status_code == 413
                assert "100000 bytes" in status_of(response).message
                assert "smaller batches" in status_of(response).message
            response = await client.post(
                "/v1/traces", content=trace_request("fits").SerializeToString(), headers=headers
            )
            assert response.status_code == 200
        assert await running.span_names() == ["fits"]
        assert running.group_commit.budget.used_bytes == 0


async def test_a_body_that_stops_coming_is_given_up(database: str) -> None:
    async with running_receivers(database, http={"body_timeout_s": 0.2}) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.http_port)
        writer.write(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        answer = await asyncio.wait_for(reader.read(), 60)
        assert answer.startswith(b"HTTP/1.1 408 ")
        writer.close()
        assert running.group_commit.budget.used_bytes == 0


async def test_a_client_that_goes_away_leaves_nothing(receivers: RunningReceivers) -> None:
    body = encoded(trace_request("half"), PROTOBUF)
    _, writer = await asyncio.open_connection("127.0.0.1", receivers.http_port)
    head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body[:-1])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient(base_url=receivers.url, timeout=60) as client:
        headers = {"content-type": PROTOBUF}
        await client.post("/v1/traces", content=encoded(trace_request("whole"), PROTOBUF), headers=headers)
    assert await receivers.span_names() == ["whole"]
    assert receivers.group_commit.budget.used_bytes == 0


def test_reading_traces_is_left_to_the_query_api() -> None:
    def scope(method: str, path: str, kind: str = "http") -> dict[str, Any]:
        return {"type": kind, "method": method, "path": path}

    assert HttpReceiver.handles(scope("POST", "/v1/traces"))
    assert HttpReceiver.handles(scope("OPTIONS", "/otel/v1/logs"))
    assert not HttpReceiver.handles(scope("GET", "/v1/traces"))
    assert HttpReceiver.handles(scope("GET", "/v1/logs"))
    assert not HttpReceiver.handles(scope("POST", "/v1/events"))
    assert not HttpReceiver.handles(scope("POST", "/v1/traces", "websocket"))
