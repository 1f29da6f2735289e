"""Hourly roll-ups: whatever happens in whatever order, they answer what counting the interactions themselves does."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.interactions_seeded import START, interaction
from trace_store.buckets import day_of
from trace_store.connections import connect
from trace_store.interactions.interaction_filters import (
    Condition,
    any_failure,
    any_loop,
    failed_tools,
    loops_of,
    negated,
    number_condition,
    posted_signals,
    text_condition,
    tool_condition,
)
from trace_store.interactions.interaction_rows import InteractionRow
from trace_store.interactions.interaction_tables import InteractionTables
from trace_store.rollups.rollup_reads import RollupReads
from trace_store.rollups.rollups import HOUR_NS, VALUES_MAX, RollupWork, roll_up
from trace_store.rollups.rollups import SQL as ROLLUP_SQL
from trace_store.upkeep.partitions import ensure_partitions

FINDING = """
INSERT INTO findings (project_id, trace_id, finding_key, kind, fingerprint, tool, title, start_unix_nano,
  end_unix_nano, is_recovered, interaction_id, release, environment)
VALUES (1, %s, 'call:1', %s, 'f', %s, '', 0, 0, false, NULL, '', '')
"""
LINK = "INSERT INTO interaction_traces (project_id, event_id, trace_id, said_by, is_named) VALUES (1, %s, %s, 1, true)"
FEEDBACK = """
INSERT INTO feedback (project_id, bucket, event_id, digest, name, type, properties)
VALUES (1, current_date, %s, %s, 'thumbs', 'default', '{}')
"""
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'rainbarrel roll-ups' AND wait_event_type = 'Lock'
"""
HOURS, EVENTS, STEPS = 6, 24, 25
Connection = psycopg.AsyncConnection[Any]
Meets = Callable[[InteractionRow, "Told"], bool]


@dataclass
class Told:
    """What else counts with an interaction."""

    failed: set[str] = field(default_factory=set)  # tools
    looped: set[str] = field(default_factory=set)
    is_rated: bool = False


@pytest.fixture
async def connection(any_database: str) -> AsyncIterator[Connection]:
    async with await connect(any_database, "rainbarrel test") as opened:
        today = day_of(datetime.now(UTC).date())
        await ensure_partitions(opened, range(today, today + 2))
        yield opened


def asked(rng: random.Random) -> list[tuple[Condition, Meets]]:
    """Conditions, each with the same said in Python."""
    bound = START + rng.randrange(0, HOURS * 60, 20) * 60 * 10**9
    return [
        (text_condition("model", "eq", "m1"), lambda row, _: row.model == "m1"),
        (text_condition("model", "neq", "m1"), lambda row, _: row.model != "m1"),
        (text_condition("event_name", "contains", "ha"), lambda row, _: "ha" in row.event_name),
        (negated(text_condition("environment", "eq", "dev")), lambda row, _: row.environment != "dev"),
        (tool_condition("search"), lambda row, _: "search" in row.tools),
        (any_failure(), lambda row, _: row.error_count > 0),
        (negated(any_loop()), lambda row, _: row.loop_count == 0),
        (failed_tools(["search"]), lambda _, told: "search" in told.failed),
        (negated(failed_tools(["search", "mail"])), lambda _, told: not told.failed),
        (loops_of(["mail"]), lambda _, told: "mail" in told.looped),
        (posted_signals(["thumbs"]), lambda _, told: told.is_rated),
        (number_condition("start_unix_nano", "gte", bound), lambda row, _: row.start_unix_nano >= bound),
        (number_condition("start_unix_nano", "lte", bound), lambda row, _: row.start_unix_nano <= bound),
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_roll_ups_answer_what_counting_rows_does_after_any_changes(connection: Connection, seed: int) -> None:
    rng = random.Random(seed)
    rows: dict[str, InteractionRow] = {}
    told: dict[str, Told] = {f"e{n}": Told() for n in range(EVENTS)}
    answered = 0
    for step in range(STEPS):
        await change(connection, rng, rows, told)
        for hour in await dirty_hours(connection):
            if rng.random() < 0.5:
                await roll_up(connection, 1, hour)
        given = rng.sample(asked(rng), rng.randrange(3))
        answered += await check(connection, given, list(rows.values()), told, f"seed {seed}, step {step}: {given}")
    assert answered > STEPS / 2
    for hour in await dirty_hours(connection):
        await roll_up(connection, 1, hour)
    assert not await dirty_hours(connection)
    assert await check(connection, [], list(rows.values()), told, f"seed {seed}, settled")
    tables = InteractionTables(connection)
    await tables.replace([(1, event_id) for event_id in rows], [], [])
    for hour in await dirty_hours(connection):
        await roll_up(connection, 1, hour)
    assert await column(connection, "SELECT count(*) FROM interaction_rollups") == [0]


async def change(
    connection: Connection, rng: random.Random, rows: dict[str, InteractionRow], told: dict[str, Told]
) -> None:
    """A new, changed, moved, removed, repeated interaction; a new finding or a word of feedback."""
    for event_id in rng.sample(sorted(told), rng.randrange(1, 6)):
        says, trace_id = told[event_id], event_id.encode().ljust(16)
        what = rng.random()
        if what < 0.1 and event_id in rows:
            del rows[event_id]
        elif what < 0.3 and event_id in rows and not says.failed and not says.looped:
            tool = rng.choice(["search", "mail"])
            kind = rng.choice(["tool_error", "loop"])
            (says.failed if kind == "tool_error" else says.looped).add(tool)
            await connection.execute(FINDING, (trace_id, kind, tool))
        elif what < 0.4 and not says.is_rated:
            says.is_rated = True
            await connection.execute(FEEDBACK, (event_id, trace_id))
        elif what < 0.9 or event_id not in rows:
            rows[event_id] = made(rng, event_id)
        if (await column(connection, "SELECT count(*) FROM interaction_traces WHERE event_id = %s", event_id)) == [0]:
            await connection.execute(LINK, (event_id, trace_id))
        row = rows.get(event_id)  # what traces and feedback say comes with the interaction's next derivation
        await InteractionTables(connection).replace([(1, event_id)], [row] if row else [], [])


def made(rng: random.Random, event_id: str) -> InteractionRow:
    return interaction(
        event_id,
        minutes=rng.randrange(0, HOURS * 60, 20),  # some at the same time, some on the hour
        event_name=rng.choice(["chat", "draft"]),
        user_id=rng.choice([None, "u1", "u2", "u3"]),
        conversation_id=rng.choice([None, "c1", "c2"]),
        model=rng.choice([None, "m1", "m2"]),
        environment=rng.choice([None, "dev", "production"]),
        release=rng.choice(["", "1.0"]),
        tools=rng.sample(["search", "mail", "read"], rng.randrange(3)),
        error_count=rng.randrange(2),
        loop_count=rng.randrange(2),
    )


async def check(
    connection: Connection,
    given: Sequence[tuple[Condition, Meets]],
    rows: Sequence[InteractionRow],
    told: dict[str, Told],
    where: str,
) -> bool:
    """Compares all answers to a question; False when roll-ups leave it to the rows."""
    reads = RollupReads(connection, 1)
    conditions = [condition for condition, _ in given]
    met = [row for row in rows if all(meets(row, told[row.event_id]) for _, meets in given)]
    for facet in ("model", "tool", "signal"):
        question = await reads.question(conditions, 10**6, facet)
        if question is None:
            return False
        if facet == "signal":
            assert await reads.facets_of_signals(question) == signals_of(met, told), where
        else:
            values = [row.tools if facet == "tool" else [row.model] for row in met]
            counts = Counter(value for of_row in values for value in of_row if value is not None)
            expected = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            assert await reads.facets(question, facet, 100) == expected, where
    question = await reads.question(conditions, 10**6)
    assert question is not None
    assert await reads.count(question) == len(met), where
    assert await reads.count_distinct(question, "user_id") == len({row.user_id for row in met} - {None}), where
    hours = Counter(row.start_unix_nano // HOUR_NS for row in met)
    found = await reads.timeseries(question, "hour")
    assert [(step.hour, count) for step, count in found] == [(h % 24, n) for h, n in sorted(hours.items())], where
    talks = {(row.start_unix_nano // HOUR_NS, row.conversation_id) for row in met if row.conversation_id}
    by_hour = await reads.timeseries_distinct(question, "hour", "convo_id")
    assert sum(count for _, count in by_hour) == len(talks), where
    await check_pages(connection, conditions, met, where)
    return True


async def check_pages(
    connection: Connection, conditions: Sequence[Condition], met: Sequence[InteractionRow], where: str
) -> None:
    """Page after page, both ways, as lists go."""
    newest_first = sorted(met, key=lambda row: (-row.start_unix_nano, row.event_id))
    for expected, descending in ((newest_first, True), (newest_first[::-1], False)):
        after, found = None, []
        while rows := await RollupReads(connection, 1).page(conditions, descending, after, 4):
            found += rows
            after = (rows[-1].start_unix_nano, rows[-1].event_id)
        if after is not None and rows is None:  # less than an hour is left, which lists read as rows
            assert [row.event_id for row in found] == [row.event_id for row in expected[: len(found)]], where
        elif after is not None or not expected:
            assert [row.event_id for row in found] == [row.event_id for row in expected], where
        else:  # of all, or of a time alone: the index lists them
            assert all(condition.column == "start_unix_nano" for condition in conditions), where


def signals_of(met: Sequence[InteractionRow], told: dict[str, Told]) -> dict[tuple[str, str], int]:
    found = Counter(("tool_error", tool) for row in met for tool in told[row.event_id].failed)
    found.update(("loop", tool) for row in met for tool in told[row.event_id].looped)
    found.update(("posted", "thumbs") for row in met if told[row.event_id].is_rated)
    return dict(found)


async def test_an_hour_with_too_many_values_of_a_dimension_is_read_as_rows(connection: Connection) -> None:
    rows = [interaction(f"e{n}", n / 100, event_name=f"name {n}", model="m") for n in range(VALUES_MAX + 1)]
    await InteractionTables(connection).replace([(1, row.event_id) for row in rows], rows, [])
    await roll_up(connection, 1, START // HOUR_NS)
    reads = RollupReads(connection, 1)
    by_model = await reads.question([text_condition("model", "eq", "m")], 0)  # not one row is read
    assert by_model is not None
    assert await reads.count(by_model) == VALUES_MAX + 1
    by_name = [text_condition("event_name", "eq", "name 7")]
    assert await reads.question(by_name, VALUES_MAX) is None
    question = await reads.question(by_name, VALUES_MAX + 1)
    assert question is not None
    assert await reads.count(question) == 1


async def test_a_change_during_a_roll_up_is_not_forgotten(connection: Connection, any_database: str) -> None:
    row = interaction("e1", 1, model="m1")
    await InteractionTables(connection).replace([(1, "e1")], [row], [])
    async with await connect(any_database, "rainbarrel test") as other, other.transaction():
        await InteractionTables(other).replace([(1, "e2")], [replace(row, event_id="e2")], [])
        await roll_up(connection, 1, START // HOUR_NS)
        assert await column(connection, "SELECT count(*) FROM dirty_hours") == [0]
    assert await dirty_hours(connection) == [START // HOUR_NS]
    question = await RollupReads(connection, 1).question([], 10)
    assert question is not None
    assert await RollupReads(connection, 1).count(question) == 2


async def test_hours_are_rolled_up_when_they_have_been_quiet(any_database: str, connection: Connection) -> None:
    await InteractionTables(connection).replace([(1, "e1")], [interaction("e1", 1)], [])
    work = RollupWork(any_database)
    assert await work.step(3600) == 0
    assert await work.step(0) == 1
    assert await work.step(0) == 0
    await work.close()


async def test_an_hour_that_keeps_changing_is_rolled_up_later(any_database: str, connection: Connection) -> None:
    await InteractionTables(connection).replace([(1, "e1")], [interaction("e1", 1)], [])
    await connection.execute("UPDATE dirty_hours SET marked_at = marked_at - interval '2 minutes'")
    await InteractionTables(connection).replace([(1, "e2")], [interaction("e2", 2)], [])
    work = RollupWork(any_database)
    assert await work.step(90, 3600) == 0
    assert await work.step(90, 100) == 1
    await work.close()
    assert await dirty_hours(connection) == []


async def test_a_roll_up_that_is_cut_off_leaves_its_hour_marked(any_database: str, connection: Connection) -> None:
    await InteractionTables(connection).replace([(1, "e1")], [interaction("e1", 1)], [])
    work = RollupWork(any_database)
    async with await connect(any_database, "rainbarrel test") as other, other.transaction():
        await other.execute("LOCK TABLE interaction_rollups IN ACCESS EXCLUSIVE MODE")
        rolling_up = asyncio.create_task(work.step(0))
        while await column(connection, WAITING) == [0]:
            await asyncio.sleep(0.02)
        rolling_up.cancel()
        with suppress(asyncio.CancelledError):
            await rolling_up
        await work.close()
    assert await dirty_hours(connection) == [START // HOUR_NS]
    assert await column(connection, "SELECT count(*) FROM interaction_rollups") == [0]
    assert await work.step(0) == 1
    await work.close()
    assert await dirty_hours(connection) == []


async def test_an_erasure_leaves_nothing_of_its_hours_and_retention_counts_old_ones_again(
    connection: Connection,
) -> None:
    rows = [interaction("e1", 1, event_name="secret"), interaction("e2", 70)]
    await InteractionTables(connection).replace([(1, "e1"), (1, "e2")], rows, [])
    first, second = await dirty_hours(connection)
    for hour in (first, second):
        await roll_up(connection, 1, hour)
    await connection.execute(ROLLUP_SQL.forget_hours_of_events, {"project_id": 1, "event_ids": ["e1"]})
    assert await column(connection, "SELECT DISTINCT hour FROM interaction_rollups") == [second]
    assert await dirty_hours(connection) == [first]
    day = datetime.fromtimestamp(START // 10**9, UTC).date()
    await connection.execute(ROLLUP_SQL.mark_hours_before, {"cutoff": day})
    assert await dirty_hours(connection) == [first]
    await connection.execute(ROLLUP_SQL.mark_hours_before, {"cutoff": day + timedelta(days=1)})
    assert await dirty_hours(connection) == [first, second]


async def dirty_hours(connection: Connection) -> list[int]:
    return await column(connection, "SELECT DISTINCT hour FROM dirty_hours ORDER BY hour")


async def column(connection: Connection, statement: str, *parameters: Any) -> list[Any]:
    cursor = await connection.execute(statement.encode(), parameters)
    return [value for (value,) in await cursor.fetchall()]
