"""Seconds from an export's ack to the tool call's row and to the webhook, while a steady load runs.

    python -m tests.benchmarks.alert_latency [--rate 2000] [--seconds 30]

Beside the load, whose tool calls fail too, a probe sends a run with three failing calls of a tool of its own and waits
for their rows, for the webhook of a match rule and for that of a count rule. Then a run that is still going on fails
with the same call every five seconds: the third must be told before the fourth.
"""

import argparse
import asyncio
import http.client
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from tests.agent_run import SPANS_A_STEP, agent_run, attributes, made
from tests.benchmarks.cpu import CpuMeter
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.passes import Scenario, let_go, percentile, report_of, start_sender
from tests.fix_server import running_server
from tool_errors.delivery.channel_config import read_config
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.connections import make_pool
from web.processes.server_file import read_running

RELEASE = "probe"
TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.02
LOOP_INTERVAL_S = 5.0
LARGE_SPANS = 20_000
LARGE_REQUEST_SPANS = 2_000
LARGE_PROBES_MIN = 10
COUNTED = "SELECT span_count FROM rainbarrel.traces WHERE project_id = 1 AND trace_id = %s"
ROWS = "SELECT count(*) FROM rainbarrel.tool_calls WHERE project_id = 1 AND trace_id = %s"
RULES: dict[str, dict[str, Any]] = {
    "match": {"kind": "match", "filters": {"release": RELEASE, "kinds": ["tool_error"]}},
    "loop": {"kind": "match", "filters": {"release": RELEASE, "kinds": ["loop"]}},
    "count": {"kind": "count", "at_least": 3, "window_s": 3600, "per": "tool", "filters": {"release": RELEASE}},
    "all": {"kind": "count", "at_least": 50, "window_s": 3600, "per": "issue"},
}


class Hook(ThreadingHTTPServer):
    """A webhook endpoint that notes when which rule told of which trace first."""

    def __init__(self) -> None:
        self.arrived: dict[tuple[str, str], float] = {}
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                subject = json.loads(self.rfile.read(int(self.headers["content-length"])))["subject"]
                for trace_id in subject["trace_ids"]:
                    hook.arrived.setdefault((subject["rule"], trace_id), time.monotonic())
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        super().__init__(("127.0.0.1", 0), Handler)

    def wait(self, rule: str, trace_id: bytes) -> float:
        """The monotonic time of the message of a rule about a trace."""
        deadline = time.monotonic() + TIMEOUT_S
        while (rule, trace_id.hex()) not in self.arrived:
            if time.monotonic() > deadline:
                raise AssertionError(f"no message of the rule {rule!r} within {TIMEOUT_S:.0f} s")
            time.sleep(POLL_INTERVAL_S)
        return self.arrived[rule, trace_id.hex()]


def failing_call(trace_id: bytes, number: int, tool: str) -> Span:
    """A failed call, always with the same arguments."""
    words = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    words |= {"gen_ai.tool.call.id": f"call-{number}", "gen_ai.tool.call.arguments": '{"order": 7}'}
    failed, now = Status(code=Status.STATUS_CODE_ERROR, message="the order is locked"), time.time_ns()
    return made(trace_id, number, 1, f"execute_tool {tool}", words, now - 1_000_000, now, status=failed)


def send(address: str, spans: list[Span], release: str = RELEASE) -> float:
    """Sends spans; the monotonic time of the ack."""
    resource = Resource(attributes=attributes({"service.name": "probe", "service.version": release}))
    body = TracesData(resource_spans=[ResourceSpans(resource=resource, scope_spans=[ScopeSpans(spans=spans)])])
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    connection.request("POST", "/v1/traces", body.SerializeToString(), {"content-type": "application/x-protobuf"})
    answer = connection.getresponse()
    if answer.status != 200 or answer.read():
        raise AssertionError(f"the probe was answered {answer.status}")
    acknowledged = time.monotonic()
    connection.close()
    return acknowledged


def make_rules(address: str, database_url: str, hook: Hook) -> None:
    """A webhook channel and the rules that tell it."""

    async def add() -> int:
        url = f"http://127.0.0.1:{hook.server_port}/hook"
        async with make_pool(database_url, "benchmark", 1) as pool:
            config = read_config("webhook", {"url": url, "secret": "a secret of the receiver"})
            return await ChannelStore(pool).add(1, "webhook", "hook", config, Notices())

    channel_id = asyncio.run(add())
    for name, definition in RULES.items():
        connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
        body = json.dumps({"name": name, "definition": definition, "channel_ids": [channel_id]})
        connection.request("POST", "/api/alerts", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 201:
            raise AssertionError(answer.read().decode())
        connection.close()


def probe(address: str, connection: psycopg.Connection, hook: Hook) -> dict[str, float]:
    """Seconds from the ack of a finished run with three failing calls."""
    trace_id, tool = secrets.token_bytes(16), f"tool_{secrets.token_hex(4)}"
    now = time.time_ns()
    root = made(trace_id, 1, 0, "agent", {"gen_ai.operation.name": "invoke_agent"}, now - 10**9, now)
    acknowledged = send(address, [root, *(failing_call(trace_id, number, tool) for number in (2, 3, 4))])
    deadline = acknowledged + TIMEOUT_S
    while connection.execute(ROWS, (trace_id,)).fetchone() != (3,):
        if time.monotonic() > deadline:
            raise AssertionError(f"no rows within {TIMEOUT_S:.0f} s")
        time.sleep(POLL_INTERVAL_S)
    row = time.monotonic()
    told = {rule: hook.wait(rule, trace_id) - acknowledged for rule in ("match", "count")}
    return {"row": row - acknowledged, **{f"webhook, {rule} rule": delay for rule, delay in told.items()}}


def live_loops(address: str, hook: Hook, count: int) -> list[float]:
    """Seconds from the ack of the third repeat of a live loop to its webhook."""
    trace_ids = [secrets.token_bytes(16) for _ in range(count)]
    acknowledged: dict[bytes, float] = {}
    for number in (2, 3, 4):
        if number > 2:
            time.sleep(LOOP_INTERVAL_S)
        for trace_id in trace_ids:
            acknowledged[trace_id] = send(address, [failing_call(trace_id, number, f"loop_{trace_id.hex()[:8]}")])
    return [hook.wait("loop", trace_id) - acknowledged[trace_id] for trace_id in trace_ids]


def beside_large(address: str, connection: psycopg.Connection, hook: Hook) -> list[float]:
    """Seconds to the rows of small runs while one trace of 20,000 spans arrives and is derived."""
    trace_id, delays = secrets.token_bytes(16), list[float]()
    spans = [Span.FromString(span.otlp) for span in agent_run(trace_id, LARGE_SPANS // SPANS_A_STEP)]
    for begin in range(0, len(spans), LARGE_REQUEST_SPANS):
        send(address, spans[begin : begin + LARGE_REQUEST_SPANS], release="large")
    deadline = time.monotonic() + TIMEOUT_S
    while connection.execute(COUNTED, (trace_id,)).fetchone() != (len(spans),) or len(delays) < LARGE_PROBES_MIN:
        if time.monotonic() > deadline:
            raise AssertionError(f"the large trace was not derived within {TIMEOUT_S:.0f} s")
        delays.append(probe(address, connection, hook)["row"])
    return delays


def cpu_line(cpu_s: Mapping[str, float], spans: int) -> str:
    """What the load cost, which a busy machine changes less than how long it took."""
    parts = ", ".join(f"{part.replace('_', ' ')} {seconds / spans * 1e6:.0f}" for part, seconds in cpu_s.items())
    return f"CPU, us per span of the load: {parts}. Load average after it: {os.getloadavg()[0]:.1f}."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=2000, help="spans per second")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--loops", type=int, default=5, help="live loops, at the end of the load")
    options = parser.parse_args()
    load = Scenario("grpc", 0.0, options.rate * options.seconds, rate=options.rate)
    hook = Hook()
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    found: list[dict[str, float]] = []
    with running_server() as server:
        said = read_running(server.data_dir)
        assert said is not None
        address = said.url.removeprefix("http://")
        make_rules(address, said.database_url, hook)
        with psycopg.connect(said.database_url, autocommit=True) as connection:
            print(machine_facts(str(connection.info.parameter_status("server_version"))), "\n")
            sender = start_sender(server, load, seed=1)
            meter = CpuMeter(server.process.pid, connection)
            meter.start()
            let_go(sender)
            loops: list[float] = []
            looping = threading.Thread(target=lambda: loops.extend(live_loops(address, hook, options.loops)))
            looping.start()
            while sender.poll() is None:
                found.append(probe(address, connection, hook))
            looping.join()
            cpu_s = meter.seconds()
            beside = beside_large(address, connection, hook)
    hook.shutdown()
    sent = report_of(sender)
    print(cpu_line(cpu_s, sent.acknowledged_spans), "\n")
    rate = sent.acknowledged_spans / (sent.ended_s - sent.begun_s)
    delays = {name: [one[name] for one in found] for name in found[0]} | {"webhook, third repeat of a live loop": loops}
    delays["row, without load beside a trace of 20,000 spans"] = beside
    rows = [
        [name, str(len(of)), f"{percentile(of, 0.5):.2f}", f"{percentile(of, 0.95):.2f}", f"{max(of):.2f}"]
        for name, of in delays.items()
    ]
    print(markdown_table([f"at {rate:,.0f} spans/s, from the ack", "probes", "p50 s", "p95 s", "slowest s"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
