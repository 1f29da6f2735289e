"""The sender of a benchmark, in a process of its own: makes its requests, waits for a line, sends, reports as JSON.

    python -m tests.benchmarks.sender --protocol grpc --endpoint 127.0.0.1:4317 --spans 60000 --seed 1

Every connection sends its next request once the last one is acknowledged, or at the pace that `--rate` gives to all of
them together. A share of the requests is sent twice, as a sender does that lost the answer.
"""

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Protocol

import grpc

from tests.benchmarks.workload import Request, Shape, requests

METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
TIMEOUT_S = 120.0
RETRY_DELAY_S = 0.5
STARTED_AGO_NS = 600_000_000_000


@dataclass
class SenderReport:
    """What a sender did; times are seconds of the machine's monotonic clock."""

    acknowledged_spans: int = 0
    distinct_spans: int = 0
    bytes: int = 0
    retries: int = 0
    begun_s: float = 0.0
    ended_s: float = 0.0
    cpu_s: float = 0.0
    ack_delays_s: list[float] = field(default_factory=list)


class Connection(Protocol):
    def send(self, request: Request) -> bool:
        """True once acknowledged, False when it must be sent again."""


Headers = Callable[[Request], dict[str, str]]


class GrpcConnection:
    def __init__(self, endpoint: str, headers: Headers) -> None:
        # without a pool of its own, all channels of a process share one TCP connection
        self._channel = grpc.insecure_channel(endpoint, options=[("grpc.use_local_subchannel_pool", 1)])
        grpc.channel_ready_future(self._channel).result(TIMEOUT_S)
        self._export = self._channel.unary_unary(METHOD)
        self._headers = headers

    def send(self, request: Request) -> bool:
        try:
            metadata = tuple(self._headers(request).items())
            answer = self._export(request.body, timeout=TIMEOUT_S, metadata=metadata)
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
                return False
            raise
        if answer:
            raise AssertionError(f"partial success: {answer!r}")
        return True


class HttpConnection:
    def __init__(self, endpoint: str, headers: Headers) -> None:
        self._connection = http.client.HTTPConnection(endpoint, timeout=TIMEOUT_S)
        self._connection.connect()
        self._headers = headers

    def send(self, request: Request) -> bool:
        headers = {"Content-Type": "application/x-protobuf", **self._headers(request)}
        try:
            self._connection.request("POST", "/v1/traces", request.body, headers)
            response = self._connection.getresponse()
        except ConnectionError:  # some servers close a connection that was idle for some seconds
            self._connection.close()
            return False
        answer = response.read()
        if response.status in (429, 503):
            return False
        if response.status != 200 or answer:
            raise AssertionError(f"{response.status}: {answer!r}")
        return True


def shares(made: list[Request], connections: int, duplicates: float) -> list[list[Request]]:
    """What each connection sends; every so many requests, one is sent again after the next few."""
    found = [made[number::connections] for number in range(connections)]
    every = round(1 / duplicates) if duplicates else 0
    for number in range(every and every - 1, len(made), every or len(made)):
        if every:
            share = found[number % connections]
            share.insert(share.index(made[number]) + 2, made[number])
    return found


def run(connections: list[Connection], work: list[list[Request]], rate: float) -> SenderReport:
    """Sends everything; `rate` in spans per second, 0 for as fast as acknowledged."""
    report = SenderReport()
    lock = threading.Lock()
    sent_spans = 0

    def turn(span_count: int) -> None:
        """Waits for the time of the next request."""
        nonlocal sent_spans
        with lock:
            due = report.begun_s + sent_spans / rate
            sent_spans += span_count
        time.sleep(max(0.0, due - time.monotonic()))

    def one(connection: Connection, share: list[Request]) -> None:
        delays = []
        retries = 0
        for request in share:
            if rate:
                turn(request.span_count)
            begun = time.monotonic()
            while not connection.send(request):
                retries += 1
                time.sleep(RETRY_DELAY_S)
            delays.append(time.monotonic() - begun)
        with lock:
            report.acknowledged_spans += sum(request.span_count for request in share)
            report.bytes += sum(len(request.body) for request in share)
            report.retries += retries
            report.ack_delays_s += delays

    cpu_before, report.begun_s = time.process_time(), time.monotonic()
    with ThreadPoolExecutor(len(connections)) as threads:
        list(threads.map(one, connections, work))
    report.ended_s, report.cpu_s = time.monotonic(), time.process_time() - cpu_before
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protocol", choices=("grpc", "http"), required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--spans", type=int, required=True)
    parser.add_argument("--shape", type=json.loads, default={}, help="fields of workload.Shape, as JSON")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--duplicates", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--header", action="append", default=[], help="NAME=VALUE; {service} is the service's number")
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    made = requests(options.spans, Shape(**options.shape), options.seed, time.time_ns() - STARTED_AGO_NS)
    given = [header.split("=", 1) for header in options.header]

    def headers(request: Request) -> dict[str, str]:
        return {name: value.format(service=request.service) for name, value in given}

    make_connection = GrpcConnection if options.protocol == "grpc" else HttpConnection
    connections: list[Connection] = [make_connection(options.endpoint, headers) for _ in range(options.connections)]
    print("ready", flush=True)
    sys.stdin.readline()
    report = run(connections, shares(made, options.connections, options.duplicates), options.rate)
    report.distinct_spans = sum(request.span_count for request in made)
    print(json.dumps(asdict(report)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
