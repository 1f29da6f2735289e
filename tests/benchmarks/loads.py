"""Loads of other shapes beside the headline one, in one run on one server, with their targets.

    python -m tests.benchmarks.loads [--spans 60000] [--passes 3] [--workers 1] [--only TITLE ...]

The first load is the headline one: 1 KB spans, 200 a request, 16 connections, as fast as they are acknowledged. The
others are told as shares of its rate: the same at 80 % of that rate, prompts of 20 KB, one trace of 20,000 spans, 1,000
projects, 1 to 10 spans a request over 64 connections, and 10 traces a second opened over HTTP meanwhile.
"""

import argparse
import statistics
import sys
from dataclasses import dataclass, field, replace

import psycopg

from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.opens import TraceOpener, random_trace_ids
from tests.benchmarks.passes import UNSETTLED, Pass, Scenario, percentile, run_pass, wait_for_none
from tests.benchmarks.workload import Shape
from tests.fix_server import RunningServer, running_server
from web.processes.server_file import read_running

WARM_UP_SPANS = 16_000
PROJECTS = 1000
OPENS_PER_S = 10.0
HEADLINE, PACED, OPENS = "headline", "at 80 % of the headline", "10 traces opened a second"
MAKE_PROJECTS = """
INSERT INTO rainbarrel.projects (slug) SELECT 'load-' || number FROM generate_series(0, %s) AS number
"""


@dataclass
class Load:
    """One row of the table."""

    title: str
    scenario: Scenario
    target: str
    passes: list[Pass] = field(default_factory=list)
    opens_s: list[float] = field(default_factory=list)

    def median(self, name: str) -> float:
        return float(statistics.median(getattr(one, name) for one in self.passes))

    def ack_ms(self, quantile: float) -> float:
        return statistics.median(one.ack_ms(quantile) for one in self.passes)

    def us_per_span(self, part: str) -> float:
        return statistics.median(one.us_per_span(part) for one in self.passes)


def loads(protocol: str, spans: int) -> list[Load]:
    """The headline load first."""
    headline = Scenario(protocol, 0.0, spans)
    tiny = Shape(spans_per_request=10, spans_per_request_min=1)
    projects = replace(headline, spans=max(spans * 16 // 5, 16 * PROJECTS), shape=Shape(services=PROJECTS))
    return [
        Load(HEADLINE, headline, "30,000/s"),
        Load(PACED, headline, "p99 < 100 ms"),
        Load(OPENS, headline, "share 0.9"),
        Load("prompts of 20 KB", replace(headline, spans=spans // 4, shape=Shape(prompt_bytes=20_000)), ""),
        Load(
            "one trace of 20,000 spans",
            replace(headline, spans=20_000, shape=Shape(services=1, rounds=6_666)),
            "",
        ),
        Load("1,000 projects", replace(projects, headers=("x-raindrop-project-id=load-{service}",)), "share 0.8"),
        Load("1 to 10 spans a request, 64 connections", replace(headline, connections=64, shape=tiny), "share 0.3"),
    ]


def measure(server: RunningServer, connection: psycopg.Connection, load: Load, seed: int) -> None:
    """One pass of one load, once nothing is left to do."""
    wait_for_none(connection, UNSETTLED)
    if load.title != OPENS:
        load.passes.append(run_pass(server, connection, load.scenario, seed))
        return
    opener = TraceOpener(server.url.removeprefix("http://"), random_trace_ids(connection, 10_000), per_s=OPENS_PER_S)
    opener.start()
    load.passes.append(run_pass(server, connection, load.scenario, seed))
    opener.stop.set()
    opener.join()
    load.opens_s += opener.delays_s


def table(found: list[Load]) -> str:
    """A row per load; shares are of the headline's rate."""
    headline = found[0].median("queryable_per_s")
    rows = [
        [
            load.title,
            f"{load.median('queryable_per_s'):,.0f}",
            f"{load.median('queryable_per_s') / headline:.2f}",
            f"{load.median('wire_bytes_per_s') / 1e6:.1f}",
            f"{load.ack_ms(0.5):.0f} / {load.ack_ms(0.99):.0f}",
            f"{load.median('spans_per_flush'):,.0f}",
            f"{load.us_per_span('front'):.1f}",
            f"{load.us_per_span('database_write'):.1f}",
            f"{load.median('derived_s'):.1f}",
            load.target,
        ]
        for load in found
    ]
    heads = ["load", "queryable/s", "share", "MB/s", "ack p50 / p99 ms", "spans per commit", "front us/span"]
    return markdown_table([*heads, "PostgreSQL us/span", "derived after s", "target"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spans", type=int, default=60_000, help="spans of a pass")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--protocol", choices=("grpc", "http"), default="grpc")
    parser.add_argument("--workers", type=int, default=1, help="front processes")
    parser.add_argument("--only", nargs="+", default=[], help="titles of the table, beside the headline")
    options = parser.parse_args()
    found = [load for load in loads(options.protocol, options.spans) if load.title in (HEADLINE, *options.only)]
    if not options.only:
        found = loads(options.protocol, options.spans)
    with running_server("--workers", str(options.workers)) as server:
        said = read_running(server.data_dir)
        assert said is not None
        with psycopg.connect(said.database_url, autocommit=True) as connection:
            facts = machine_facts(str(connection.info.parameter_status("server_version")))
            connection.execute(MAKE_PROJECTS, (PROJECTS - 1,))
            run_pass(server, connection, replace(found[0].scenario, spans=WARM_UP_SPANS), 0)
            for turn in range(options.passes):
                for number, load in enumerate(found):
                    if load.title == PACED:
                        load.scenario = replace(load.scenario, rate=0.8 * found[0].median("queryable_per_s"))
                    measure(server, connection, load, 1 + turn * len(found) + number)
                    rate = load.passes[-1].queryable_per_s
                    print(f"{load.title}: {rate:,.0f} queryable spans/s", file=sys.stderr, flush=True)
    print(facts, "\n")
    print(f"{options.protocol}, {options.workers} front process(es), median of {options.passes} passes.\n")
    print(table(found), "\n")
    for load in found:
        if load.opens_s:
            ms = [percentile(load.opens_s, quantile) * 1e3 for quantile in (0.5, 0.95)]
            print(f"{len(load.opens_s)} traces were opened meanwhile: p50 {ms[0]:.1f} ms, p95 {ms[1]:.1f} ms.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
