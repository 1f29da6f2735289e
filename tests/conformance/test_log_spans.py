"""Spans that stand for log records, on every tier: they come, go and are erased with what they stand for."""

from dataclasses import replace
from typing import Any

import psycopg

from tests.agent_logs import accepted, session_request, spans_with_logs
from tests.conformance.conftest import Store
from tests.facts_stored import facts_stored
from tool_errors.processor import Pace, Processor
from tool_errors.rules import ProjectRules
from trace_store.connections import connect
from trace_store.dialects import REGISTRY, codex
from trace_store.dialects.registry import DialectRegistry
from trace_store.stored import TraceKey
from trace_store.upkeep.erase import erase_trace
from trace_store.upkeep.repack import repack
from trace_store.upkeep.reprocess import Choice, open_reprocess

AT_ONCE = Pace(settle_delay_s=0.0, orphan_settle_delay_s=0.0, heavy_wait_factor=0.0)
FROM_LOG = "SELECT count(*) FROM rainbarrel.spans WHERE kind = -1"


async def derived(store: Store) -> None:
    await Processor(store.conninfo, AT_ONCE).drain()


class OlderRules(ProjectRules):
    """Rules that take every record of Codex for a run of its user, and know no tool results."""

    def registry(self, project_id: int) -> DialectRegistry:
        records = {name: known for name, known in codex.DIALECT.records.items() if name != "codex.tool_result"}
        older = replace(codex.DIALECT, run_keys=("user.account_id",), records=records)
        return DialectRegistry([older if dialect is codex.DIALECT else dialect for dialect in REGISTRY])

    def derived_by(self, project_id: int) -> str:
        return "older"


async def stored_and_derived(store: Store) -> list[Any]:
    spans = await store.sql("SELECT trace_id, span_id, start_unix_nano, name, raw_length FROM rainbarrel.spans")
    calls = await store.sql("SELECT trace_id, call_key, name, status FROM rainbarrel.tool_calls")
    return [sorted(spans), sorted(calls), await store.sql("SELECT trace_id, conversation_id FROM rainbarrel.traces")]


async def test_a_newer_mapping_makes_them_anew(store: Store) -> None:
    _, logs = accepted(session_request("codex", "s1"))
    await store.commit(*logs)
    await Processor(store.conninfo, AT_ONCE, OlderRules()).drain()
    older = await stored_and_derived(store)
    assert older[0]
    assert older[2]
    for _ in range(2):  # and once more, which changes nothing
        async with open_reprocess(store.conninfo) as work:
            assert [count async for count in work.mark_log_batches(Choice(1, None))] == [1]
            assert [count async for count in work.mark_log_batches(Choice(1, None))] == [1]
            assert await work.waiting() == 1
            async with await connect(store.conninfo, "test") as connection:
                await repack(connection)  # leaves the batch that is marked where it is
        await derived(store)
        newer = await stored_and_derived(store)
        assert newer != older
        assert len(newer[2]) == 1, "nothing is left in the trace that older rules made"
        assert {row[0] for row in newer[0]} == {newer[2][0][0]}
    await store.sql("DELETE FROM rainbarrel.spans WHERE kind = -1")
    await store.sql("DELETE FROM rainbarrel.fact_parts")
    async with open_reprocess(store.conninfo) as work:
        await work.mark_traces(1, [newer[2][0][0]])
        assert [count async for count in work.mark_log_batches(Choice(1, None))] == [1]
    await derived(store)
    assert await stored_and_derived(store) == newer


async def test_a_session_is_erased_with_its_records(store: Store) -> None:
    kept, gone = session_request("codex", "kept"), session_request("codex", "gone")
    await store.commit(*accepted(kept, gone)[1])
    await derived(store)
    rows = await store.sql("SELECT trace_id FROM rainbarrel.traces WHERE conversation_id = 'gone'")
    ((trace_id,),) = rows
    (before,) = await store.sql("SELECT count(*) FROM rainbarrel.log_records")
    (steps,) = await store.sql(FROM_LOG)
    erased = await erase_trace(store.conninfo, TraceKey(1, trace_id))
    assert erased * 2 == steps[0]
    assert await store.sql("SELECT count(*) FROM rainbarrel.log_records") == [(before[0] - erased,)]
    assert await store.sql("SELECT conversation_id FROM rainbarrel.traces") == [("kept",)]
    await derived(store)
    assert await store.sql(FROM_LOG) == [(erased,)]


async def test_they_are_repacked_like_others(store: Store) -> None:
    for log in accepted(session_request("claude_code", "s1"))[1]:
        await store.commit(log)
        await derived(store)
    ((trace_id,),) = await store.sql("SELECT trace_id FROM rainbarrel.traces")
    before = {(span.row, span.otlp) for span in await store.stored(trace_id)}
    async with await connect(store.conninfo, "test") as connection:
        assert await repack(connection) > 1
    assert {(span.row, span.otlp) for span in await store.stored(trace_id)} == before


async def test_a_span_that_arrives_takes_the_place_of_its_record(store: Store) -> None:
    spans, logs = accepted(*spans_with_logs())
    await store.commit(*logs)
    await derived(store)
    assert await store.sql(FROM_LOG) == [(4,)]
    await store.commit(*spans)
    await derived(store)
    assert await store.sql(FROM_LOG) == [(3,)]
    with psycopg.connect(store.conninfo) as connection:
        assert len(facts_stored(connection)) == 6
    assert await store.sql("SELECT tool_call_count, error_count FROM rainbarrel.traces") == [(4, 3)]
