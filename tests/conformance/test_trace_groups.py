"""Groups of traces in the derived tables: the same tables in whatever order, split and repetition traces arrive."""

import json
import random
from typing import Any

import pytest

from tests.client_only_run import client_only_run, trace_id
from tests.conformance.conftest import Store
from tests.fix_pages import AT_ONCE
from tests.told_twice_run import told_twice_run
from tests.told_twice_run import trace_ids as trace_ids_told_twice
from tool_errors.grouped import settle_groups
from tool_errors.processor import Processor
from trace_store.claim import NewMark, Unit
from trace_store.derived_rows import TraceRow
from trace_store.model import AcceptedSpan
from trace_store.stored import TraceKey
from trace_store.upkeep.erase import erase_trace
from trace_store.work import WorkQueue

REFUSED = "the restaurant refused"
TOLD_TWICE = (50, 60)  # numbers of runs that two libraries tell, after the others
TABLES = ("traces", "llm_calls", "tool_calls", "loops", "findings")
Trace = list[AcceptedSpan]


async def derive(conninfo: str) -> None:
    await Processor(conninfo, AT_ONCE).drain()


async def tables(at: Store) -> dict[str, list[str]]:
    found = {}
    for table in TABLES:
        rows = await at.sql(f"SELECT to_jsonb(t) - '{{derived_at,settle_at,found_at}}'::text[] FROM {table} t")
        found[table] = sorted(json.dumps(row, sort_keys=True) for (row,) in rows)
    return found


async def forget(at: Store) -> None:
    await at.sql(f"TRUNCATE spans, span_blobs, span_links, fact_parts, dirty_marks, {', '.join(TABLES)}")


def runs() -> list[Trace]:
    """Runs with and without a conversation id, one of them stuck, two of them told by two libraries."""
    return [
        *client_only_run(0, [REFUSED] * 4),
        *client_only_run(1, [REFUSED, None], conversation_id="table"),
        *client_only_run(2, [REFUSED], conversation_id="table"),
        *client_only_run(3, []),
        *told_twice_run(TOLD_TWICE[0]),
        *told_twice_run(TOLD_TWICE[1], calls=1, conversation_id="table"),
    ]


async def column(at: Store, name: str, run: int) -> list[Any]:
    """A column of the traces of a run, by time."""
    query = f"SELECT {name} FROM traces WHERE substr(trace_id, 1, 8) = int8send({run + 1}) ORDER BY start_unix_nano"
    return [value for (value,) in await at.sql(query)]


async def told_twice(at: Store) -> list[list[Any]]:
    """Calls, tokens in and out, and whether nothing is to be paid for, of the traces that tell the same calls."""
    found = []
    for run in TOLD_TWICE:
        for place in range(2):
            row = await told_twice_row(at, run, place)
            found.append([row.llm_call_count, row.input_tokens, row.output_tokens, row.cost_nano_usd is None])
    return found


async def test_what_only_the_group_knows(store: Store) -> None:
    for trace in runs():
        await store.commit(*trace)
    await derive(store.conninfo)
    assert await column(store, "group_id", 0) == [trace_id(0, 0)] * 5
    assert await column(store, "group_id", 1) == [trace_id(1, 0)] * 3
    assert await column(store, "group_id", 2) == [trace_id(1, 0)] * 2
    assert await column(store, "group_id", 3) == [None]
    assert await column(store, "loop_count", 0) == [0, 0, 0, 0, 1]
    assert await column(store, "unanswered_count", 0) == [0] * 5
    assert await column(store, "tool_call_count", 0) == [0, 1, 1, 1, 1]
    assert await column(store, "soft_error_count", 0) == [0, 1, 1, 1, 1]
    assert await column(store, "steps", 0) == ["L", "Ls", "Ls", "Ls", "Ls"]  # small: part of a loop
    (loop,) = await store.reader.loops(TraceKey(1, trace_id(0, 4)))
    assert [call[0] for call in loop.calls] == [trace_id(0, number).hex() for number in (1, 2, 3, 4)]
    (failed,) = await store.reader.tool_calls(TraceKey(1, trace_id(1, 1)))
    assert (failed.status, failed.recovered) == ("soft_error", True)
    (asking,) = await store.reader.llm_calls(TraceKey(1, trace_id(1, 0)))
    assert (failed.asked_in, failed.asked_by) == (trace_id(1, 0), asking.span_id)
    assert await store.reader.tool_calls(TraceKey(1, trace_id(1, 0))) == []
    framework, client = trace_ids_told_twice(TOLD_TWICE[0])
    assert await told_twice(store) == [[2, 200, 20, False], [0, 0, 0, True], [1, 100, 10, False], [0, 0, 0, True]]
    assert {call.told_in for call in await store.reader.llm_calls(TraceKey(1, client))} == {framework}


async def test_any_order_split_and_repetition_gives_the_same_tables(store: Store) -> None:
    for trace in runs():
        await store.commit(*trace)
    await derive(store.conninfo)
    expected = await tables(store)
    assert len(expected["traces"]) == 15
    for seed in range(6):
        rng = random.Random(seed)
        await forget(store)
        arriving = runs() + rng.choices(runs(), k=4)
        rng.shuffle(arriving)
        while arriving:
            some = [arriving.pop() for _ in range(min(len(arriving), rng.randint(1, 4)))]
            await store.commit(*[span for trace in some for span in trace])
            if rng.random() < 0.7:
                await derive(store.conninfo)
        await derive(store.conninfo)
        assert await tables(store) == expected, seed


async def test_deriving_one_trace_again_keeps_what_the_group_said(store: Store) -> None:
    for trace in runs():
        await store.commit(*trace)
    await derive(store.conninfo)
    expected = await tables(store)
    queue = WorkQueue(store.conninfo)
    await queue.mark([NewMark(Unit.of_trace(TraceKey(1, trace_id(0, 0))))])
    await queue.close()
    processor = Processor(store.conninfo, AT_ONCE)
    assert await processor.step() == 1  # the trace alone; its group is still marked
    counts = await column(store, "unanswered_count", 0)
    assert counts == [0] * 5
    await processor.drain()
    assert await tables(store) == expected


async def test_a_trace_whose_twin_is_gone_counts_its_calls(store: Store) -> None:
    framework, client = told_twice_run(TOLD_TWICE[0])
    await store.commit(*client)
    await derive(store.conninfo)
    alone = await tables(store)
    await store.commit(*framework)
    await derive(store.conninfo)
    assert (await told_twice_row(store)).input_tokens == 0
    await erase_trace(store.conninfo, TraceKey(1, trace_ids_told_twice(TOLD_TWICE[0])[0]))
    await derive(store.conninfo)
    assert (await told_twice_row(store)).input_tokens == 200
    assert await tables(store) == alone


async def told_twice_row(at: Store, run: int = TOLD_TWICE[0], place: int = 1) -> TraceRow:
    row = await at.reader.trace_row(TraceKey(1, trace_ids_told_twice(run)[place]))
    assert row is not None
    return row


async def test_a_trace_that_stands_alone_again_tells_its_own(store: Store) -> None:
    first, second = client_only_run(0, [None])
    await store.commit(*first)
    await derive(store.conninfo)
    alone = await tables(store)
    await store.commit(*second)
    await derive(store.conninfo)
    assert await column(store, "group_id", 0) == [trace_id(0, 0)] * 2
    await erase_trace(store.conninfo, TraceKey(1, trace_id(0, 1)))
    await derive(store.conninfo)
    assert await tables(store) == alone


async def test_a_long_group_is_written_in_portions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle_groups, "WRITTEN_MAX", 7)
    traces = client_only_run(0, [None] * 20)
    await store.commit(*[span for trace in traces for span in trace])
    await derive(store.conninfo)
    assert await column(store, "group_id", 0) == [trace_id(0, 0)] * 21
    assert await column(store, "unanswered_count", 0) == [0] * 21
