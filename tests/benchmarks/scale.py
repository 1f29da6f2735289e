"""Does it stay as fast when there is much: rate, trace open, disk and memory, from the first tenth to the last.

    python -m tests.benchmarks.scale [--spans 10000000] [--steps 10] [--plain 0.8] [--settle-ends]

Sends the spans in equal steps. The processor runs meanwhile; before traces are opened, all of a step is derived and has
settled. At 5,000 derived spans/s ten million take 40 minutes; `--settle-ends` waits after the first and last step only,
and with `--plain 0.8` four fifths of the spans are plain HTTP and SQL.
"""

import argparse
import os
import random
import shutil
import statistics
import sys
import time
from dataclasses import dataclass, replace

import psutil
import psycopg

from tests.benchmarks import passes
from tests.benchmarks.disk import disk_use
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.opens import TraceOpener, random_trace_ids
from tests.benchmarks.passes import QUERYABLE, UNSETTLED, Scenario, percentile, send, start_sender, wait_for_none
from tests.benchmarks.workload import Shape
from tests.fix_server import RunningServer, running_server
from web.processes.server_file import read_running

PIECE_SPANS = 100_000  # of one sender, which makes all of its requests before it sends
OPENS = 300
SETTLE_TIMEOUT_S = 24 * 3600.0
DISK_BYTES_FREE_MIN = 4 * 2**30  # stops before the disk is full
MIB = 2**20


@dataclass(frozen=True)
class Step:
    """What a tenth of the spans took."""

    spans: int  # stored in all
    spans_per_s: float  # median of its pieces, acknowledged after commit
    load: float
    front_mib: float  # the largest front process, unique memory
    open_ms: tuple[float, float] | None  # p50 and p95
    bytes_per_span: float


def front_mib(server: RunningServer) -> float:
    """Memory that the largest front process has for itself."""
    fronts = [child for child in psutil.Process(server.process.pid).children() if "front" in child.cmdline()]
    return float(max(front.memory_full_info().uss for front in fronts) / MIB)


def opened_ms(server: RunningServer, connection: psycopg.Connection) -> tuple[float, float]:
    """p50 and p95 of opening random traces one after the other, over one connection that is kept alive."""
    opener = TraceOpener(server.url.removeprefix("http://"), random_trace_ids(connection, OPENS))
    opener.start()
    opener.join()
    if len(opener.delays_s) < OPENS:
        raise AssertionError("a trace could not be opened")
    return percentile(opener.delays_s, 0.5) * 1e3, percentile(opener.delays_s, 0.95) * 1e3


def one_step(
    server: RunningServer, connection: psycopg.Connection, scenario: Scenario, sent: int, spans: int, is_settled: bool
) -> Step:
    """Sends `spans` more in pieces and measures."""
    rates, memory = [], 0.0
    for begin in range(0, spans, PIECE_SPANS):
        piece = replace(scenario, spans=min(PIECE_SPANS, spans - begin))
        report = send(start_sender(server, piece, random.randrange(2**40)))
        rates.append(report.distinct_spans / (report.ended_s - report.begun_s))
        memory = max(memory, front_mib(server))
        sent += report.distinct_spans
    load = os.getloadavg()[0]
    if is_settled:
        wait_for_none(connection, UNSETTLED)
    opened = opened_ms(server, connection) if is_settled else None
    used = disk_use(connection).all / sent
    return Step(sent, statistics.median(rates), load, memory, opened, used)


def table(steps: list[Step]) -> str:
    """One row per step; shares are of the first."""
    first = steps[0]
    rows = []
    for step in steps:
        opened = "" if step.open_ms is None else f"{step.open_ms[0]:.1f} / {step.open_ms[1]:.1f}"
        growth = step.open_ms[1] / first.open_ms[1] if step.open_ms and first.open_ms else None
        rows.append(
            [
                f"{step.spans:,}",
                f"{step.spans_per_s:,.0f}",
                f"{step.spans_per_s / first.spans_per_s:.2f}",
                opened,
                "" if growth is None else f"{growth:.2f}",
                f"{step.front_mib:.0f}",
                f"{step.bytes_per_span:,.0f}",
                f"{step.load:.0f}",
            ]
        )
    heads = ["spans stored", "spans/s", "of the first", "trace open p50 / p95 ms", "growth of p95", "front MiB"]
    return markdown_table([*heads, "bytes per span", "load average"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--protocol", choices=("grpc", "http"), default="http")
    parser.add_argument("--workers", type=int, default=1, help="front processes")
    parser.add_argument("--plain", type=float, default=0.0, help="share of spans that are plain HTTP and SQL")
    parser.add_argument("--settle-ends", action="store_true", help="no waiting for the processor in between")
    options = parser.parse_args()
    scenario = Scenario(options.protocol, 0.0, PIECE_SPANS, shape=Shape(plain=options.plain))
    passes.DERIVE_TIMEOUT_S = SETTLE_TIMEOUT_S
    steps: list[Step] = []
    with running_server("--workers", str(options.workers)) as server:
        said = read_running(server.data_dir)
        assert said is not None
        with psycopg.connect(said.database_url, autocommit=True) as connection:
            facts = machine_facts(str(connection.info.parameter_status("server_version")))
            begun = time.monotonic()
            for number in range(options.steps):
                is_settled = number in (0, options.steps - 1) or not options.settle_ends
                sent = steps[-1].spans if steps else 0
                steps.append(one_step(server, connection, scenario, sent, options.spans // options.steps, is_settled))
                print(f"{table(steps[-1:])}\n{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
                if shutil.disk_usage(server.data_dir).free < DISK_BYTES_FREE_MIN:
                    print(f"Ended early: less than {DISK_BYTES_FREE_MIN >> 30} GiB of disk are free.\n")
                    break
            row = connection.execute(QUERYABLE).fetchone()
            if row is None or row[0] != steps[-1].spans:
                raise AssertionError(f"{steps[-1].spans} spans were acknowledged, {row} can be queried")
            connection.execute("VACUUM ANALYZE")
            used = disk_use(connection)
    print(facts, "\n")
    print(table(steps), "\n")
    print(used.table(steps[-1].spans))
    return 0


if __name__ == "__main__":
    sys.exit(main())
