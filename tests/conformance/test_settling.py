"""A live trace settles without being derived again where time alone changes nothing; young tables get statistics."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.agent_run import agent_run
from tests.conformance.conftest import Store
from tests.conformance.test_derived import tool_call, trace_row
from tests.fix_pages import AT_ONCE
from tests.spans_made import NOW, new_id
from tool_errors.processor import Processor
from trace_store.derived_rows import LoopRow, TraceRow
from trace_store.stored import TraceKey
from trace_store.work import WorkQueue

LIVE: dict[str, Any] = {"live": True, "settle_at": datetime(2026, 1, 1, tzinfo=UTC), "derived_by": "rules"}
STATISTICS = "SELECT relname FROM pg_class WHERE relname = ANY (%s) AND reltuples > 0"


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    yield made
    await made.close()


def key_of(row: TraceRow) -> TraceKey:
    return TraceKey(row.project_id, row.trace_id)


async def test_only_what_time_alone_does_not_change_settles_by_itself(store: Store, queue: WorkQueue) -> None:
    quiet, waiting, looping, other_rules, settled = (trace_row(number, **LIVE) for number in range(5))
    grouped = trace_row(5, **LIVE, group_id=looping.trace_id, loop_count=1)
    looping = replace(looping, group_id=looping.trace_id)
    alone_in_a_loop = trace_row(6, **LIVE, loop_count=1)
    other_rules, settled = replace(other_rules, derived_by="others"), replace(settled, live=False)
    rows = [quiet, waiting, looping, other_rules, settled, grouped, alone_in_a_loop]
    calls = [tool_call(quiet.trace_id, "a"), tool_call(waiting.trace_id, "b", status="pending")]
    loop = LoopRow(1, looping.trace_id, "l", "same", ["a"], 3, 3, ["0101"], NOW, NOW, None, "f", "running")
    keys = [key_of(row) for row in rows]
    async with queue.claim() as claim:
        await claim.replace(keys, rows, [], calls, [loop])
        found = {member.key: has_running_loop for member, has_running_loop in await claim.settle_unchanged(rules(keys))}
    assert found == {key_of(quiet): False, key_of(looping): True, key_of(grouped): True}
    for row in rows:
        is_settled = key_of(row) in found or row is settled
        stored = await store.reader.trace_row(key_of(row))
        assert stored == (replace(row, live=False, settle_at=None) if key_of(row) in found else row)
        assert stored is not None
        assert stored.live is not is_settled


def rules(keys: list[TraceKey]) -> dict[TraceKey, str]:
    return dict.fromkeys(keys, "rules")


async def test_young_tables_get_statistics_with_the_first_claims(store: Store) -> None:
    await store.commit(*agent_run(new_id(16), 200))
    assert await store.sql(STATISTICS, (["tool_calls", "llm_calls"],)) == []
    await Processor(store.conninfo, AT_ONCE).drain()
    assert {name for (name,) in await store.sql(STATISTICS, (["tool_calls", "llm_calls"],))} == {
        "tool_calls",
        "llm_calls",
    }
