"""Raw sockets: a request that says in two ways where it ends is refused, and nothing hides behind it."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from otlp_receiver import http_protocol
from tests.fix_receiver import RunningReceivers, running_receivers
from tests.otlp_made import trace_request

CHUNKED, LENGTH = "Transfer-Encoding: chunked", "Content-Length: {length}"
AMBIGUOUS = [
    [CHUNKED, LENGTH],
    [LENGTH, CHUNKED],
    [LENGTH, "Transfer-Encoding: identity"],
    ["Transfer-Encoding: identity"],
    ["Transfer-Encoding: identity", CHUNKED],
    [CHUNKED, "Transfer-Encoding: identity", LENGTH],
    ["Transfer-Encoding: chunked,", LENGTH],
    ["Transfer-Encoding: chunked,"],
    ["Transfer-Encoding: ,chunked"],
    ["Transfer-Encoding: gzip, chunked"],
    ["Transfer-Encoding: chunked, chunked"],
    ["Transfer-Encoding: chunked, gzip"],
    ["Transfer-Encoding: xchunked", LENGTH],
    ["Transfer-Encoding : chunked", LENGTH],
    ["Transfer-Encoding:\tchunked", LENGTH],
    ["Transfer-Encoding:\x0bchunked", LENGTH],
    ["transfer-encoding: CHUNKED", LENGTH],
    ["X: y\r\n Transfer-Encoding: chunked", LENGTH],
    ["Transfer-Encoding:", LENGTH],
    [LENGTH, LENGTH],
    [LENGTH, "Content-Length: 3"],
    ["Content-Length: {length}, {length}"],
    ["Content-Length: +{length}"],
    ["Content-Length: -{length}"],
    ["Content-Length: 0x10"],
    ["Content-Length:"],
    ["Upgrade: h2c", "Connection: Upgrade", CHUNKED, LENGTH],
]
HIDDEN = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: "


@pytest.fixture
async def receivers(database: str) -> AsyncIterator[RunningReceivers]:
    async with running_receivers(database) as running:
        yield running


@pytest.mark.parametrize("said", [b"", b"POST /v1/tra", b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n"])
async def test_headers_that_do_not_come_are_not_waited_for(
    receivers: RunningReceivers, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "HEADERS_TIMEOUT_S", 1.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", receivers.http_port)
    writer.write(said)
    assert await asyncio.wait_for(reader.read(), 60) == b""  # closed
    writer.close()


async def test_a_further_request_has_the_time_of_the_first(
    receivers: RunningReceivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEADERS_TIMEOUT_S", 1.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", receivers.http_port)
    first = request_of([LENGTH], body_of("first"))
    writer.write(first)
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 60)
    assert b" 200 " in answer
    writer.write(first[:20])
    rest = await asyncio.wait_for(reader.read(), 60)  # until it is closed: the answer to the first alone
    assert b"HTTP/1.1" not in rest
    writer.close()


def body_of(name: str) -> bytes:
    body: bytes = trace_request(name).SerializeToString()
    return body


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def request_of(headers: list[str], body: bytes, length: int | None = None) -> bytes:
    head = "\r\n".join(["POST /v1/traces HTTP/1.1", "Host: x", "Content-Type: application/x-protobuf", *headers])
    return head.replace("{length}", str(len(body) if length is None else length)).encode() + b"\r\n\r\n" + body


def hidden_request() -> bytes:
    body = body_of("hidden")
    return HIDDEN + b"%d\r\n\r\n%s" % (len(body), body)


async def answers(receivers: RunningReceivers, data: bytes, until: int | None = None) -> tuple[list[bytes], bool]:
    """The status lines that come back, and whether the server closed. `until`: how many answers to wait for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", receivers.http_port)
    writer.write(data)
    received = b""
    closed = False
    while received.count(b"HTTP/1.1 ") < (until or 1000):
        piece = await asyncio.wait_for(reader.read(65_536), 60)
        received += piece
        if not piece:
            closed = True
            break
    writer.close()
    return re.findall(rb"HTTP/1\.1 [^\r]*", received), closed


@pytest.mark.parametrize("headers", AMBIGUOUS, ids=lambda headers: " | ".join(headers))
async def test_ambiguous_requests_are_refused_and_closed(receivers: RunningReceivers, headers: list[str]) -> None:
    for body in (chunked(body_of("outer")), body_of("outer")):
        lines, closed = await answers(receivers, request_of(headers, body) + hidden_request())
        assert lines == [b"HTTP/1.1 400 Bad Request"]
        assert closed
    assert await receivers.span_names() == []


async def test_a_wrong_chunk_is_refused_and_closed(receivers: RunningReceivers) -> None:
    body = body_of("outer")
    for bad in (b"%x z\r\n", b"%x\n", b"0x%x\r\n", b"%x;\n\r\n", b"-%x\r\n"):
        data = request_of([CHUNKED], bad % len(body) + body + b"\r\n0\r\n\r\n") + hidden_request()
        lines, closed = await answers(receivers, data)
        assert closed
        assert lines[:1] == [b"HTTP/1.1 400 Bad Request"]
    assert await receivers.span_names() == []


async def test_clear_requests_behind_one_another_are_all_stored(receivers: RunningReceivers) -> None:
    data = request_of([LENGTH], body_of("length")) + request_of([CHUNKED], chunked(body_of("chunks")))
    lines, closed = await answers(receivers, data + hidden_request(), until=3)
    assert (lines, closed) == ([b"HTTP/1.1 200 OK"] * 3, False)
    assert await receivers.span_names() == ["chunks", "hidden", "length"]


@pytest.mark.parametrize("pieces", [1, 7, 1000])
@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
async def test_the_body_of_a_request_that_offers_an_upgrade_is_read(
    receivers: RunningReceivers, upgrade: str, pieces: int
) -> None:
    offer = [f"Upgrade: {upgrade}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"]
    data = request_of([*offer, LENGTH], body_of("length")) + request_of([*offer, CHUNKED], chunked(body_of("chunks")))
    data += hidden_request()
    reader, writer = await asyncio.open_connection("127.0.0.1", receivers.http_port)
    for start in range(0, len(data), -(-len(data) // pieces)):
        writer.write(data[start : start + -(-len(data) // pieces)])
        await writer.drain()
        await asyncio.sleep(0)
    received = b""
    while received.count(b"HTTP/1.1 200 OK") < 3:
        piece = await asyncio.wait_for(reader.read(65_536), 60)
        assert piece, received
        received += piece
    writer.close()
    assert await receivers.span_names() == ["chunks", "hidden", "length"]


async def test_an_offer_to_upgrade_without_a_body_is_answered(receivers: RunningReceivers) -> None:
    data = b"GET /v1/logs HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + hidden_request()
    lines, _ = await answers(receivers, data, until=2)
    assert lines == [b"HTTP/1.1 405 Method Not Allowed", b"HTTP/1.1 200 OK"]


async def test_headers_without_end_are_refused(receivers: RunningReceivers) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", receivers.http_port)
    writer.write(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nX: ")

    async def send_forever() -> None:
        while True:
            writer.write(b"x" * 4096)
            await writer.drain()
            await asyncio.sleep(0)

    with pytest.raises(ConnectionError):  # the server has closed: what is still under way meets a reset
        await asyncio.wait_for(send_forever(), 60)
    writer.close()
