"""Freshness: seconds until a new or a late span shows in the derived trace, while a steady load runs.

    python -m tests.benchmarks.freshness [--rate 2000] [--seconds 30]

Beside the load, a probe sends a trace of two spans, waits until the traces list counts both, sends a third span of the
same trace and waits again. The clock starts when the probe's span is sent; the list is looked at every 20 ms.
"""

import argparse
import http.client
import secrets
import sys
import time

import psycopg
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.benchmarks.cpu import CpuMeter
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.passes import Scenario, let_go, percentile, report_of, start_sender
from tests.fix_server import running_server
from web.processes.server_file import read_running

CONTENT_TYPE = "application/x-protobuf"
POLL_INTERVAL_S = 0.02
PROBE_TIMEOUT_S = 60.0
SHOWN = "SELECT span_count FROM rainbarrel.traces WHERE project_id = 1 AND trace_id = %s"


class Probe:
    """One trace that grows."""

    def __init__(self, address: str, connection: psycopg.Connection) -> None:
        self._http = http.client.HTTPConnection(address, timeout=PROBE_TIMEOUT_S)
        self._connection = connection
        self._trace_id = secrets.token_bytes(16)
        self._root_id = secrets.token_bytes(8)
        self._count = 0

    def grow(self, names: list[str]) -> float:
        """Sends spans; seconds from before the request until the list counts all of them."""
        request = ExportTraceServiceRequest()
        scope_spans = request.resource_spans.add().scope_spans.add()
        now = time.time_ns()
        for name in names:
            is_root = self._count == 0
            self._count += 1
            span = Span(trace_id=self._trace_id, name=name, start_time_unix_nano=now - 10**9, end_time_unix_nano=now)
            span.span_id = self._root_id if is_root else secrets.token_bytes(8)
            span.parent_span_id = b"" if is_root else self._root_id
            span.attributes.add(key="gen_ai.operation.name").value.string_value = name
            scope_spans.spans.append(span)
        begun = time.monotonic()
        self._http.request(
            "POST", "/v1/traces", request.SerializeToString(), {"Content-Type": "application/x-protobuf"}
        )
        response = self._http.getresponse()
        if response.status != 200 or response.read():
            raise AssertionError(f"the probe was answered {response.status}")
        while self._connection.execute(SHOWN, (self._trace_id,)).fetchone() != (self._count,):
            if time.monotonic() - begun > PROBE_TIMEOUT_S:
                raise AssertionError(f"not shown within {PROBE_TIMEOUT_S:.0f} s")
            time.sleep(POLL_INTERVAL_S)
        return time.monotonic() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=2000, help="spans per second")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--protocol", choices=("grpc", "http"), default="grpc")
    options = parser.parse_args()
    load = Scenario(options.protocol, 0.0, options.rate * options.seconds, rate=options.rate)
    with running_server() as server:
        said = read_running(server.data_dir)
        assert said is not None
        with psycopg.connect(said.database_url, autocommit=True) as connection:
            print(machine_facts(str(connection.info.parameter_status("server_version"))), "\n")
            sender = start_sender(server, load, seed=1)
            meter = CpuMeter(server.process.pid, connection)
            meter.start()
            let_go(sender)
            new, late = [], []
            while sender.poll() is None:
                probe = Probe(said.url.removeprefix("http://"), connection)
                new.append(probe.grow(["invoke_agent", "chat"]))
                late.append(probe.grow(["execute_tool"]))
            cpu = meter.seconds()
    sent = report_of(sender)
    rate = sent.acknowledged_spans / (sent.ended_s - sent.begun_s)
    rows = []
    for name, delays in (("new trace", new), ("late span", late)):
        p50, p95 = percentile(delays, 0.5), percentile(delays, 0.95)
        rows.append([name, str(len(delays)), f"{p50:.2f}", f"{p95:.2f}", f"{max(delays):.2f}"])
    print(markdown_table([f"at {rate:,.0f} spans/s", "probes", "p50 s", "p95 s", "slowest s"], rows), "\n")
    print(", ".join(f"{part}: {cpu_s / sent.distinct_spans * 1e6:.0f} us/span" for part, cpu_s in cpu.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
