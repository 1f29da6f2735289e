"""Spans that stand for log records, on every tier: they come, go and are erased with what they stand for."""

from tests.agent_logs import accepted, session_request, spans_with_logs
from tests.conformance.conftest import Store
from tool_errors.processor import Pace, Processor
from trace_store.connections import connect
from trace_store.erase import erase_trace
from trace_store.repack import repack
from trace_store.stored import TraceKey

AT_ONCE = Pace(settle_delay_s=0.0, orphan_settle_delay_s=0.0, heavy_wait_factor=0.0)
FROM_LOG = "SELECT count(*) FROM rainbarrel.spans WHERE kind = -1"


async def derived(store: Store) -> None:
    await Processor(store.conninfo, AT_ONCE).drain()


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
    assert await store.sql("SELECT count(*) FROM rainbarrel.span_facts") == [(6,)]
    assert await store.sql("SELECT tool_call_count, error_count FROM rainbarrel.traces") == [(4, 3)]
