"""Neither keys nor what spans and events hold come into any log, in good requests or refused ones, at level debug."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from tests.fix_server import RunningServer, running_server
from tests.otlp_made import trace_request
from tests.run_cli import rainbarrel, request_json, span_json

PLANTED = "planted-7c41"


@pytest.fixture(scope="module")
def talkative() -> Iterator[RunningServer]:
    with running_server("--host", "0.0.0.0", "--log-level", "debug") as server:
        yield server


def prompt(trace_id: str, **fields: Any) -> dict[str, Any]:
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": f"{PLANTED} prompt"}]}])
    values = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": said, "user.id": f"{PLANTED}-user"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
    return span_json(trace_id, attributes=attributes, name=f"{PLANTED} name", **fields)


def post_all(server: RunningServer, write_key: str, trace_id: str) -> set[int]:
    """Good and bad, over each way in."""
    headers = {"content-type": "application/json", "x-api-key": write_key}
    event = {"event_id": "e1", "user_id": f"{PLANTED}-user", "event": "chat", "ai_data": {"input": PLANTED}}
    good, bad = prompt(trace_id), prompt(trace_id, spanId="00")
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        answers = [
            client.post("/v1/traces", content=request_json(good)),
            client.post("/v1/traces", content=request_json(bad)),
            client.post("/v1/traces", content=f'{{"{PLANTED}": '),
            client.post("/v1/traces", content=PLANTED, headers={"content-type": "application/x-protobuf"}),
            client.post("/v1/traces", content=PLANTED, headers={"content-encoding": "gzip"}),
            client.post("/v1/traces", content=request_json(good), headers={"x-api-key": f"{PLANTED}-key"}),
            client.post("/v1/events/track", json=[event]),
            client.post("/v1/events/track", json=[{"event_id": {PLANTED: 1}}]),
            client.post("/sign-in", data={"password": f"{PLANTED}-password"}, headers={"origin": server.url}),
            client.get("/api/traces", params={"q": PLANTED}),
            client.get(f"/traces/{PLANTED}"),
        ]
    target = server.grpc_endpoint.removeprefix("http://")
    metadata = [("x-api-key", f"{PLANTED}-key")]
    with grpc.insecure_channel(target) as channel, pytest.raises(grpc.RpcError):
        TraceServiceStub(channel).Export(trace_request(PLANTED), metadata=metadata, timeout=60)
    return {answer.status_code for answer in answers}


def test_what_is_planted_is_in_no_log(talkative: RunningServer) -> None:
    made = rainbarrel("keys", "create", "--kind", "write", "--name", "agent", "--data-dir", talkative.data_dir)
    write_key = re.findall(r"rb_write_[\w-]{43}", made.stdout.decode())[0]
    admin_key = talkative.admin_key()
    trace_id = secrets.token_hex(16)
    statuses = post_all(talkative, write_key, trace_id)
    assert {200, 400, 401, 403} <= statuses
    assert max(statuses) < 500
    deadline = time.monotonic() + 180
    headers = {"x-api-key": admin_key}
    while PLANTED not in httpx.get(f"{talkative.url}/api/traces/{trace_id}", headers=headers, timeout=60).text:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    logs = {path.name: path.read_text(errors="replace") for path in talkative.data_dir.parent.rglob("*.log")}
    assert {"serve.log", "postgresql.log"} <= set(logs)
    for name, text in logs.items():
        assert PLANTED not in text, f"{name}: {[line for line in text.splitlines() if PLANTED in line]}"
        assert write_key not in text, name
    assert logs["serve.log"].count(admin_key) == 1  # printed at the first start, by intent
