"""Sends a test span over gRPC and over HTTP and reads both back through the query API."""

import secrets
import time
import urllib.parse
from collections.abc import Callable, Iterator

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

SERVICE_NAME = "rainbarrel-doctor"
SEND_TIMEOUT_S = 10.0
READ_PATIENCE_S = 15.0
READ_INTERVAL_S = 0.1


def check_round_trips(client: ApiClient, grpc_endpoint: str | None) -> Iterator[Finding]:
    """One line for each protocol."""
    yield _round_trip("HTTP", client, lambda request: _send_http(client, request))
    if grpc_endpoint is None:
        yield bad("test span over gRPC: this server receives none", "run `rainbarrel serve` or `rainbarrel receive`")
        return
    yield _round_trip("gRPC", client, lambda request: _send_grpc(grpc_endpoint, request))


def _round_trip(
    protocol: str, client: ApiClient, send: Callable[[ExportTraceServiceRequest], ExportTraceServiceResponse]
) -> Finding:
    trace_id = secrets.token_bytes(16)
    begin = time.monotonic()
    try:
        response = send(_request(trace_id, protocol))
    except (RainbarrelError, grpc.RpcError) as error:
        said = f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else str(error)
        return bad(f"test span over {protocol}: {said}", "read the server's log; check what lies between")
    if response.partial_success.rejected_spans:
        return bad(
            f"test span over {protocol}: refused: {response.partial_success.error_message}", "read the server's log"
        )
    sent_ms = (time.monotonic() - begin) * 1000
    if not _comes_back(client, trace_id.hex()):
        return bad(
            f"test span over {protocol}: stored in {sent_ms:.0f} ms, but not derived within {READ_PATIENCE_S:.0f} s",
            "see whether the processor runs (`rainbarrel serve` starts one, `rainbarrel process` is one)",
        )
    total_ms = (time.monotonic() - begin) * 1000
    return good(f"test span over {protocol}: stored in {sent_ms:.0f} ms, read back after {total_ms:.0f} ms")


def _comes_back(client: ApiClient, trace_id: str) -> bool:
    deadline = time.monotonic() + READ_PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if client.get_json(f"/api/traces/{trace_id}").get("span_count", 0) >= 1:
                return True
        except ServerRefuses as error:
            if error.status != 404:
                return False
        time.sleep(READ_INTERVAL_S)
    return False


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


def _send_grpc(endpoint: str, request: ExportTraceServiceRequest) -> ExportTraceServiceResponse:
    parts = urllib.parse.urlsplit(endpoint)
    options = [("grpc.enable_http_proxy", 0)]
    if parts.scheme == "https":
        channel = grpc.secure_channel(parts.netloc, grpc.ssl_channel_credentials(), options)
    else:
        channel = grpc.insecure_channel(parts.netloc, options)
    with channel:
        response: ExportTraceServiceResponse = TraceServiceStub(channel).Export(request, timeout=SEND_TIMEOUT_S)
    return response
