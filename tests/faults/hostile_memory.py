"""The most memory that a front process takes while it is attacked in one way after the other.

    python -m tests.faults.hostile_memory

prints a row per attack, each by eight clients at once. The bound is that of docs/reliability.md, with the defaults.
"""

import gzip
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import grpc
import httpx
import psutil
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from tests.faults.idle_connections import export, front_process
from tests.fix_server import RunningServer, running_server
from web.settings import Settings

MIB = 1024 * 1024
BOUND_BYTES = 2048 * MIB
AT_ONCE = 8
LARGE = Settings().request_bytes_max - 64 * 1024
PROTOBUF, JSON = "application/x-protobuf", "application/json"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def _post(server: RunningServer, body: bytes, media_type: str, coding: str = "identity") -> int:
    headers = {"content-type": media_type, "content-encoding": coding}
    return httpx.post(server.url + "/v1/traces", content=body, headers=headers, timeout=300).status_code


def _at_once(server: RunningServer, body: bytes, media_type: str, coding: str = "identity") -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = set(pool.map(lambda _: _post(server, body, media_type, coding), range(AT_ONCE)))
    assert codes <= {200, 400, 413, 503}, codes


def _request(*attributes: KeyValue) -> bytes:
    span = Span(trace_id=b"\1" * 16, span_id=b"\2" * 8, name="large", attributes=attributes)
    span.start_time_unix_nano = span.end_time_unix_nano = 1_700_000_000_000_000_000
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])])
    return bytes(request.SerializeToString())


def _varint(number: int) -> bytes:
    coded = b""
    while number > 0x7F:
        coded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return coded + bytes([number])


def gzip_bombs(server: RunningServer) -> None:
    """2 GiB of zeros in 2 MB, several at once."""
    _at_once(server, gzip.compress(bytes(128 * MIB), 9) * 16, PROTOBUF, "gzip")


def zstd_bombs(server: RunningServer) -> None:
    """2 GiB of zeros in some KB."""
    _at_once(server, zstandard.compress(bytes(512 * MIB), 3) * 4, PROTOBUF, "zstd")


def large_messages(server: RunningServer) -> None:
    """Spans of 64 MiB over HTTP, several at once."""
    _at_once(server, _request(KeyValue(key="k", value=AnyValue(bytes_value=bytes(LARGE)))), PROTOBUF)


def large_json(server: RunningServer) -> None:
    """64 MiB of JSON that is all braces and commas."""
    _at_once(server, b'{"resourceSpans":[' + b"{}," * (LARGE // 3) + b"{}]}", JSON)


def deep_nesting(server: RunningServer) -> None:
    """Values in values: as deep as a message can hold them, in JSON and in protobuf."""
    _at_once(server, b"[" * LARGE, JSON)
    value = b""
    while len(value) < 64 * 1024:  # an AnyValue of an ArrayValue of one AnyValue, and so on
        for field in (b"\x0a", b"\x2a"):
            value = field + _varint(len(value)) + value
    attribute = b"\x0a\x01k\x12" + _varint(len(value)) + value
    span = b"\x0a\x10" + b"\1" * 16 + b"\x12\x08" + b"\2" * 8
    span += (b"\x4a" + _varint(len(attribute)) + attribute) * (LARGE // len(attribute) - 1)
    for field in (b"\x12", b"\x12", b"\x0a"):  # spans of a scope, scopes of a resource, resources
        span = field + _varint(len(span)) + span
    _at_once(server, span, PROTOBUF)


def large_grpc(server: RunningServer) -> None:
    """Spans of 64 MiB over gRPC, several at once."""
    body = _request(KeyValue(key="k", value=AnyValue(bytes_value=bytes(LARGE))))
    options = [("grpc.max_send_message_length", -1), ("grpc.enable_http_proxy", 0)]

    def send(_: int) -> None:
        place = server.grpc_endpoint.removeprefix("http://")
        with grpc.insecure_channel(place, options) as channel, suppress(grpc.RpcError):  # overloaded
            channel.unary_unary(EXPORT)(body, timeout=300)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, range(AT_ONCE)))


def half_messages(server: RunningServer) -> None:
    """Bodies of 60 MiB over HTTP whose last byte never comes."""
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {60 * MIB}\r\n\r\n"

    def send(client: socket.socket) -> None:
        with suppress(OSError):  # told to come back, and closed
            client.sendall(head.encode() + bytes(60 * MIB - 1))

    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection((host, int(port)), 120)) for _ in range(AT_ONCE)]
        threads = [threading.Thread(target=send, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        export(server.url)


ATTACKS: dict[str, Callable[[RunningServer], None]] = {
    attack.__name__: attack
    for attack in (gzip_bombs, zstd_bombs, large_messages, large_json, deep_nesting, large_grpc, half_messages)
}


def peak_bytes(process: psutil.Process, attack: Callable[[RunningServer], None], server: RunningServer) -> int:
    """The most that the process had in memory during an attack."""
    folder = Path(f"/proc/{process.pid}")
    (folder / "clear_refs").write_text("5")  # proc(5): resets the peak
    attack(server)
    (line,) = (line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    """Print the table."""
    with running_server() as server:
        process = front_process(server.process.pid)
        export(server.url)
        print(f"idle {process.memory_info().rss / MIB:.0f} MiB; the bound is {BOUND_BYTES / MIB:.0f} MiB")
        for name, attack in ATTACKS.items():
            peak, text = peak_bytes(process, attack, server), " ".join((attack.__doc__ or "").split())
            print(f"| `{name}` | {text} | {peak / MIB:.0f} MiB |", flush=True)
        print(f"idle again {process.memory_info().rss / MIB:.0f} MiB")


if __name__ == "__main__":
    main()
