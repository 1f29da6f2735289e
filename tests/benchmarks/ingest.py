"""Ingest: spans per second over gRPC and HTTP beside the floor, one server, one machine, everything on it.

    python -m tests.benchmarks.ingest [--spans 60000] [--passes 3]

Starts `rainbarrel serve` with an embedded PostgreSQL in a temporary folder. Prints Markdown; every row is the median of
its passes. The processor runs all the time; a pass begins when it has nothing left to do.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import psycopg

from tests.benchmarks.disk import disk_use
from tests.benchmarks.floor import Floor, batches
from tests.benchmarks.floor import measure as measure_floor
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.passes import UNSETTLED, Pass, Scenario, run_pass, wait_for_none
from tests.benchmarks.workload import Shape
from tests.fix_server import running_server
from web.processes.server_file import read_running

WARM_UP_SPANS = 16_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spans", type=int, default=60_000, help="spans of a pass")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--protocols", nargs="+", default=["grpc", "http"])
    parser.add_argument("--duplicates", nargs="+", type=float, default=[0.0, 0.02], help="share of requests sent twice")
    parser.add_argument("--spans-per-request", type=int, default=200)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1, help="front processes")
    options = parser.parse_args()
    scenarios = [
        Scenario(protocol, duplicates, options.spans, options.connections, shape=Shape(options.spans_per_request))
        for protocol in options.protocols
        for duplicates in options.duplicates
    ]
    with running_server("--workers", str(options.workers)) as server:
        said = read_running(server.data_dir)
        assert said is not None
        with psycopg.connect(said.database_url, autocommit=True) as connection:
            facts = machine_facts(str(connection.info.parameter_status("server_version")))
            measure(partial(run_pass, server, connection), connection, scenarios, options.passes, facts)
    return 0


def measure(
    run: Callable[[Scenario, int], Pass],
    connection: psycopg.Connection,
    scenarios: Sequence[Scenario],
    turns: int,
    facts: str,
) -> None:
    """Runs every scenario once per round, so that a busy minute of the machine touches all of them."""
    run(replace(scenarios[0], spans=WARM_UP_SPANS), 0)
    passes: dict[Scenario, list[Pass]] = {scenario: [] for scenario in scenarios}
    floors: dict[bool, dict[Scenario, list[Floor]]] = {
        partitioned: {scenario: [] for scenario in scenarios} for partitioned in (False, True)
    }
    for turn in range(turns):
        for number, scenario in enumerate(scenarios):
            wait_for_none(connection, UNSETTLED)
            done = run(scenario, 1 + turn * len(scenarios) + number)
            passes[scenario].append(done)
            print(f"{scenario.title}: {done.queryable_per_s:,.0f} queryable spans/s", file=sys.stderr, flush=True)
            wait_for_none(connection, UNSETTLED)
            work = batches(connection, done.first_blob_id, round(done.spans_per_flush))
            for partitioned, found in floors.items():
                found[scenario].append(measure_floor(connection, work, partitioned))
    print(facts, "\n")
    print(_rates(passes), "\n")
    print(_costs(passes), "\n")
    print(_shares(passes, floors), "\n")
    print(_disk(connection))


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _rates(passes: dict[Scenario, list[Pass]]) -> str:
    rows = [
        [
            scenario.title,
            f"{_median([one.acknowledged_per_s for one in done]):,.0f}",
            f"{_median([one.queryable_per_s for one in done]):,.0f}",
            f"{min(one.queryable_per_s for one in done):,.0f}",
            f"{_median([one.ack_ms(0.5) for one in done]):.0f} / {_median([one.ack_ms(0.99) for one in done]):.0f}",
            f"{_median([one.spans_per_flush for one in done]):,.0f}",
            f"{_median([one.derived_s for one in done]):.1f}",
            f"{_median([one.sent.distinct_spans / (one.queryable_s + one.derived_s) for one in done]):,.0f}",
        ]
        for scenario, done in passes.items()
    ]
    heads = ["scenario", "acknowledged/s", "queryable/s", "slowest pass", "ack p50 / p99 ms", "spans per commit"]
    return markdown_table([*heads, "all derived after s", "derived/s"], rows)


def _costs(passes: dict[Scenario, list[Pass]]) -> str:
    rows = []
    for scenario, done in passes.items():
        front, database = (_median([one.us_per_span(part) for one in done]) for part in ("front", "database_write"))
        rows.append(
            [
                scenario.title,
                f"{front:.1f}",
                f"{database:.1f}",
                f"{front + database:.1f}",
                f"{_median([one.sent.cpu_s / one.sent.distinct_spans * 1e6 for one in done]):.1f}",
                f"{_median([one.derive_cpu_s / one.sent.distinct_spans * 1e6 for one in done]):.0f}",
                f"{_median([one.wal_bytes / one.sent.distinct_spans for one in done]):,.0f}",
                f"{_median([one.sent.bytes / one.sent.acknowledged_spans for one in done]):,.0f}",
            ]
        )
    heads = [
        "CPU, us per span",
        "front process",
        "PostgreSQL (write)",
        "write path",
        "sender",
        "derive (with PostgreSQL)",
    ]
    return markdown_table([*heads, "WAL bytes/span", "wire bytes/span"], rows)


def _shares(passes: dict[Scenario, list[Pass]], floors: dict[bool, dict[Scenario, list[Floor]]]) -> str:
    rows = []
    for scenario, done in passes.items():
        row = [scenario.title]
        for partitioned in (False, True):
            of_scenario = floors[partitioned][scenario]
            rates = [one.spans_per_s for one in of_scenario]
            ratios = [one.queryable_per_s / rate for one, rate in zip(done, rates, strict=True)]
            cpu = _median([one.database_us_per_span for one in of_scenario])
            row += [f"{_median(rates):,.0f}", f"{cpu:.1f}", f"{_median(ratios):.2f}"]
        rows.append(row)
    heads = ["floor, plain tables/s", "its CPU us/span", "share"]
    return markdown_table(["scenario", *heads, "floor, partitioned/s", *heads[1:]], rows)


def _disk(connection: psycopg.Connection) -> str:
    """Bytes per span of every table with its indexes, as they stand at the end."""
    row = connection.execute("SELECT count(*) FROM rainbarrel.spans").fetchone()
    assert row is not None
    return disk_use(connection).table(int(row[0]))


if __name__ == "__main__":
    sys.exit(main())
