"""OTLP over gRPC: TraceService, LogsService and MetricsService, and gRPC's health service.

Handlers get raw bytes, since decode cuts the spans out itself. gRPC's core limits a message before and after
decompression and answers RESOURCE_EXHAUSTED without RetryInfo then, which senders take as final.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import OVERALL_HEALTH
from grpc_health.v1.health import aio as aio_health
from grpc_health.v1.health_pb2 import HealthCheckResponse

from otlp_receiver.decoded import Signal
from otlp_receiver.exceptions import AddressInUse
from otlp_receiver.export import Exporter
from otlp_receiver.status import error_message, error_status, refusal, success_response
from trace_store.exceptions import RainbarrelError

SERVICES: dict[Signal, str] = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_KEEPALIVE = (
    ("grpc.keepalive_time_ms", 60_000),  # finds clients that vanished
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),  # clients may ping often without a GOAWAY
    ("grpc.http2.max_ping_strikes", 0),
)
_CONCURRENT_STREAMS_MAX = 128  # per connection; further calls wait in the client

_log = logging.getLogger(__name__)
_Handler = Callable[[bytes, Any], Awaitable[bytes]]


class GrpcReceiver:
    """A gRPC server, with TLS if there are `credentials`; `start` returns its port, `stop` lets requests finish."""

    def __init__(
        self, exporter: Exporter, host: str, port: int, *, reuse_port: bool = False, credentials: Any = None
    ) -> None:
        self._exporter, self._credentials = exporter, credentials
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._reuse_port = reuse_port
        self._server: Any = None
        self._health = aio_health.HealthServicer()

    async def start(self) -> int:
        """Listen and serve. Returns the port (port 0 picks one); raises AddressInUse when it cannot listen."""
        self._server = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", self._exporter.request_bytes_max),
                ("grpc.max_concurrent_streams", _CONCURRENT_STREAMS_MAX),
                ("grpc.so_reuseport", int(self._reuse_port)),
                *_KEEPALIVE,
            )
        )
        for signal, service in SERVICES.items():
            handler = grpc.unary_unary_rpc_method_handler(self._handler(signal))
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": handler}),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        try:
            port = self._listen()
        except RuntimeError as error:
            raise AddressInUse(f"cannot listen on {self._address} for OTLP/gRPC: {error}") from error
        for service in (OVERALL_HEALTH, *SERVICES.values()):
            await self._health.set(service, HealthCheckResponse.SERVING)
        await self._server.start()
        return port

    def _listen(self) -> int:
        if self._credentials is None:
            return int(self._server.add_insecure_port(self._address))
        return int(self._server.add_secure_port(self._address, self._credentials))

    async def stop(self, grace_s: float) -> None:
        """Take no new requests, wait at most `grace_s` for running ones, close."""
        await self._health.enter_graceful_shutdown()
        if self._server is not None:
            await self._server.stop(grace_s)

    def _handler(self, signal: Signal) -> _Handler:
        async def export(body: bytes, context: Any) -> bytes:
            headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
            try:
                access = await self._exporter.access.to_send(headers, context.peer())
                with self._exporter.budget.reservation() as reservation:
                    decoded = await self._exporter.export(signal, [body], "protobuf", "identity", access, reservation)
            except Exception as error:
                if not isinstance(error, RainbarrelError):
                    _log.exception("a request failed")
                return await _abort(context, error)
            response: bytes = success_response(decoded).SerializeToString()
            return response

        return export


async def _abort(context: Any, error: Exception) -> bytes:
    details = (("grpc-status-details-bin", error_status(error).SerializeToString()),)
    await context.abort(refusal(error).grpc_status, error_message(error), details)
    raise AssertionError("abort raises")
