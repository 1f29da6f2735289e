"""CPU time of the processor: python -m tests.benchmarks.derive [--passes 3].

One trace of 20,000 spans derived at once, by step; traces that grow by a batch at a time; and a conversation whose
traces arrive one after the other. Counts Python's CPU time, not PostgreSQL's. Prints Markdown.
"""

import argparse
import asyncio
import secrets
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

import tool_errors.derive
import tool_errors.processor
from tests.agent_run import SPANS_A_STEP, accepted, agent_run, made
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.own_database import own_database
from tests.fix_pages import store
from tool_errors.derive_traces import TraceDeriver
from tool_errors.grouped.settle_groups import GroupSettler
from tool_errors.processor import Processor
from trace_store.claim import Claim
from trace_store.model import AcceptedSpan

LARGE = 20_000
BATCH_SPANS = 200
BATCH_INTERVAL_S = 0.1
COUNTED = "SELECT span_count FROM rainbarrel.traces WHERE trace_id = %s"
GROUPED = "SELECT count(*) FROM rainbarrel.traces WHERE conversation_id = %s AND group_id IS NOT NULL"


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
    times.watch(GroupSettler, "settle", "groups")
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


async def growing(conninfo: str, span_count: int) -> float:
    """CPU seconds of the processor while one trace grows at 2,000 spans/s."""
    spans = run_of(span_count)
    processor, cpu_s = Processor(conninfo), 0.0

    async def work_until(when: Callable[[], bool]) -> None:
        nonlocal cpu_s
        while not when():
            begun = time.process_time()
            worked = await processor.step()
            cpu_s += time.process_time() - begun
            if not worked:
                await asyncio.sleep(0.02)

    for number, begin in enumerate(range(0, len(spans), BATCH_SPANS)):
        if number == 0:
            first = time.monotonic()
        await store(conninfo, spans[begin : begin + BATCH_SPANS])
        due = first + number * BATCH_INTERVAL_S
        await work_until(lambda due=due: time.monotonic() >= due)  # type: ignore[misc]
    with psycopg.connect(conninfo, autocommit=True) as connection:
        expected, key = (len(spans),), (spans[0].trace_id,)
        await work_until(lambda: connection.execute(COUNTED, key).fetchone() == expected)
    return cpu_s


async def conversation(conninfo: str, traces: int, times: StepTimes) -> float:
    """CPU seconds of the group step while the traces of one conversation arrive one after the other."""
    name, processor = secrets.token_hex(8), Processor(conninfo)
    times.seconds.clear()
    for number in range(traces):
        words = {"gen_ai.conversation.id": name, "gen_ai.tool.name": "look_up", "gen_ai.tool.call.id": f"c{number}"}
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": name}
        tool = words | {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": {"order": number}}
        trace_id = secrets.token_bytes(16)
        await store(conninfo, accepted([made(trace_id, 1, 0, "agent", agent), made(trace_id, 2, 1, "tool", tool)]))
        await processor.step()
        await processor.step()
    with psycopg.connect(conninfo, autocommit=True) as connection:
        while connection.execute(GROUPED, (name,)).fetchone() != (traces,):
            if not await processor.step():
                await asyncio.sleep(0.02)
    return times.seconds["groups"]


def doublings(sizes: Sequence[int], seconds: Sequence[float]) -> list[list[str]]:
    """Lines of a table: size, CPU, and how much more than the size before."""
    rows = []
    for number, (size, cpu_s) in enumerate(zip(sizes, seconds, strict=True)):
        ratio = f"{cpu_s / seconds[number - 1]:.1f}" if number else ""
        rows.append([f"{size:,}", f"{cpu_s:.2f}", f"{cpu_s / size * 1e6:.0f}", ratio])
    return rows


async def measure(conninfo: str, passes: int, traces: int) -> None:
    times = watched()
    found = [await at_once(conninfo, times) for _ in range(passes)]
    rows = []
    for step in found[0]:
        cpu_s = statistics.median(one[step] for one in found)
        share = cpu_s / statistics.median(one["all"] for one in found)
        rows.append([step, f"{cpu_s:.2f}", f"{cpu_s / LARGE * 1e6:.0f}", f"{share:.0%}"])
    print(markdown_table([f"{LARGE:,} spans at once", "CPU s", "us/span", "share"], rows), "\n", flush=True)
    sizes = (LARGE // 4, LARGE // 2, LARGE)
    cpu = [statistics.median([await growing(conninfo, size) for _ in range(passes)]) for size in sizes]
    print(
        markdown_table(["growing trace, spans", "CPU s", "us/span", "ratio"], doublings(sizes, cpu)), "\n", flush=True
    )
    sizes = (traces // 4, traces // 2, traces)
    cpu = [await conversation(conninfo, size, times) for size in sizes]
    print(markdown_table(["traces of a conversation", "CPU s", "us/trace", "ratio"], doublings(sizes, cpu)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--traces", type=int, default=500, help="of the longest conversation")
    options = parser.parse_args()
    with own_database() as database:
        print(machine_facts(database.version), "\n")
        asyncio.run(measure(database.conninfo, options.passes, options.traces))


if __name__ == "__main__":
    main()
