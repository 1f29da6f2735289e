"""Signals and their matches over a real store: written by difference, counted, called wrong, switched off, removed."""

import time
from dataclasses import replace
from uuid import uuid4

from tests.conformance.conftest import Store
from tests.signal_matches import match, put_matches, signal
from trace_store.alerts.signals import (
    add_signal,
    count_own,
    match_key,
    newest_matches,
    own_trends,
    read_signals,
    remove_signal,
    switch_signal,
)
from trace_store.connections import connect
from trace_store.lists.verdicts import measured_precision, say, take_back
from trace_store.stored import TraceKey

DAY_NS = 86_400 * 1_000_000_000
WRITTEN = "SELECT found_at FROM signal_matches ORDER BY trace_id"


async def test_matches_are_counted_by_signal_and_by_day(store: Store) -> None:
    first, second, at = await signal(store.conninfo), await signal(store.conninfo, "thanks"), time.time_ns()
    days = [match(first, at - days * DAY_NS, user_id=user) for days, user in ((0, "a"), (0, "b"), (2, "a"), (9, "c"))]
    both = match(second, at, trace_id=days[0].trace_id)
    await put_matches(store.conninfo, *days, both)
    async with await connect(store.conninfo, "test") as connection:
        counts = await count_own(connection, 1, at - 3 * DAY_NS)
        assert {key: (one.events, one.users, one.wrong) for key, one in counts.items()} == {
            first: (3, 2, 0),
            second: (1, 0, 0),
        }
        assert counts[first].last_unix_nano == days[0].start_unix_nano
        trends = await own_trends(connection, 1, at - 3 * DAY_NS, at - 3 * DAY_NS, 86_400)
        assert trends == {first: {0: 1, 2: 2}, second: {2: 1}}
        assert [row.trace_id for row, _ in await newest_matches(connection, 1, first)][2:] == [
            days[2].trace_id,
            days[3].trace_id,
        ]


async def test_a_match_that_did_not_change_is_not_written_again(store: Store) -> None:
    found = match(await signal(store.conninfo), time.time_ns())
    await put_matches(store.conninfo, found)
    before = await store.sql(WRITTEN)
    await put_matches(store.conninfo, found)
    assert await store.sql(WRITTEN) == before
    await put_matches(store.conninfo, replace(found, span_id=b"\2" * 8))
    assert await store.sql(WRITTEN) != before


async def test_a_wrong_match_is_counted_nowhere_however_often_it_is_found(store: Store) -> None:
    signal_id, at = await signal(store.conninfo), time.time_ns()
    right, wrong = match(signal_id, at), match(signal_id, at - 1, user_id="u")
    await put_matches(store.conninfo, right, wrong)
    trace, key = TraceKey(1, wrong.trace_id), match_key(signal_id)
    async with await connect(store.conninfo, "test") as connection:
        async with connection.transaction():
            assert not await say(connection, trace, match_key(str(uuid4())), "wrong_match")
            assert await say(connection, trace, key, "wrong_match", said_by="Kim")
            assert await say(connection, TraceKey(1, right.trace_id), key, "right")
        assert (await store.sql("SELECT count(*) FROM dirty_marks")) == [(2,)]
        for _ in range(2):
            await put_matches(store.conninfo, right, wrong)
            counted = (await count_own(connection, 1, 0))[signal_id]
            assert (counted.events, counted.users, counted.wrong) == (1, 0, 1)
        assert await own_trends(connection, 1, at - DAY_NS, at - DAY_NS, 86_400) == {signal_id: {0: 1}}
        said = [(row.is_wrong, verdict) for row, verdict in await newest_matches(connection, 1, signal_id)]
        assert said == [(False, "right"), (True, "wrong_match")]
        (measured,) = await measured_precision(connection, 1)
        assert (measured.kind, measured.rule, measured.right, measured.looked_at) == ("signal", "refunds", 1, 2)
        async with connection.transaction():
            assert await take_back(connection, trace, key)
        await put_matches(store.conninfo, wrong)
        assert (await count_own(connection, 1, 0))[signal_id].events == 2


async def test_signals_are_named_once_switched_and_removed_with_their_matches(store: Store) -> None:
    signal_id = await signal(store.conninfo)
    await put_matches(store.conninfo, match(signal_id, time.time_ns()))
    async with await connect(store.conninfo, "test") as connection:
        assert await add_signal(connection, 1, "refunds", "keyword", "x", "both", "neutral") is None
        assert await switch_signal(connection, 1, signal_id, is_enabled=False)
        assert [one.is_enabled for one in await read_signals(connection, 1)] == [False]
        assert not await switch_signal(connection, 2, signal_id, is_enabled=True)
        assert not await remove_signal(connection, 2, signal_id)
        assert await remove_signal(connection, 1, signal_id)
        assert await read_signals(connection) == []
    assert await store.sql("SELECT trace_id FROM signal_matches") == []
    await put_matches(store.conninfo, match(signal_id, time.time_ns()))
    assert await store.sql("SELECT trace_id FROM signal_matches") == [], "of a signal that is gone nothing is kept"
