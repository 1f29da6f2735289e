"""Counts of the query API: over the newest interactions of a large range, and of all signals in one statement."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.interactions_seeded import MINUTE_NS, START, conversations_of, interaction, seed, users_of
from trace_store.connections import connect
from trace_store.interactions.interaction_counts import InteractionCounts, Reach
from trace_store.interactions.interaction_filters import failed_tools, loops_of, number_condition, text_condition

FINDING = """
INSERT INTO rainbarrel.findings (project_id, trace_id, finding_key, kind, fingerprint, tool, title, start_unix_nano,
  end_unix_nano, is_recovered, interaction_id, release, environment)
VALUES (1, %s, %s, %s, 'f', %s, '', 0, 0, false, %s, '', '')
"""
LINK = """
INSERT INTO rainbarrel.interaction_traces (project_id, event_id, trace_id, said_by, is_named)
VALUES (1, %s, %s, %s, true)
"""
ALL = 12


@pytest.fixture
async def connection(database: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Twelve interactions a minute apart, of three users, in four conversations."""
    models = ("m0", "m1")
    rows = [
        interaction(
            f"e{n:02}",
            minutes=n,
            user_id=f"u{n % 3}",
            conversation_id=f"c{n // 3}",
            model=models[n % 2],
            tools=["search"] if n % 4 == 0 else [],
        )
        for n in range(ALL)
    ]
    seed(database, "interactions", rows)
    seed(database, "users", users_of(rows, {}))
    seed(database, "conversations", conversations_of(rows))
    async with await connect(database, "rainbarrel test") as opened:
        yield opened


async def test_what_reads_rows_is_counted_over_the_newest_of_a_large_range(connection: psycopg.AsyncConnection) -> None:
    counts = InteractionCounts(connection, 1, read_max=5)
    newest = Reach(5, START + 6 * MINUTE_NS)
    of_m1 = [text_condition("model", "eq", "m1")]
    assert await counts.count(of_m1, "event_id") == (3, newest)
    assert await counts.facets([], "model", "event_id", 10) == ([("m1", 3), ("m0", 2)], newest)
    assert await counts.facets([], "tool", "event_id", 10) == ([("search", 1)], newest)
    (step,), reach = await counts.timeseries(of_m1, "user_id", "day")
    assert (step[1], reach) == (3, newest)
    early = number_condition("start_unix_nano", "lt", START + 8 * MINUTE_NS)
    assert await counts.count([*of_m1, early], "event_id") == (3, Reach(5, START + 2 * MINUTE_NS))
    late = number_condition("start_unix_nano", "gte", START + 7 * MINUTE_NS)
    assert await counts.count([*of_m1, late], "event_id") == (3, None)


async def test_what_an_index_answers_is_exact_over_any_range(connection: psycopg.AsyncConnection) -> None:
    counts = InteractionCounts(connection, 1, read_max=5)
    since = number_condition("start_unix_nano", "gte", START + 2 * MINUTE_NS)
    of_user = text_condition("user_id", "eq", "u1")
    assert await counts.count([], "event_id") == (ALL, None)
    assert await counts.count([since], "event_id") == (ALL - 2, None)
    assert await counts.count([of_user], "event_id") == (4, None)
    assert await counts.count([], "user_id") == (3, None)
    assert await counts.count([], "convo_id") == (4, None)
    assert await counts.facets([], "user_id", "event_id", 2) == ([("u0", 4), ("u1", 4)], None)
    assert await counts.facets([of_user], "model", "event_id", 10) == ([("m0", 2), ("m1", 2)], None)
    minutes, reach = await counts.timeseries([since], "event_id", "minute")
    assert ([count for _, count in minutes], reach) == ([1] * (ALL - 2), None)


async def test_facets_of_signals_are_what_each_signal_counts_alone(connection: psycopg.AsyncConnection) -> None:
    """Twice in one interaction, said of a trace by both sides, named by the finding or by its trace alone."""
    for n in range(ALL):
        trace_id = n.to_bytes(16, "big")
        for said_by in (1, 2) if n % 2 else (1,):
            await connection.execute(LINK, (f"e{n:02}", trace_id, said_by))
        named = f"e{n:02}" if n % 3 else None
        for key, kind, tool in (("call:1", "tool_error", "a"), ("call:2", "soft_error", "a"), ("loop:1", "loop", "a")):
            if n % 4 or kind != "loop":
                await connection.execute(FINDING, (trace_id, key, kind, tool, named))
        await connection.execute(FINDING, (trace_id, "schema:1", "schema_violation", "b", named))
    await connection.execute(LINK, ("e00", (1).to_bytes(16, "big"), 2))  # its finding is of e01
    await connection.execute(LINK, ("e00", (3).to_bytes(16, "big"), 2))  # its finding is of all
    counts = InteractionCounts(connection, 1)
    for conditions in ([], [text_condition("model", "eq", "m1")], [text_condition("user_id", "eq", "u0")]):
        for count_by in ("event_id", "user_id", "convo_id"):
            found, _ = await counts.facets_of_signals(conditions, count_by)
            alone = {
                ("tool_error", "a"): (await counts.count([*conditions, failed_tools(["a"])], count_by))[0],
                ("loop", "a"): (await counts.count([*conditions, loops_of(["a"])], count_by))[0],
            }
            assert found == alone
