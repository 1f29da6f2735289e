"""The step language in SQL finds the same traces as its definition, spelt out in Python."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from tests.interactions_seeded import START, seed
from trace_store.connections import make_pool
from trace_store.lists.step_language import STATUSES, Step, read_steps
from trace_store.lists.trace_filter import TraceFilter
from trace_store.reader import TraceReader

SECOND = 1_000_000_000
TOOLS = ("search", "read", "pay")
STATES = ("ok", "error", "soft_error", "unanswered", "pending")
Call = tuple[int, str, str, str]  # start, key, tool, status


def traces(chance: random.Random) -> dict[bytes, list[Call]]:
    """Runs of up to eight calls, some of which begin at the same time."""
    found = {}
    for number in range(120):
        at, calls = START, []
        for position in range(chance.randint(0, 8)):
            at += chance.choice((0, 1, 1, 5)) * SECOND
            calls.append((at, f"{position:016x}", chance.choice(TOOLS), chance.choices(STATES, (5, 3, 2, 1, 1))[0]))
        found[number.to_bytes(16)] = calls
    return found


def lines(chance: random.Random) -> Iterator[str]:
    """Random lines of the language."""
    for _ in range(100):
        steps = []
        for position in range(chance.randint(1, 4)):
            absent = chance.random() < 0.2
            step = f"{'never ' if absent else ''}{chance.choice((*TOOLS, 'any'))} {chance.choice(('', *STATUSES))}"
            if not absent and chance.random() < 0.3:
                step += f" {chance.choice(('', 'exactly '))}{chance.randint(1, 4)} times"
            if position and chance.random() < 0.3:
                step += f" within {chance.randint(1, 6)}s"
            steps.append(step)
            if chance.random() < 0.15:
                steps.append(chance.choice(("gave up", "recovered")))
        yield " then ".join(steps)


def happened(calls: Sequence[Call], steps: Sequence[Step], before: Call | None = None) -> bool:
    """Whether the steps happened after a call: the definition."""
    if not steps:
        return True
    step, rest = steps[0], steps[1:]
    fitting = [
        call
        for call in calls
        if (not step.tool or call[2] == step.tool)
        and (not step.state or call[3] in STATUSES[step.state])
        and (before is None or call[:2] > before[:2])
        and (before is None or step.within_ns is None or call[0] <= before[0] + step.within_ns)
    ]
    if step.is_absent:
        return not fitting and happened(calls, rest, before)
    if step.is_exact and len(fitting) != step.times:
        return False
    return any(happened(calls, rest, call) for call in fitting[step.times - 1 :])


@pytest.fixture
def seeded(any_database: str) -> tuple[str, dict[bytes, list[Call]]]:
    found = traces(random.Random(7))
    seed(any_database, "traces", [trace_object(trace_id, calls) for trace_id, calls in found.items()])
    seed(any_database, "tool_calls", [call_object(t, call) for t, calls in found.items() for call in calls])
    return any_database, found


def trace_object(trace_id: bytes, calls: Sequence[Call]) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(COUNTS, 0) | dict.fromkeys(
        ("root_name", "service_name", "release", "steps"), ""
    )
    blank |= {"project_id": 1, "trace_id": trace_id, "start_unix_nano": START, "end_unix_nano": START, "live": False}
    blank |= {"bucket_min": str(date(2026, 1, 2)), "bucket_max": str(date(2026, 1, 2)), "search_text": ""}
    blank |= {"agents": [], "models": [], "interaction_ids": [], "tools": sorted({call[2] for call in calls})}
    return blank | {"derived_at": str(datetime(2026, 1, 2, tzinfo=UTC)), "derived_by": ""}


_CALLS = ("span_count", "root_count", "llm_call_count", "tool_call_count", "error_count", "soft_error_count")
_REST = ("unanswered_count", "failed_span_count", "loop_count")
_TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
COUNTS = (*_CALLS, *_REST, *_TOKENS)


def call_object(trace_id: bytes, call: Call) -> dict[str, Any]:
    start, key, name, status = call
    times = {"start_unix_nano": start, "end_unix_nano": start}
    told = {"call_key": key, "name": name, "status": status, "rule": "", "path": "", "recovered": False}
    return {"project_id": 1, "trace_id": trace_id, "scope": "", "asked_turn": 0} | times | told


async def test_random_lines_over_random_runs(seeded: tuple[str, dict[bytes, list[Call]]]) -> None:
    conninfo, runs = seeded
    sizes = []
    async with make_pool(conninfo, "rainbarrel test", 1) as pool:
        reader = TraceReader(pool)
        for line in lines(random.Random(11)):
            steps = read_steps(line)
            rows, _ = await reader.list_traces(TraceFilter(1, steps=steps), limit=500)
            expected = {trace_id for trace_id, calls in runs.items() if happened(calls, steps)}
            assert {row.trace_id for row in rows} == expected, line
            sizes.append(len(expected))
    assert sum(0 < size < len(runs) for size in sizes) > len(sizes) // 2


async def test_a_call_that_another_trace_tells_is_no_step(seeded: tuple[str, dict[bytes, list[Call]]]) -> None:
    conninfo, _ = seeded
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "UPDATE rainbarrel.tool_calls SET group_says = '{\"is_told_elsewhere\": true}' WHERE name = 'pay'"
        )
        connection.execute("UPDATE rainbarrel.tool_calls SET group_says = '{\"status\": \"ok\"}' WHERE name = 'read'")
    async with make_pool(conninfo, "rainbarrel test", 1) as pool:
        reader = TraceReader(pool)
        assert (await reader.list_traces(TraceFilter(1, steps=read_steps("pay"))))[0] == []
        assert (await reader.list_traces(TraceFilter(1, steps=read_steps("read failed"))))[0] == []
        assert (await reader.list_traces(TraceFilter(1, steps=read_steps("read ok"))))[0]
