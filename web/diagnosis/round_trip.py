"""Sends a test span over HTTP and over gRPC and asks the query API until the processor has derived both."""

import secrets
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from trace_store.exceptions import RainbarrelError
from web.api_client import ApiClient, ServerRefuses
from web.diagnosis.finding import Finding, bad, good
from web.tls.client import ClientTls

SERVICE_NAME = "rainbarrel-doctor"
SEND_TIMEOUT_S = 10.0
DERIVE_PATIENCE_S = 10.0
READ_INTERVAL_S = 0.1

Export = Callable[[ExportTraceServiceRequest], ExportTraceServiceResponse]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A test span that the server has acknowledged."""

    protocol: str
    trace_id: str
    begin: float
    stored_ms: float


def check_round_trips(client: ApiClient, pages: ApiClient, grpc_endpoint: str | None) -> Iterator[Finding]:
    """One line for each protocol; `pages` is the server that answers queries."""
    exports: dict[str, Export] = {"HTTP": lambda request: _send_http(client, request)}
    if grpc_endpoint is not None:
        exports["gRPC"] = lambda request: _send_grpc(grpc_endpoint, request, client)
    sent = [_send(protocol, export) for protocol, export in exports.items()]
    deadline = time.monotonic() + DERIVE_PATIENCE_S  # one for both: without a processor both wait in vain
    for one in sent:
        yield one if isinstance(one, Finding) else _wait_until_derived(one, pages, deadline)
    if grpc_endpoint is None:
        yield bad("test span over gRPC: this server receives none", "run `rainbarrel serve` or `rainbarrel receive`")


def _send(protocol: str, export: Export) -> _Sent | Finding:
    trace_id = secrets.token_bytes(16)
    begin = time.monotonic()
    try:
        response = export(_request(trace_id, protocol))
    except (RainbarrelError, grpc.RpcError) as error:
        said = f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else str(error)
        return bad(f"test span over {protocol}: {said}", "read the server's log; check what lies between")
    if response.partial_success.rejected_spans:
        return bad(
            f"test span over {protocol}: refused: {response.partial_success.error_message}", "read the server's log"
        )
    return _Sent(protocol, trace_id.hex(), begin, (time.monotonic() - begin) * 1000)


def _wait_until_derived(sent: _Sent, pages: ApiClient, deadline: float) -> Finding:
    """Asks until the processor has derived the test span; asks once when the deadline is over already.

    What was acknowledged is stored: a server that does not know it has no pages, or another database.
    """
    stored = f"test span over {sent.protocol}: stored in {sent.stored_ms:.0f} ms"
    while True:
        unread, is_unknown = "", False
        try:
            if pages.get_json(f"/api/traces/{sent.trace_id}").get("derived_at"):
                return good(f"{stored}, derived after {(time.monotonic() - sent.begin) * 1000:.0f} ms")
        except RainbarrelError as error:
            unread = str(error)
            is_unknown = isinstance(error, ServerRefuses) and error.status == 404
        if is_unknown or time.monotonic() > deadline:
            break
        time.sleep(READ_INTERVAL_S)
    if unread:
        advice = "read its log; where `rainbarrel web` serves the pages on the same database, pass --pages-url"
        return bad(f"{stored}, but cannot be read back: {unread}", advice)
    return bad(
        f"{stored}, but not derived within {DERIVE_PATIENCE_S:.0f} s: lists and pages do not show it",
        "see whether a processor runs, and its log (`rainbarrel serve` starts one, `rainbarrel process` is one)",
    )


def _request(trace_id: bytes, protocol: str) -> ExportTraceServiceRequest:
    now = time.time_ns()
    span = Span(
        trace_id=trace_id,
        span_id=secrets.token_bytes(8),
        name=f"test span over {protocol}",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=now - 1_000_000,
        end_time_unix_nano=now,
    )
    service = KeyValue(key="service.name", value=AnyValue(string_value=SERVICE_NAME))
    scopes = [ScopeSpans(scope=InstrumentationScope(name="rainbarrel.doctor"), spans=[span])]
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=Resource(attributes=[service]), scope_spans=scopes)]
    )


def _send_http(client: ApiClient, request: ExportTraceServiceRequest) -> ExportTraceServiceResponse:
    answer = client.post("/v1/traces", request.SerializeToString(), "application/x-protobuf")
    response: ExportTraceServiceResponse = ExportTraceServiceResponse.FromString(answer)
    return response


def _send_grpc(endpoint: str, request: ExportTraceServiceRequest, client: ApiClient) -> ExportTraceServiceResponse:
    parts = urllib.parse.urlsplit(endpoint)
    if parts.scheme == "https":
        channel = (client.tls or ClientTls()).grpc_channel(parts.netloc)
    else:
        channel = grpc.insecure_channel(parts.netloc, [("grpc.enable_http_proxy", 0)])
    with channel:
        response: ExportTraceServiceResponse = TraceServiceStub(channel).Export(
            request, timeout=SEND_TIMEOUT_S, metadata=(("x-api-key", client.key),) if client.key else ()
        )
    return response
