"""Definitions are stored once, remember days and releases, and go with retention."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.conformance.conftest import Store
from tests.conformance.test_derived import trace_row
from tests.spans_made import NOW, new_id
from trace_store.derived_rows import LlmCallRow
from trace_store.dialects.tool_definitions import definition
from trace_store.fact_rows import FactRow
from trace_store.facts import ToolDefinition
from trace_store.stored import SpanRow, TraceKey
from trace_store.tool_definitions import SCHEMA_BYTES_MAX
from trace_store.upkeep.maintenance import maintain
from trace_store.work import WorkQueue

DAY = datetime.now(UTC).date()
WEATHER = definition("weather", "Of a city.\0", {"type": "object", "properties": {"city": {}}})
MAIL = definition("mail", "", None)
STORED = "SELECT name, first_seen, last_seen, releases FROM tool_definitions ORDER BY name"


@pytest.fixture
async def queue(store: Store) -> AsyncIterator[WorkQueue]:
    made = WorkQueue(store.conninfo)
    yield made
    await made.close()


def facts(*named: ToolDefinition, day: date = DAY, **more: Any) -> FactRow:
    row = SpanRow(1, new_id(16), new_id(8), b"", NOW, NOW + 1, day, "chat", 1, 0, 1, new_id(16))
    return FactRow(row, "llm", "otel_genai", 1, 1, more, named)


async def put(queue: WorkQueue, *rows: FactRow) -> None:
    async with queue.claim() as claim:
        await claim.put_facts(rows)


async def test_a_definition_is_one_row_with_its_days_and_releases(store: Store, queue: WorkQueue) -> None:
    later = DAY + timedelta(days=1)
    await put(queue, facts(WEATHER, MAIL, release="1"), facts(WEATHER, release="2"))
    assert await store.sql(STORED) == [("mail", DAY, DAY, ["1"]), ("weather", DAY, DAY, ["1", "2"])]
    await put(queue, facts(WEATHER, day=later, release="2"), facts(MAIL))
    again = WorkQueue(store.conninfo)  # another processor, which remembers nothing
    await put(again, facts(WEATHER, release="3"), *(facts(MAIL, release=str(number)) for number in range(30)))
    await again.close()
    mail, weather = await store.sql(STORED)
    assert weather == ("weather", DAY, later, ["1", "2", "3"])
    assert len(mail[3]) == 20


async def test_a_repeated_definition_is_not_written_again(store: Store, queue: WorkQueue) -> None:
    await put(queue, facts(WEATHER))
    version = "SELECT xmin::text, ctid::text FROM tool_definitions"
    before = await store.sql(version)
    await put(queue, facts(WEATHER))
    again = WorkQueue(store.conninfo)
    await put(again, facts(WEATHER))
    await again.close()
    assert [ctid for _, ctid in await store.sql(version)] == [ctid for _, ctid in before]


async def test_what_a_failed_claim_wrote_is_written_by_the_next(store: Store, queue: WorkQueue) -> None:
    async def fail() -> None:
        async with queue.claim() as claim:
            await claim.put_facts([facts(WEATHER)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await store.sql(STORED) == []
    await put(queue, facts(WEATHER))
    assert len(await store.sql(STORED)) == 1


async def test_readers_find_what_a_call_offered_and_a_tool_over_time(store: Store, queue: WorkQueue) -> None:
    trace = trace_row()
    offered = [WEATHER.digest, MAIL.digest]
    call = LlmCallRow(1, trace.trace_id, new_id(8), NOW, tool_definition_digests=offered, tool_definition_count=2)
    key = TraceKey(1, trace.trace_id)
    newer = definition("weather", "Of a town.", None)
    async with queue.claim() as claim:
        await claim.put_facts([facts(WEATHER, MAIL), facts(newer, day=DAY + timedelta(days=1))])
        await claim.replace([key], [trace], [call], [], [], [])
    (read,) = await store.reader.llm_calls(key)
    assert read == call
    assert [row.name for row in await store.reader.tool_definitions_of_call(key, call.span_id)] == ["weather", "mail"]
    found = await store.reader.tool_definitions(1, "weather")
    assert [row.description for row in found] == ["Of a city.\u2400", "Of a town."]
    assert found[0].schema == WEATHER.schema
    assert await store.reader.tool_definitions(1, "nothing") == []


async def test_definitions_go_with_their_last_day_and_long_ones_are_cut(store: Store, queue: WorkQueue) -> None:
    long = definition("long", "é" * 20_000, {"x": "y" * SCHEMA_BYTES_MAX})
    await put(queue, facts(MAIL, long))
    await store.sql("UPDATE tool_definitions SET last_seen = last_seen - 40 WHERE name = 'mail' RETURNING 1")
    await maintain(store.conninfo, retention_days=30)
    (row,) = await store.reader.tool_definitions(1, "long")
    assert (row.is_cut, row.schema, len(row.description)) == (True, None, 8192)
    assert [name for name, *_ in await store.sql(STORED)] == ["long"]
