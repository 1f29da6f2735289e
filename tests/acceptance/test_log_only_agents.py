"""Agents that send only log records, over HTTP to a real server: listed, judged, in whatever order they come."""

import time
from typing import Any

import httpx
import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.agent_logs import AGENTS, accepted, session_request, spans_with_logs
from tests.fix_server import RunningServer
from tool_errors.inspect import inspect_records

OF_HTTP = {"derived_at", "spans_offset", "spans_total", "live"}


def post(server: RunningServer, request: Message, path: str = "/v1/logs") -> None:
    headers = {"content-type": "application/x-protobuf"}
    answer = httpx.post(server.url + path, content=request.SerializeToString(), headers=headers, timeout=60)
    assert (answer.status_code, answer.content) == (200, b"")


def inspected(*requests: ExportLogsServiceRequest | ExportTraceServiceRequest) -> dict[str, Any]:
    (trace,) = inspect_records(*accepted(*requests))
    return trace


def settled(server: RunningServer, expected: dict[str, Any]) -> dict[str, Any]:
    """The trace once it says what `inspect` says, but for what HTTP adds."""
    deadline = time.monotonic() + 180
    found: dict[str, Any] = {}
    while time.monotonic() < deadline:
        answer = server.get(f"/api/traces/{expected['trace_id']}")
        found = answer.json()
        if answer.status_code == 200 and all(found.get(key) == expected[key] for key in expected.keys() - OF_HTTP):
            return found
        time.sleep(0.1)
    assert {key: found.get(key) for key in expected.keys() - OF_HTTP} == {
        key: expected[key] for key in expected.keys() - OF_HTTP
    }
    return found


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("order", ["as sent", "reversed and doubled"])
def test_a_session_is_a_trace_like_any_other(server: RunningServer, agent: str, order: str) -> None:
    now_ms = time.time_ns() // 1_000_000 - 60_000
    session = f"{agent} {order}"
    whole = session_request(agent, session, now_ms)
    records = list(whole.resource_logs[0].scope_logs[0].log_records)
    if order != "as sent":
        records = [record for record in reversed(records) for _ in range(2)]
    spans_before = server.get("/api/stats").json()["spans"]
    for record in records:
        part = ExportLogsServiceRequest.FromString(whole.SerializeToString())
        del part.resource_logs[0].scope_logs[0].log_records[:]
        part.resource_logs[0].scope_logs[0].log_records.append(record)
        post(server, part)
    expected = inspected(whole)
    trace = settled(server, expected)
    assert any(call["status"] == "error" for call in trace["tool_calls"])
    listed = server.get("/api/traces?limit=500").json()["traces"]
    (row,) = [row for row in listed if row["trace_id"] == trace["trace_id"]]
    assert row["conversation_id"] == session
    assert server.get(f"/traces/{trace['trace_id']}").status_code == 200
    assert server.get("/api/stats").json()["spans"] == spans_before
    assert server.get(f"/api/traces/{trace['trace_id']}/otlp").json() == {"resourceSpans": []}


@pytest.mark.thorough
def test_records_before_and_after_their_spans(server: RunningServer) -> None:
    spans, logs = spans_with_logs()
    expected = inspected(spans, logs)
    post(server, logs)
    settled(server, inspected(logs))
    post(server, spans, "/v1/traces")
    trace = settled(server, expected)
    assert [(call["call_id"], call["status"]) for call in trace["tool_calls"]] == [
        ("toolu_1", "error"),
        ("toolu_2", "error"),
        ("toolu_3", "error"),
        ("toolu_5", "ok"),
    ]
    sent = server.get(f"/api/traces/{trace['trace_id']}/otlp").json()["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert len(sent) == 3
