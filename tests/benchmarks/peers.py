"""Rainbarrel beside other servers that take OTLP, with the same sender on the same machine in one run.

    python -m tests.benchmarks.peers [--spans 4800] [--passes 3] [--folder DIR] [--only phoenix mlflow rainbarrel]

Installs Phoenix and MLflow with pip into virtual environments below the folder (about 2 GB, some minutes; kept when the
folder is given). Each starts with an empty database, warms up with one pass and is measured with the same requests over
OTLP/HTTP. Prints Markdown with what must be known to read the table fairly.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import psycopg

from tests.benchmarks.disk import disk_use
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.opens import TraceOpener
from tests.benchmarks.passes import QUERYABLE, UNDERIVED, Scenario, percentile, send, start_sender_to, wait_for_none
from tests.benchmarks.peer_servers import PEERS, install, running_peer
from tests.benchmarks.sender import SenderReport
from tests.benchmarks.workload import Shape
from tests.fix_server import running_server
from web.processes.server_file import read_running

COUNT_TIMEOUT_S = 900.0
POLL_INTERVAL_S = 0.05
OPENS = 60
TRACE_IDS = "SELECT encode(trace_id, 'hex') FROM rainbarrel.traces WHERE project_id = 1"


@dataclass(frozen=True)
class Subject:
    """One server that runs, whichever it is."""

    name: str
    address: str  # HOST:PORT of OTLP/HTTP
    headers: tuple[str, ...]
    pid: int  # of the parent of all its processes
    count_spans: Callable[[], int]
    wait_until_done: Callable[[], None]  # returns when all that was sent is derived
    disk_bytes: Callable[[], int]
    trace_ids: Callable[[], list[str]]
    open_path: str
    fairness: str


@dataclass(frozen=True)
class Measured:
    """One pass."""

    sent: SenderReport
    queryable_s: float
    done_s: float
    cpu_s: float  # of all its processes, until done
    memory_mib: float
    disk_bytes: int

    @property
    def queryable_per_s(self) -> float:
        return self.sent.distinct_spans / self.queryable_s


@contextmanager
def rainbarrel() -> Iterator[Subject]:
    """This version, with its embedded PostgreSQL."""
    with running_server() as server:
        said = read_running(server.data_dir)
        assert said is not None
        with psycopg.connect(said.database_url, autocommit=True) as connection:
            postgresql = connection.info.parameter_status("server_version")

            def derive() -> None:
                wait_for_none(connection, UNDERIVED)

            def rows(query: str) -> list[tuple[object, ...]]:
                return connection.execute(query.encode()).fetchall()

            yield Subject(
                name=f"Rainbarrel, PostgreSQL {postgresql}",
                address=server.url.removeprefix("http://"),
                headers=(),
                pid=server.process.pid,
                count_spans=lambda: int(str(rows(QUERYABLE)[0][0])),
                wait_until_done=derive,
                disk_bytes=lambda: disk_use(connection).all,
                trace_ids=lambda: [str(row[0]) for row in rows(TRACE_IDS)],
                open_path="/api/traces/{trace_id}",
                fairness="acknowledges after its commit (fsync); CPU and disk hold what is derived: tool errors, "
                "loops, words for search",
            )


@contextmanager
def peer(name: str, environment: Path) -> Iterator[Subject]:
    """Another server; all it does with a span is done once it can be queried."""
    with (
        tempfile.TemporaryDirectory(prefix="rainbarrel-peer-") as folder,
        running_peer(PEERS[name], environment, Path(folder) / "data") as running,
    ):
        yield Subject(
            name=f"{running.peer.name} {running.version}, SQLite",
            address=running.address,
            headers=running.peer.headers,
            pid=running.process.pid,
            count_spans=lambda: int(str(running.query(running.peer.count_spans)[0][0])),
            wait_until_done=lambda: None,
            disk_bytes=running.disk_bytes,
            trace_ids=lambda: [str(row[0]) for row in running.query(running.peer.trace_ids)],
            open_path=running.peer.open_path,
            fairness=running.peer.fairness,
        )


def family(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def family_cpu_s(pid: int) -> float:
    """CPU seconds so far, with those of processes that have ended."""
    total = 0.0
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def family_memory_mib(pid: int) -> float:
    """Proportional set size: memory that processes share is counted once."""
    total = 0
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


def measure(subject: Subject, spans: int, connections: int, seed: int) -> Measured:
    """Sends once over and waits until all of it can be queried, and until all of it is derived."""
    scenario = Scenario("http", 0.0, spans, connections, shape=Shape(), headers=subject.headers)
    sender = start_sender_to(subject.address, scenario, seed)
    counted, disk = subject.count_spans(), subject.disk_bytes()
    cpu = family_cpu_s(subject.pid)
    sent = send(sender)
    deadline = time.monotonic() + COUNT_TIMEOUT_S
    while subject.count_spans() < counted + sent.distinct_spans:
        if time.monotonic() > deadline:
            raise AssertionError(f"{subject.name} did not store everything within {COUNT_TIMEOUT_S:.0f} s")
        time.sleep(POLL_INTERVAL_S)
    queryable_s = time.monotonic() - sent.begun_s
    subject.wait_until_done()
    done_s = time.monotonic() - sent.begun_s
    cpu_s = family_cpu_s(subject.pid) - cpu
    return Measured(sent, queryable_s, done_s, cpu_s, family_memory_mib(subject.pid), subject.disk_bytes() - disk)


def opened_ms(subject: Subject) -> tuple[float, float]:
    """p50 and p95 of opening random traces with all they hold, over one connection."""
    ids = random.choices(subject.trace_ids(), k=OPENS)
    opener = TraceOpener(subject.address, ids, path=subject.open_path)
    opener.start()
    opener.join()
    if len(opener.delays_s) < OPENS:
        raise AssertionError(f"{subject.name}: a trace could not be opened")
    return percentile(opener.delays_s, 0.5) * 1e3, percentile(opener.delays_s, 0.95) * 1e3


def row(subject: Subject, passes: list[Measured], opened: tuple[float, float]) -> list[str]:
    """Medians of the passes."""

    def median(value: Callable[[Measured], float]) -> float:
        return statistics.median(value(one) for one in passes)

    ack = [median(lambda one, q=q: percentile(one.sent.ack_delays_s, q) * 1e3) for q in (0.5, 0.99)]  # type: ignore[misc]
    return [
        subject.name,
        f"{median(lambda one: one.sent.acknowledged_spans / (one.sent.ended_s - one.sent.begun_s)):,.0f}",
        f"{median(lambda one: one.queryable_per_s):,.0f}",
        f"{median(lambda one: one.sent.distinct_spans / one.done_s):,.0f}",
        f"{median(lambda one: one.cpu_s / one.sent.distinct_spans * 1e6):,.0f}",
        f"{ack[0]:,.0f} / {ack[1]:,.0f}",
        f"{median(lambda one: one.sent.retries):,.0f}",
        f"{max(one.memory_mib for one in passes):,.0f}",
        f"{sum(one.disk_bytes for one in passes) / sum(one.sent.distinct_spans for one in passes):,.0f}",
        f"{opened[0]:.0f} / {opened[1]:.0f}",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spans", type=int, default=4800, help="spans of a pass")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--folder", type=Path, help="where the environments are made and kept")
    parser.add_argument("--only", nargs="+", default=[*PEERS, "rainbarrel"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rainbarrel-peers-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        started = {
            name: partial(peer, name, install(PEERS[name], folder)) if name in PEERS else rainbarrel
            for name in options.only
        }
        facts = machine_facts("as below")
        rows, notes = [], []
        for name, start in started.items():
            with start() as subject:
                measure(subject, options.spans, options.connections, 0)
                passes = []
                for seed in range(1, options.passes + 1):
                    passes.append(measure(subject, options.spans, options.connections, seed))
                    print(f"{name}: {passes[-1].queryable_per_s:,.0f} queryable spans/s", file=sys.stderr, flush=True)
                rows.append(row(subject, passes, opened_ms(subject)))
                notes.append(f"- {subject.name}: {subject.fairness}.")
    print(facts, "\n")
    print(f"{options.passes} passes of {options.spans:,} spans, 200 a request, {options.connections} connections.\n")
    heads = ["server", "acknowledged/s", "queryable/s", "derived/s", "CPU us/span", "ack p50 / p99 ms", "retries"]
    print(markdown_table([*heads, "PSS MiB", "disk B/span", "trace open p50 / p95 ms"], rows), "\n")
    print("\n".join(notes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
