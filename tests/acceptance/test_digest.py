"""The daily digest: issues, wins and waste of the day, exactly one a day, none when there is nothing to say."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.agent_run import agent_run
from tests.fix_pages import AT_ONCE, store
from tests.spans_made import NOW, new_id
from tool_errors.delivery.digest import DigestWriter, due_at
from tool_errors.processor import Processor
from trace_store.alerts.channels import Channel, ChannelStore, Notices
from trace_store.alerts.outbox import DeliveryReader
from trace_store.connections import connect, make_pool

DUE = (datetime.fromtimestamp(NOW / 1e9, UTC) + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
LATER = DUE + timedelta(minutes=20)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Any]:
    async with make_pool(database, "test", 2) as opened:
        yield opened


async def add_channel(pool: Any, name: str = "team") -> int:
    return await ChannelStore(pool).add(1, "slack", name, {"url": "http://a.example/"}, Notices(None, DUE.hour, "UTC"))


async def store_a_bad_day(database: str) -> None:
    await store(database, [*agent_run(new_id(16), 8, 1, stuck=True), *agent_run(new_id(16), 30, 10)])
    await Processor(database, AT_ONCE).drain()


async def test_one_digest_a_day_across_restarts_and_processors(database: str, pool: Any) -> None:
    await add_channel(pool)
    await add_channel(pool, "mail")
    await store_a_bad_day(database)
    before = DUE - timedelta(seconds=1)
    assert await DigestWriter(database, lambda: before).put_due() == 0
    writers = [DigestWriter(database, lambda: LATER) for _ in range(4)]
    assert sum(await asyncio.gather(*(writer.put_due() for writer in writers))) == 2
    assert await writers[0].put_due() == 0
    assert await DigestWriter(database, lambda: LATER + timedelta(hours=1)).put_due() == 0
    deliveries, total = await DeliveryReader(pool).newest(1, 10)
    assert total == 2
    subject = deliveries[0].subject
    assert subject["title"].startswith(f"Daily digest of {DUE:%Y-%m-%d}: ")
    issues, waste = subject["sections"]
    assert (issues["heading"], waste["heading"]) == ("Issues", "Waste")
    assert any(line["text"].startswith("New: look_up: ") for line in issues["lines"])
    assert waste["lines"][0]["text"].startswith("1 loop, 7 repeated calls, ")


async def test_a_quiet_day_has_no_digest(database: str, pool: Any) -> None:
    await add_channel(pool)
    assert await DigestWriter(database, lambda: LATER).put_due() == 0
    await store_a_bad_day(database)
    tomorrow = LATER + timedelta(days=1)
    assert await DigestWriter(database, lambda: tomorrow).put_due() == 0
    assert await DeliveryReader(pool).newest(1, 10) == ([], 0)


async def test_wins_are_resolved_issues_and_a_failure_rate_that_fell(database: str, pool: Any) -> None:
    await add_channel(pool)
    await store_a_bad_day(database)
    async with await connect(database, "test") as connection:
        await connection.execute("UPDATE issue_states SET status = 'resolved', resolved_at = now()")
        await connection.execute(
            "INSERT INTO traces SELECT (jsonb_populate_record(trace, jsonb_build_object('start_unix_nano',"
            " trace.start_unix_nano - 172800000000000, 'error_count', 1000, 'tool_call_count', 1000, 'trace_id',"
            " '\\x00'))).* FROM traces trace ORDER BY trace_id LIMIT 1"
        )
    assert await DigestWriter(database, lambda: LATER).put_due() == 1
    (delivery,), _ = await DeliveryReader(pool).newest(1, 10)
    (wins,) = [section for section in delivery.subject["sections"] if section["heading"] == "Wins"]
    assert "of tool calls failed, 100.0% in the week before" in wins["lines"][0]["text"]
    assert wins["lines"][1]["text"].startswith("Resolved: look_up: ")


async def test_an_issue_that_came_back_after_it_was_resolved_is_no_win(database: str, pool: Any) -> None:
    await add_channel(pool)
    await store_a_bad_day(database)
    async with await connect(database, "test") as connection:
        await connection.execute(
            "UPDATE issue_states SET status = 'resolved', resolved_at = to_timestamp(%s)", [NOW / 1e9 - 1]
        )
    assert await DigestWriter(database, lambda: LATER).put_due() == 1
    (delivery,), _ = await DeliveryReader(pool).newest(1, 10)
    assert "Wins" not in [section["heading"] for section in delivery.subject["sections"]]


async def test_an_ignored_issue_is_told_again_once_enough_users_met_it(database: str, pool: Any) -> None:
    await add_channel(pool)
    await store_a_bad_day(database)
    async with await connect(database, "test") as connection:
        await connection.execute(
            "UPDATE issue_states SET status = 'ignored', ignored_at = to_timestamp(%s), ignored_until_user_count = 2"
            " WHERE kind = 'tool_error'",
            [NOW / 1e9 - 1],
        )
        await connection.execute("DELETE FROM findings WHERE kind <> 'tool_error'")
        await connection.execute("UPDATE findings SET user_id = 'u-1'")
    assert await DigestWriter(database, lambda: LATER).put_due() == 0
    async with await connect(database, "test") as connection:
        await connection.execute(
            "UPDATE findings SET user_id = 'u-2' WHERE (trace_id, finding_key) IN"
            " (SELECT DISTINCT ON (fingerprint) trace_id, finding_key FROM findings ORDER BY fingerprint, finding_key)"
        )
    assert await DigestWriter(database, lambda: LATER).put_due() == 1


def test_the_hour_is_that_of_the_time_zone() -> None:
    made = datetime(2026, 3, 1, tzinfo=UTC)
    channel = Channel(1, 1, "slack", "team", {}, Notices(None, 9, "Europe/Berlin"), made)
    assert due_at(channel, datetime(2026, 3, 28, 7, 59, tzinfo=UTC)) is None
    assert due_at(channel, datetime(2026, 3, 28, 8, 0, tzinfo=UTC)) == datetime(2026, 3, 28, 8, 0, tzinfo=UTC)
    assert due_at(channel, datetime(2026, 3, 29, 7, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    late = Channel(1, 1, "slack", "team", {}, channel.notices, datetime(2026, 3, 28, 9, 0, tzinfo=UTC))
    assert due_at(late, datetime(2026, 3, 28, 12, 0, tzinfo=UTC)) is None
