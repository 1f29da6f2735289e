"""How many spans per second are fully derived: offered rates with the lag over time, and an overload.

    python -m tests.benchmarks.derived_rate [--plain 0 0.8] [--rates 3000 6000] [--seconds 20] [--bisect 0]

Starts `rainbarrel serve` per mix of spans. Each rate is offered for some seconds while /metrics is asked for the lag;
the rate is kept when the lag is as small at the end as at the beginning. Then spans are sent as fast as they are
acknowledged: receiving must not slow down, the lag must show, and in the end every span must be derived. `--bisect N`
looks for the highest rate that is kept, in N steps from what was derived during the overload. Prints Markdown.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import httpx
import psycopg

from tests.benchmarks.cpu import CpuMeter
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.passes import (
    DERIVED,
    UNDERIVED,
    Scenario,
    number_of,
    percentile,
    send,
    start_sender,
    wait_for_none,
)
from tests.benchmarks.sender import SenderReport
from tests.benchmarks.workload import Shape
from tests.fix_server import RunningServer, running_server
from web.processes.server_file import read_running

WARM_UP_SPANS = 8_000
SAMPLE_INTERVAL_S = 0.25
LAG = "rainbarrel_derive_lag_seconds "
FLAT_S_PER_S = 0.05  # a lag that grows by less is flat: 3 s in a minute
DISTINCT = "SELECT count(*) FROM (SELECT DISTINCT project_id, trace_id, span_id FROM rainbarrel.spans) AS span"


class LagSampler:
    """Asks /metrics for the lag until it is told to stop."""

    def __init__(self, url: str) -> None:
        self.samples: list[tuple[float, float]] = []  # monotonic time, lag
        self._url = f"{url}/metrics"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "LagSampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        with httpx.Client(timeout=30) as client:
            while not self._stop.wait(SAMPLE_INTERVAL_S):
                lines = client.get(self._url).text.splitlines()
                lag_s = next(float(line.removeprefix(LAG)) for line in lines if line.startswith(LAG))
                self.samples.append((time.monotonic(), lag_s))


@dataclass(frozen=True)
class Measured:
    """One rate, offered for some seconds."""

    offered: float  # spans per second; 0: as fast as they were acknowledged
    sent: SenderReport
    lags: list[tuple[float, float]]
    derived_meanwhile: int
    derived_s: float  # from the first request until everything was derived
    cpu_s: Mapping[str, float]

    @property
    def sending_s(self) -> float:
        return self.sent.ended_s - self.sent.begun_s

    @property
    def lags_s(self) -> list[float]:
        """While spans were sent."""
        return [lag for at, lag in self.lags if at <= self.sent.ended_s] or [lag for _, lag in self.lags]

    @property
    def growth(self) -> float:
        """Seconds of lag that each second adds, in the later two thirds."""
        late = [pair for pair in self.lags if self.sent.begun_s + self.sending_s / 3 <= pair[0] <= self.sent.ended_s]
        return statistics.linear_regression(*zip(*late, strict=True)).slope if len(late) > 1 else float("nan")

    @property
    def is_kept(self) -> bool:
        return self.growth < FLAT_S_PER_S and self.derived_s - self.sending_s < 2 + self.sending_s / 10

    def us_per_span(self, *parts: str) -> str:
        return f"{sum(self.cpu_s[part] for part in parts) / self.sent.distinct_spans * 1e6:.0f}"


def offer(server: RunningServer, connection: psycopg.Connection, load: Scenario, seed: int) -> Measured:
    """Sends the load, waits until all of it is derived and compares the numbers."""
    sender = start_sender(server, load, seed)
    derived_before = number_of(connection, DERIVED)
    meter = CpuMeter(server.process.pid, connection)
    meter.start()
    with LagSampler(server.url) as lag:
        sent = send(sender)
        derived_meanwhile = number_of(connection, DERIVED) - derived_before
        derived_s = wait_for_none(connection, UNDERIVED) - sent.begun_s
        cpu_s = meter.seconds()
    derived, stored = number_of(connection, DERIVED), number_of(connection, DISTINCT)
    if (derived - derived_before, derived) != (sent.distinct_spans, stored):
        raise AssertionError(f"{sent.distinct_spans} sent, {derived - derived_before} derived; {stored} are stored")
    return Measured(load.rate, sent, lag.samples, derived_meanwhile, derived_s, cpu_s)


def row_of(one: Measured) -> list[str]:
    offered = f"{one.offered:,.0f}" if one.offered else "as fast as acknowledged"
    lags = one.lags_s
    return [
        offered,
        f"{one.sent.acknowledged_spans / one.sending_s:,.0f}",
        f"{one.derived_meanwhile / one.sending_s:,.0f}",
        f"{percentile(one.sent.ack_delays_s, 0.99) * 1e3:.0f}",
        f"{percentile(lags, 0.5):.1f} / {percentile(lags, 0.95):.1f}",
        f"{max(lag for _, lag in one.lags):.1f}",
        f"{one.growth:+.2f}, {'flat' if one.is_kept else 'growing'}",
        f"{one.derived_s - one.sending_s:.1f}",
        f"{one.sent.distinct_spans / one.derived_s:,.0f}",
        one.us_per_span("front", "database_write"),
        f"{one.us_per_span('processor')} + {one.us_per_span('database_derive')}",
    ]


HEADS = [
    *("offered spans/s", "acknowledged/s", "derived/s meanwhile", "ack p99 ms", "lag p50 / p95 s", "largest lag s"),
    *("growth of the lag, s/s", "all derived after s", "derived/s in all", "write path us/span"),
    "processors us/span (Python + PostgreSQL)",
]


def measure(plain: float, options: argparse.Namespace) -> None:
    """One mix of spans on a server of its own."""
    words = ["--processors", str(options.processors)] if options.processors else []
    with running_server(*words) as server:
        said = read_running(server.data_dir)
        assert said is not None
        load = Scenario(options.protocol, 0.0, WARM_UP_SPANS, shape=Shape(plain=plain))
        with psycopg.connect(said.database_url, autocommit=True) as connection:
            print(machine_facts(str(connection.info.parameter_status("server_version"))), "\n", flush=True)
            seeds = iter(range(1, 1000))
            offer(server, connection, load, next(seeds))

            def offered(rate: float, spans: float) -> Measured:
                found = offer(server, connection, replace(load, rate=rate, spans=int(spans)), next(seeds))
                print(" ".join(row_of(found)), file=sys.stderr, flush=True)
                return found

            rows = [offered(rate, rate * options.seconds) for rate in options.rates]
            rows.append(offered(0.0, options.overload * max(options.rates) * options.seconds))
            low, high = 0.0, 1.5 * rows[-1].sent.distinct_spans / rows[-1].derived_s
            for _ in range(options.bisect):
                rate = round((low + high) / 2, -2) if low else round(high / 1.5, -2)
                rows.append(offered(rate, rate * options.seconds))
                low, high = (rate, high) if rows[-1].is_kept else (low, rate)
    print(f"{plain:.0%} plain spans:\n" if plain else "Spans of agents:\n")
    print(markdown_table(HEADS, [row_of(one) for one in rows]), "\n", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plain", nargs="+", type=float, default=[0.0, 0.8], help="share of plain HTTP and DB spans")
    parser.add_argument("--rates", nargs="+", type=float, default=[3000, 6000], help="spans per second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument(
        "--overload", type=float, default=1.0, help="spans sent at once, as a multiple of the last rate's"
    )
    parser.add_argument("--bisect", type=int, default=0, help="steps towards the highest rate that is kept")
    parser.add_argument("--processors", type=int, default=0, help="of the server; its default unless given")
    parser.add_argument("--protocol", choices=("grpc", "http"), default="grpc")
    options = parser.parse_args()
    for plain in options.plain:
        measure(plain, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
