"""CPU time of the processor by step, for one trace of 20,000 spans: python -m tests.benchmarks.derive [--passes 3].

Counts Python's CPU time, not PostgreSQL's, of a trace that is all there when its derivation begins. Prints Markdown.
"""

import argparse
import asyncio
import secrets
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

import tool_errors.derive
import tool_errors.processor
from tests.agent_run import SPANS_A_STEP, agent_run
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.fix_pages import store
from tool_errors.derive_traces import TraceDeriver
from tool_errors.processor import Processor
from trace_store.claim import Claim
from trace_store.embedded import EmbeddedPostgres
from trace_store.migrate import migrate
from trace_store.model import AcceptedSpan

LARGE = 20_000


class StepTimes:
    """CPU seconds by step of the processor, in this process."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def watch(self, owner: Any, name: str, step: str) -> None:
        """Counts the calls of a function or method under `step`."""
        work = getattr(owner, name)
        setattr(
            owner, name, self._awaited(work, step) if asyncio.iscoroutinefunction(work) else self._called(work, step)
        )

    def _called(self, work: Callable[..., Any], step: str) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            begun = time.process_time()
            try:
                return work(*args, **named)
            finally:
                self.seconds[step] += time.process_time() - begun

        return timed

    def _awaited(self, work: Callable[..., Any], step: str) -> Callable[..., Any]:
        async def timed(*args: Any, **named: Any) -> Any:
            begun = time.process_time()
            try:
                return await work(*args, **named)
            finally:
                self.seconds[step] += time.process_time() - begun

        return timed


def watched() -> StepTimes:
    """The steps of every processor of this process."""
    times = StepTimes()
    times.watch(tool_errors.processor, "fact_rows", "normalise")
    times.watch(Claim, "tree_rows_by_trace", "read rows")
    times.watch(TraceDeriver, "derive", "derive")
    times.watch(tool_errors.derive, "find_loops", "of which loops")
    times.watch(Claim, "replace", "write")
    return times


def run_of(span_count: int) -> list[AcceptedSpan]:
    """One trace of about so many spans."""
    return agent_run(secrets.token_bytes(16), span_count // SPANS_A_STEP)


async def at_once(conninfo: str, times: StepTimes) -> dict[str, float]:
    """Steps of a large trace that is all there, and the whole."""
    spans = run_of(LARGE)
    await store(conninfo, spans)
    times.seconds.clear()
    begun = time.process_time()
    processor = Processor(conninfo)
    await processor.drain()
    return {**times.seconds, "all": time.process_time() - begun}


async def measure(conninfo: str, passes: int) -> None:
    times = watched()
    found = [await at_once(conninfo, times) for _ in range(passes)]
    rows = []
    for step in found[0]:
        cpu_s = statistics.median(one[step] for one in found)
        share = cpu_s / statistics.median(one["all"] for one in found)
        rows.append([step, f"{cpu_s:.2f}", f"{cpu_s / LARGE * 1e6:.0f}", f"{share:.0%}"])
    print(markdown_table([f"{LARGE:,} spans at once", "CPU s", "us/span", "share"], rows))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=3)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rainbarrel-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "data")
    try:
        conninfo = server.start()
        migrate(conninfo)
        with psycopg.connect(conninfo) as connection:
            print(machine_facts(str(connection.info.parameter_status("server_version"))), "\n")
        asyncio.run(measure(conninfo, options.passes))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
