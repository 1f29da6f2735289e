"""The write path alone: one writer, one connection, flushes that were decoded before the clock; direct against staged.

    python -m tests.benchmarks.write_path [--spans 40000] [--spans-per-flush 1000] [--passes 3]

A flush that holds a known record is tried directly, undone and staged. The strategies say how many of the following
flushes then go through staging at once; `always` never tries the direct way. docs/decisions/write_path.md decides.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from otlp_receiver.decode import decode_traces
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.own_database import own_database
from tests.benchmarks.workload import Shape, requests
from trace_store import writer
from trace_store.flush import CommitBatch
from trace_store.model import AcceptedSpan
from trace_store.writer import SpanWriter

ALWAYS = sys.maxsize
STRATEGIES = {"always": ALWAYS, "after 0": 0, "after 1": 1, "after 8": 8, "after 32": 32}
SPANS_PER_REQUEST = 200
REPEATED_AFTER_FLUSHES = 3  # a retry comes a little later than the first attempt


@dataclass(frozen=True)
class Duplicates:
    """A share of the requests is sent again whole, or (`scattered`) a share of the spans of every request."""

    share: float
    scattered: bool = False


LOADS = {"0 %": Duplicates(0.0), "2 %, whole requests": Duplicates(0.02), "2 %, in every flush": Duplicates(0.02, True)}


def flushes(spans: int, requests_per_flush: int, load: "Duplicates", seed: int) -> list[CommitBatch]:
    """Flushes of whole requests, with duplicates from a few flushes before."""
    rng = random.Random(seed)
    made = requests(spans, Shape(SPANS_PER_REQUEST), seed, time.time_ns() - 600_000_000_000)
    decoded = [decode_traces(request.body, "protobuf", 1).spans for request in made]
    distance = REPEATED_AFTER_FLUSHES * requests_per_flush
    sent: list[list[AcceptedSpan]] = []
    for number, of_request in enumerate(decoded):
        sent.append(list(of_request))
        earlier = decoded[number - distance] if number >= distance else []
        if load.scattered:
            sent[-1] += [span for span in earlier if rng.random() < load.share]
        elif earlier and rng.random() < load.share:
            sent.append(list(earlier))
    grouped = [sent[begin : begin + requests_per_flush] for begin in range(0, len(sent), requests_per_flush)]
    return [CommitBatch([span for spans in group for span in spans]) for group in grouped]


async def cost(conninfo: str, batches: Sequence[CommitBatch], staged_after: int) -> tuple[float, float, float]:
    """Microseconds per span: wall, this process, the database's backend (encoding included in the first two)."""
    writer.STAGED_FLUSHES_AFTER_DUPLICATE = staged_after  # type: ignore[misc, unused-ignore]
    subject = SpanWriter(conninfo, retention_days=30)
    await subject.open()
    assert subject._connection is not None
    subject._staged_flushes = staged_after if staged_after == ALWAYS else 0
    backend = psutil.Process(subject._connection.info.backend_pid)
    before = (time.perf_counter(), time.process_time(), sum(backend.cpu_times()[:2]))
    for batch in batches:
        await subject.commit(batch)
    after = (time.perf_counter(), time.process_time(), sum(backend.cpu_times()[:2]))
    await subject.close()
    spans = sum(len(batch.spans) for batch in batches)
    wall, own, database = ((end - begin) / spans * 1e6 for begin, end in zip(before, after, strict=True))
    return wall, own, database


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spans", type=int, default=40_000)
    parser.add_argument("--spans-per-flush", type=int, default=1000)
    parser.add_argument("--passes", type=int, default=3)
    options = parser.parse_args()
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    with own_database() as database:
        for turn in range(options.passes):
            for load, duplicates in LOADS.items():
                for number, (name, staged_after) in enumerate(STRATEGIES.items()):
                    seed = (turn * len(STRATEGIES) + number) * len(LOADS) + list(LOADS).index(load)
                    requests_per_flush = options.spans_per_flush // SPANS_PER_REQUEST
                    batches = flushes(options.spans, requests_per_flush, duplicates, seed)
                    costs = found.setdefault((load, name), [])
                    costs.append(asyncio.run(cost(database.conninfo, batches, staged_after)))
        print(machine_facts(database.version), "\n")
    rows = [
        [load, name, *(f"{statistics.median(values):.1f}" for values in zip(*costs, strict=True))]
        for (load, name), costs in found.items()
    ]
    print(markdown_table(["duplicates", "staged", "wall us/span", "writer us/span", "PostgreSQL us/span"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
