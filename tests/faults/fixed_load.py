"""The same requests every time: what real SDKs sent, and made runs whose tool calls fail; delivered until acknowledged.

Each lane keeps its order, as one process of a user's does; lanes go at the same time.
"""

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, TracesData

from tests.agent_run import long_run
from tests.faults.retrying_sender import RECONNECT_DELAY_S, GrpcExporter
from tests.recorded_requests import Recorded, recorded

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "dialects"
MEDIA_TYPES = {".pb": "application/x-protobuf", ".json": "application/json"}
CAPTURES_OVER_GRPC, CAPTURES_OVER_HTTP = 6, 4
MADE_TRACES = 4
TIMEOUT_S = 60.0
PATIENCE_S = 180.0
MONTH_NS = 30 * 86_400 * 10**9
TIMES = {"start_time_unix_nano", "end_time_unix_nano", "time_unix_nano", "observed_time_unix_nano"}
JSON_TIME = re.compile(rb'("(?:startTime|endTime|time|observedTime)UnixNano"\s*:\s*"?)(\d{19})("?)')


@dataclass(frozen=True)
class Request:
    """One request; over gRPC only its body counts."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Lane:
    """Requests of one sender, in order, and how often they were sent until all were acknowledged."""

    protocol: str  # http, grpc
    requests: Sequence[Request]
    attempts: int = 0
    failures: list[str] = field(default_factory=list)


def fixed_load() -> list[Lane]:
    """Events of Raindrop's SDK in their order, captures over gRPC and over HTTP, and made runs."""
    events = [_event(number, each) for number, each in enumerate(recorded("python"))]
    files = sorted(path for path in CAPTURES.rglob("001.*") if path.stat().st_size < 24_000)
    spans = [_captured(path) for path in files if path.name == "001.traces.pb"]
    others = [_captured(path) for path in files if path.name != "001.traces.pb"]
    made = [_made(number) for number in range(MADE_TRACES)]
    step = max(1, len(spans) // CAPTURES_OVER_GRPC)
    return [
        Lane("http", events),
        Lane("grpc", [*spans[::step], *made[:2]]),
        Lane("http", [*others[:CAPTURES_OVER_HTTP], *made[2:]]),
    ]


def _event(number: int, sent: Recorded) -> Request:
    """As recorded, but with a time of the sender's: without one, what is derived shows when it was received."""
    if sent.path == "/v1/traces":
        suffix = ".json" if "json" in sent.headers["content-type"] else ".pb"
        return Request(sent.path, sent.headers, _long_ago(sent.body, suffix, "traces"))
    if not sent.path.startswith(("/v1/events", "/v1/users")):
        return Request(sent.path, sent.headers, sent.body)
    body = json.loads(sent.body)
    for each in body if isinstance(body, list) else [body]:
        each.setdefault("timestamp", f"2026-01-02T03:04:{number:02}Z")
    return Request(sent.path, sent.headers, json.dumps(body).encode())


def _captured(path: Path) -> Request:
    signal = path.name.split(".")[1]
    body = path.read_bytes()
    return Request(f"/v1/{signal}", {"content-type": MEDIA_TYPES[path.suffix]}, _long_ago(body, path.suffix, signal))


def _long_ago(body: bytes, suffix: str, signal: str) -> bytes:
    """The same a month earlier: rules tell of what ended within a day, and whether a capture did must not change while
    tests run."""
    if suffix == ".json":
        return JSON_TIME.sub(lambda found: found[1] + str(int(found[2]) - MONTH_NS).encode() + found[3], body)
    data = TracesData.FromString(body) if signal == "traces" else LogsData.FromString(body)
    _earlier(data)
    return bytes(data.SerializeToString())


def _earlier(message: Message) -> None:
    for field_of, value in message.ListFields():
        if field_of.name in TIMES:
            setattr(message, field_of.name, value - MONTH_NS)
        elif field_of.message_type is not None:
            for each in value if field_of.is_repeated else [value]:
                _earlier(each)


def _made(number: int) -> Request:
    """A run with failed tool calls; every second one is stuck in a loop."""
    is_stuck = number % 2 == 1
    spans = list(long_run(bytes([0xFA, number]) * 8, 6, 1 if is_stuck else 3, stuck=is_stuck))
    data = TracesData(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])])
    return Request("/v1/traces", {"content-type": MEDIA_TYPES[".pb"]}, data.SerializeToString())


def deliver(lanes: Sequence[Lane], url: str, grpc_endpoint: str, while_sending: Callable[[], None]) -> None:
    """Send every lane until all is acknowledged, and run `while_sending` meanwhile; AssertionError if that fails."""
    threads = [threading.Thread(target=_work, args=(lane, url, grpc_endpoint), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    while_sending()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "not everything is acknowledged"
    assert not [failure for lane in lanes for failure in lane.failures]


def _work(lane: Lane, url: str, grpc_endpoint: str) -> None:
    try:
        for request in lane.requests:
            if lane.protocol == "grpc":
                _deliver_grpc(lane, request, grpc_endpoint)
            else:
                _deliver_http(lane, request, url)
    except BaseException as error:
        lane.failures.append(repr(error))


def _deliver_grpc(lane: Lane, request: Request, endpoint: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        lane.attempts += 1
        with closing(GrpcExporter(endpoint, TIMEOUT_S)) as exporter:
            outcome, status, text, _ = exporter.send(request.body)
        if outcome == "acknowledged":
            return
        assert outcome != "refused", f"{status} {text}"
        time.sleep(RECONNECT_DELAY_S)
    raise AssertionError("a request over gRPC is not acknowledged")


def _deliver_http(lane: Lane, request: Request, url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        lane.attempts += 1
        with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)) as connection:
            try:
                connection.request("POST", request.path, request.body, request.headers)
                response = connection.getresponse()
                text = response.read()
            except (OSError, http.client.HTTPException):
                time.sleep(RECONNECT_DELAY_S)
                continue
        if response.status in (200, 204):
            return
        assert response.status == 503, f"{request.path}: {response.status} {text!r}"
        time.sleep(RECONNECT_DELAY_S)
    raise AssertionError(f"a request to {request.path} is not acknowledged")
