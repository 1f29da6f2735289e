"""Thousands of clients that connect and do nothing, or half of something, and what a receiver takes for them.

    python -m tests.faults.idle_connections --connections 10000

prints a table: memory of the process that receives before, with all connections open, and with as many again after they
were closed; and how long an export took among them. A third of the HTTP connections say nothing, a third have sent a
request and stay, a third stop in the middle of their headers; gRPC connections have made their handshake and stay.
"""

import argparse
import contextlib
import resource
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psutil

from tests.faults.wait_until import wait_until
from tests.fix_server import running_server
from tests.run_cli import request_json, span_json

MIB = 1024 * 1024
CONNECT_TIMEOUT_S = 60.0
HTTP_SAYS = (b"", b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n", b"POST /v1/traces HTTP/1.1\r\nhost: te")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"  # and an empty SETTINGS frame


@dataclass(frozen=True)
class Measured:
    """What a process took, in bytes, and what an export took, in seconds."""

    before: int
    during: int
    again: int  # with as many others, after the first were gone
    export_s: float  # the longest
    connections: int

    @property
    def bytes_per_connection(self) -> float:
        return (self.during - self.before) / self.connections


@contextlib.contextmanager
def idle_clients(address: str, count: int, says: tuple[bytes, ...]) -> Iterator[list[socket.socket]]:
    """`count` connections to `address`; each in turn says one of `says` and nothing more."""
    host, _, port = address.partition("://")[2].rpartition(":")
    with contextlib.ExitStack() as stack:
        clients = []
        for number in range(count):
            client = stack.enter_context(socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S))
            client.sendall(says[number % len(says)])
            clients.append(client)
        yield clients


def front_process(supervisor_pid: int) -> psutil.Process:
    """The process of `serve` that receives."""
    children = psutil.Process(supervisor_pid).children()
    (front,) = (child for child in children if "front" in child.cmdline())
    return front


def export(url: str) -> float:
    """Sends a span as any sender would; the seconds until it was stored."""
    began = time.monotonic()
    body = request_json(span_json(secrets.token_hex(16)))
    answer = httpx.post(f"{url}/v1/traces", content=body, headers={"content-type": "application/json"}, timeout=60)
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began


def measure(url: str, grpc_endpoint: str, process: psutil.Process, connections: int) -> Measured:
    """Half of the connections to each port."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, max(allowed, connections + 1000)), most))
    export(url)
    before, files = process.memory_info().rss, process.num_fds()
    during, first_s = _among_idle(url, grpc_endpoint, process, connections)
    wait_until(lambda: process.num_fds() <= files + 16, "the server lets go of those who went", CONNECT_TIMEOUT_S)
    again, second_s = _among_idle(url, grpc_endpoint, process, connections)
    return Measured(before, during, again, max(first_s, second_s), connections)


def _among_idle(url: str, grpc_endpoint: str, process: psutil.Process, connections: int) -> tuple[int, float]:
    """Memory in bytes with all connections open, and the seconds that an export took."""
    half = connections // 2
    with (
        idle_clients(url, half, HTTP_SAYS) as http,
        idle_clients(grpc_endpoint, connections - half, (PREFACE,)) as grpc,
    ):
        for client in http[1::3] + grpc:  # those get an answer, after which all of the others are connected too
            client.settimeout(CONNECT_TIMEOUT_S)
            assert client.recv(1), "the server closed a connection"
        export_s = export(url)
        return process.memory_info().rss, export_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    connections = parser.parse_args().connections
    with running_server() as server:
        found = measure(server.url, server.grpc_endpoint, front_process(server.process.pid), connections)
    print(f"{connections} connections, half to each port")
    for when in ("before", "during", "again"):
        print(f"{when:>8} {getattr(found, when) / MIB:8.1f} MiB")
    each = found.bytes_per_connection / 1024
    print(f"per connection {each:.1f} KiB; an export among them took {found.export_s:.2f} s")


if __name__ == "__main__":
    main()
