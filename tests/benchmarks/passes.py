"""One pass of the ingest benchmark: send, count what can be queried, wait until all of it is derived."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import psycopg

from tests.benchmarks.cpu import CpuMeter
from tests.benchmarks.sender import SenderReport
from tests.benchmarks.workload import Shape
from tests.fix_server import ROOT, RunningServer

HEADLINE_SHAPE = Shape()
DERIVE_TIMEOUT_S = 1200.0
POLL_INTERVAL_S = 0.25
QUERYABLE = "SELECT count(*) FROM rainbarrel.spans JOIN rainbarrel.span_blobs USING (project_id, bucket, blob_id)"
COMMITS = "SELECT count(*), coalesce(sum(accepted), 0) FROM rainbarrel.ingest_receipts WHERE signal = 'traces'"
UNDERIVED = "SELECT count(*) FROM (SELECT FROM rainbarrel.dirty_marks WHERE blob_id IS DISTINCT FROM 0 LIMIT 1) AS one"
UNSETTLED = "SELECT count(*) FROM (SELECT FROM rainbarrel.dirty_marks LIMIT 1) AS one"
DERIVED = "SELECT coalesce(sum(span_count), 0) FROM rainbarrel.traces"
WAL_BYTES = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
LAST_BLOB_ID = "SELECT coalesce(max(blob_id), 0) FROM rainbarrel.span_blobs"


@dataclass(frozen=True)
class Scenario:
    """What is sent, and how."""

    protocol: str
    duplicates: float
    spans: int
    connections: int = 16
    rate: float = 0.0  # spans per second; 0 for as fast as acknowledged
    shape: Shape = HEADLINE_SHAPE
    headers: tuple[str, ...] = ()  # NAME=VALUE

    @property
    def title(self) -> str:
        return f"{self.protocol}, {self.duplicates:.0%} duplicates"


@dataclass(frozen=True)
class Pass:
    """What one pass measured."""

    sent: SenderReport
    queryable_s: float  # from the first request until everything was found in the tables
    spans_per_flush: float
    wal_bytes: int
    cpu_s: Mapping[str, float]  # while sending
    derived_s: float  # from the last acknowledgement until nothing was underived
    derived_meanwhile: int  # spans that were derived when the last request was acknowledged
    derive_cpu_s: float  # processor and its database connection, from the first request until all was derived
    first_blob_id: int

    @property
    def acknowledged_per_s(self) -> float:
        return self.sent.acknowledged_spans / (self.sent.ended_s - self.sent.begun_s)

    @property
    def queryable_per_s(self) -> float:
        return self.sent.distinct_spans / self.queryable_s

    @property
    def wire_bytes_per_s(self) -> float:
        return self.sent.bytes / (self.sent.ended_s - self.sent.begun_s)

    def us_per_span(self, part: str) -> float:
        return self.cpu_s[part] / self.sent.distinct_spans * 1e6

    def ack_ms(self, quantile: float) -> float:
        return percentile(self.sent.ack_delays_s, quantile) * 1e3


def percentile(values: list[float], quantile: float) -> float:
    return sorted(values)[min(len(values) - 1, int(quantile * len(values)))]


def start_sender(server: RunningServer, scenario: Scenario, seed: int) -> "subprocess.Popen[str]":
    """A sender whose requests are made and whose connections stand; it waits for a line."""
    endpoint = server.grpc_endpoint if scenario.protocol == "grpc" else server.url
    return start_sender_to(endpoint.removeprefix("http://"), scenario, seed)


def start_sender_to(endpoint: str, scenario: Scenario, seed: int) -> "subprocess.Popen[str]":
    """The same for any server, at HOST:PORT."""
    options = {
        "protocol": scenario.protocol,
        "endpoint": endpoint,
        "spans": scenario.spans,
        "shape": json.dumps(asdict(scenario.shape)),
        "connections": scenario.connections,
        "duplicates": scenario.duplicates,
        "rate": scenario.rate,
        "seed": seed,
    }
    command = [sys.executable, "-m", "tests.benchmarks.sender"]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command += [word for header in scenario.headers for word in ("--header", header)]
    sender = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert sender.stdout is not None
    if sender.stdout.readline() != "ready\n":
        raise AssertionError("the sender did not start")
    return sender


def let_go(sender: "subprocess.Popen[str]") -> None:
    """Lets a started sender send, and does not wait for it."""
    assert sender.stdin is not None
    sender.stdin.write("go\n")
    sender.stdin.flush()


def report_of(sender: "subprocess.Popen[str]") -> SenderReport:
    """What a sender did that has ended."""
    assert sender.stdout is not None
    return SenderReport(**json.loads(sender.stdout.read()))


def send(sender: "subprocess.Popen[str]") -> SenderReport:
    """Lets a started sender send everything."""
    said, _ = sender.communicate("go\n")
    if sender.returncode:
        raise AssertionError("the sender failed")
    return SenderReport(**json.loads(said))


def run_pass(server: RunningServer, connection: psycopg.Connection, scenario: Scenario, seed: int) -> Pass:
    """Sends once over, and waits until nothing is left to do."""
    sender = start_sender(server, scenario, seed)
    spans_before, derived_before, wal_before = (
        number_of(connection, query) for query in (QUERYABLE, DERIVED, WAL_BYTES)
    )
    commits_before, accepted_before = _commits(connection)
    last_blob_id = number_of(connection, LAST_BLOB_ID)
    meter = CpuMeter(server.process.pid, connection)
    meter.start()
    sent = send(sender)
    cpu_s = meter.seconds()
    counted_s = time.monotonic()
    found = number_of(connection, QUERYABLE) - spans_before
    if found != sent.distinct_spans:
        raise AssertionError(f"{sent.distinct_spans} spans were acknowledged, {found} can be queried")
    derived_meanwhile = number_of(connection, DERIVED) - derived_before
    commits, accepted = _commits(connection)
    wal_bytes = number_of(connection, WAL_BYTES) - wal_before
    derived_s = wait_for_none(connection, UNDERIVED) - sent.ended_s
    derive_cpu = meter.seconds()
    return Pass(
        sent=sent,
        queryable_s=counted_s - sent.begun_s,
        spans_per_flush=(accepted - accepted_before) / (commits - commits_before),
        wal_bytes=wal_bytes,
        cpu_s=cpu_s,
        derived_s=derived_s,
        derived_meanwhile=derived_meanwhile,
        derive_cpu_s=derive_cpu["processor"] + derive_cpu["database_derive"],
        first_blob_id=last_blob_id + 1,
    )


def wait_for_none(connection: psycopg.Connection, query: str) -> float:
    """The monotonic time at which the query first counted nothing."""
    deadline = time.monotonic() + DERIVE_TIMEOUT_S
    while number_of(connection, query):
        if time.monotonic() > deadline:
            raise AssertionError(f"not derived within {DERIVE_TIMEOUT_S:.0f} s")
        time.sleep(POLL_INTERVAL_S)
    return time.monotonic()


def number_of(connection: psycopg.Connection, query: str) -> int:
    """What a query counts."""
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _commits(connection: psycopg.Connection) -> tuple[int, int]:
    row = connection.execute(COMMITS).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
