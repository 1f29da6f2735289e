"""OTLP over gRPC against a real store: statuses with their details, compression, health, limits."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from otlp_receiver.access import AccessControl
from otlp_receiver.exceptions import AddressInUse
from otlp_receiver.export import Exporter
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.grpc_receiver import SERVICES, GrpcReceiver
from otlp_receiver.key_ring import KeyRing
from tests.fix_receiver import RunningReceivers, running_receivers
from tests.otlp_made import logs_request, metrics_request, trace_request
from trace_store.writer import SpanWriter

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "host=127.0.0.1 port=1 dbname=none connect_timeout=2"
COMPRESSIONS = [grpc.Compression.NoCompression, grpc.Compression.Gzip, grpc.Compression.Deflate]


@pytest.fixture
async def receivers(database: str) -> AsyncIterator[RunningReceivers]:
    async with running_receivers(database) as running:
        yield running


@pytest.fixture
async def channel(receivers: RunningReceivers) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(receivers.grpc_target) as opened:
        yield opened


@pytest.mark.parametrize("compression", COMPRESSIONS)
async def test_every_signal_is_taken_with_every_compression(
    receivers: RunningReceivers, channel: Any, compression: grpc.Compression
) -> None:
    answer = await TraceServiceStub(channel).Export(trace_request("a" * 2000, "b"), compression=compression)
    assert not answer.HasField("partial_success")
    assert await receivers.span_names() == ["a" * 2000, "b"]
    await LogsServiceStub(channel).Export(logs_request("said"), compression=compression)
    assert await receivers.sql("SELECT event_name FROM log_records") == [("said",)]
    await MetricsServiceStub(channel).Export(metrics_request(4), compression=compression)
    assert await receivers.sql("SELECT accepted FROM ingest_receipts WHERE signal = 'metrics'") == [(4,)]


async def test_bad_spans_are_named_and_the_rest_is_stored(receivers: RunningReceivers, channel: Any) -> None:
    request = trace_request("good", "bad")
    request.resource_spans[0].scope_spans[0].spans[1].span_id = b"123"
    answer = await TraceServiceStub(channel).Export(request)
    assert answer.partial_success.rejected_spans == 1
    assert "span 'bad': span_id has 3 bytes, not 8" in answer.partial_success.error_message
    assert await receivers.span_names() == ["good"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
async def test_health(channel: Any, compression: grpc.Compression) -> None:
    for service in ("", *SERVICES.values()):
        answer = await HealthStub(channel).Check(HealthCheckRequest(service=service), compression=compression)
        assert answer.status == HealthCheckResponse.SERVING


async def test_garbage_is_refused_for_good(channel: Any) -> None:
    export = channel.unary_unary(f"/{SERVICES['traces']}/Export")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await export(b"\xff\xff")
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "protobuf" in refused.value.details()
    assert status_of(refused.value).code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert not status_of(refused.value).details


async def test_without_a_database_senders_are_told_when_to_come_back() -> None:
    async with running_receivers(NOWHERE) as running, grpc.aio.insecure_channel(running.grpc_target) as channel:
        for _ in range(3):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await TraceServiceStub(channel).Export(trace_request("a"), timeout=60)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
            retry = RetryInfo()
            assert status_of(refused.value).details[0].Unpack(retry)
            assert retry.retry_delay.seconds >= 1


async def test_overload_is_resource_exhausted_with_retry_info(database: str) -> None:
    async with (
        running_receivers(database, queue_bytes_max=10_000) as running,
        grpc.aio.insecure_channel(running.grpc_target) as channel,
    ):
        async with running.stalled():
            waiting = TraceServiceStub(channel).Export(trace_request("first" * 1500), timeout=60)
            await wait_until_used(running)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await TraceServiceStub(channel).Export(trace_request("second" * 1500), timeout=60)
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert status_of(refused.value).details[0].Is(RetryInfo.DESCRIPTOR)
        await waiting
        assert len(await running.span_names()) == 1


async def wait_until_used(running: RunningReceivers) -> None:
    async with asyncio.timeout(60):
        while running.group_commit.budget.used_bytes < 5000:
            await asyncio.sleep(0.01)


async def test_a_message_over_the_limit_is_refused_for_good(database: str) -> None:
    async with (
        running_receivers(database, request_bytes_max=100_000) as running,
        grpc.aio.insecure_channel(running.grpc_target) as channel,
    ):
        for compression in COMPRESSIONS:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await TraceServiceStub(channel).Export(trace_request("x" * 120_000), compression=compression)
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert not [key for key, _ in refused.value.trailing_metadata() if key == "grpc-status-details-bin"]
        await TraceServiceStub(channel).Export(trace_request("x" * 90_000))


async def test_a_busy_port_is_named(database: str) -> None:
    async with running_receivers(database) as running:
        exporter = Exporter(GroupCommit(SpanWriter(database, 30)), AccessControl(KeyRing(database)))
        with pytest.raises(AddressInUse, match=str(running.grpc_port)):
            await GrpcReceiver(exporter, "127.0.0.1", running.grpc_port).start()


BOMBED_SERVER = """
import asyncio, resource, sys
from otlp_receiver.access import AccessControl
from otlp_receiver.export import Exporter
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.grpc_receiver import GrpcReceiver
from otlp_receiver.key_ring import KeyRing
from trace_store.writer import SpanWriter
def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
async def main():
    access = AccessControl(KeyRing("dbname=none"))
    receiver = GrpcReceiver(Exporter(GroupCommit(SpanWriter("dbname=none", 30)), access), "127.0.0.1", 0)
    port = await receiver.start()
    before = peak_bytes()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(peak_bytes() - before, flush=True)
    await receiver.stop(0)
asyncio.run(main())
"""


def test_a_gzip_bomb_is_refused_in_bounded_memory() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BOMBED_SERVER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        target = f"127.0.0.1:{int(server.stdout.readline())}"
        with grpc.insecure_channel(target, options=[("grpc.max_send_message_length", -1)]) as channel:
            export = channel.unary_unary(f"/{SERVICES['traces']}/Export")
            with pytest.raises(grpc.RpcError) as refused:
                export(bytes(600 * 1024 * 1024), compression=grpc.Compression.Gzip, timeout=60)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        server.stdin.write("\n")
        server.stdin.flush()
        assert int(server.stdout.readline()) < 160 * 1024 * 1024
    assert server.returncode == 0


def status_of(error: grpc.aio.AioRpcError) -> Status:
    details = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    return Status.FromString(details[0])
