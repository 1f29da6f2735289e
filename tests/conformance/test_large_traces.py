"""A large trace has a turn of its own: small ones do not wait for it, and its marks stay until it is derived."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.agent_run import SPANS_A_STEP, agent_run
from tests.conformance.conftest import Store
from tests.fix_pages import AT_ONCE
from tests.spans_made import new_id, span
from tool_errors.derive_traces import TraceDeriver
from tool_errors.large_traces import LARGE_SPANS
from tool_errors.processor import Processor
from trace_store.claim import Unit
from trace_store.stored import TraceKey
from trace_store.work import WorkQueue

TIMEOUT_S = 180.0
COUNTED = "SELECT span_count FROM traces WHERE trace_id = %s"
MARKS = "SELECT count(*) FROM dirty_marks"


async def until(holds: Callable[[], Any], what: str) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not await holds():
            await asyncio.sleep(0.05)
    assert await holds(), what


async def test_small_traces_do_not_wait_for_a_large_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = new_id(16), [new_id(16) for _ in range(3)]
    begun, go_on, derive = threading.Event(), threading.Event(), TraceDeriver.derive

    def held_up(self: TraceDeriver, into: Any, unit: Unit, *more: Any) -> float | None:
        if unit.unit_id == large:
            begun.set()
            assert go_on.wait(TIMEOUT_S)
        return derive(self, into, unit, *more)

    async def counted(trace_id: bytes, spans: int) -> bool:
        return await store.sql(COUNTED, (trace_id,)) == [(spans,)]

    monkeypatch.setattr(TraceDeriver, "derive", held_up)
    spans = agent_run(large, LARGE_SPANS // SPANS_A_STEP + 1)
    await store.commit(*spans, span(small[0]))
    stop = asyncio.Event()
    running = asyncio.create_task(Processor(store.conninfo, AT_ONCE).run(stop))
    try:
        await until(lambda: counted(small[0], 1), "a trace that came with it is derived")
        await until(lambda: asyncio.sleep(0, begun.is_set()), "the large trace has its turn")
        await store.commit(span(small[1]), span(small[2]))
        await until(lambda: counted(small[2], 1), "a trace that came later is derived")
        assert await store.sql(COUNTED, (large,)) == []
        assert await store.sql(MARKS) != [(0,)]
    finally:
        go_on.set()
    await until(lambda: counted(large, len(spans)), "the large trace is derived")
    await store.commit(span(large))
    await until(lambda: counted(large, len(spans) + 1), "so is what comes to it")
    stop.set()
    await running


async def test_a_claim_of_one_unit_and_what_a_claim_leaves(store: Store) -> None:
    one, other = span(), span()
    await store.commit(one, other)
    unit = Unit.of_trace(TraceKey(1, one.trace_id))
    queue, second, third = (WorkQueue(store.conninfo) for _ in range(3))
    async with queue.claim(without=[unit]) as claim:
        assert claim.traces == [TraceKey(1, other.trace_id)]
        async with second.claim(only=unit) as beside:
            assert beside.traces == [unit.trace]
            async with third.claim(only=unit) as taken:
                assert taken.marks == {}
            beside.leave([unit])
    assert await store.sql(MARKS) == [(1,)]
    async with queue.claim(only=unit) as claim:
        assert claim.traces == [unit.trace]
    assert await store.sql(MARKS) == [(0,)]
    for one_of_them in (queue, second, third):
        await one_of_them.close()
