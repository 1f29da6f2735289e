"""Spans of our own work reach another backend, and never the Rainbarrel that they are of."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.faults.running_receiver import running_receiver
from tests.faults.wait_until import wait_until
from tests.fix_server import running_server
from tests.run_cli import request_json, span_json
from trace_store.own_spans import own_span

SECRET = "the prompt of somebody"


class Backend:
    """Takes OTLP/HTTP and keeps the spans, and what their requests said of whose they are."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.bodies: list[bytes] = []
        self.owners: set[str] = set()


@contextmanager
def backend() -> Iterator[tuple[Backend, str]]:
    kept = Backend()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            request: Any = ExportTraceServiceRequest.FromString(body)
            spans = [s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
            kept.bodies.append(body)
            kept.owners.add(self.headers["x-rainbarrel-own-traces"])
            kept.names += [span.name for span in spans]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield kept, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nothing_is_recorded_unless_asked_for() -> None:
    with own_span("commit", records=1) as first, own_span("derive") as second:
        first.set(more=2)
        second.rename("other")
    assert first is second  # the span that is nothing


@pytest.fixture
def fast_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # of the SDK, in ms


@pytest.mark.usefixtures("fast_batches")
def test_own_spans_reach_another_backend_and_are_refused_by_the_same(database: str) -> None:
    with backend() as (kept, url), running_receiver(database, "--own-traces", url) as receiver:
        body = request_json(span_json(secrets.token_hex(16), name=SECRET))
        headers = {"content-type": "application/json"}
        assert httpx.post(f"{receiver.url}/v1/traces", content=body, headers=headers, timeout=60).status_code == 200
        wait_until(lambda: {"export traces", "commit"} <= set(kept.names), "both spans come")
        assert SECRET.encode() not in b"".join(kept.bodies)
        (owner,) = kept.owners

        told = headers | {"x-rainbarrel-own-traces": owner}
        refused = httpx.post(f"{receiver.url}/v1/traces", content=body, headers=told, timeout=60)
        assert refused.status_code == 403
        assert "traces of this very Rainbarrel" in refused.text
        others = headers | {"x-rainbarrel-own-traces": "0" * 64}
        assert httpx.post(f"{receiver.url}/v1/traces", content=body, headers=others, timeout=60).status_code == 200


@pytest.mark.thorough
@pytest.mark.usefixtures("fast_batches")
def test_derivations_and_questions_are_spans_too() -> None:
    with backend() as (kept, url), running_server("--own-traces", url) as server:
        trace_id = secrets.token_hex(16)
        body = request_json(span_json(trace_id, name=SECRET))
        headers = {"content-type": "application/json"}
        assert httpx.post(f"{server.url}/v1/traces", content=body, headers=headers, timeout=60).status_code == 200
        server.wait_for_trace(trace_id, 1)
        expected = {"export traces", "commit", "derive", "GET /api/traces/{trace_id}"}
        wait_until(lambda: expected <= set(kept.names), "spans of all kinds come")
        assert trace_id not in "".join(kept.names)
        assert SECRET.encode() not in b"".join(kept.bodies)
