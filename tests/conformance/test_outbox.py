"""The outbox: an event has one message per channel, an attempt has one owner, and what came of it is kept."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.conftest import Store
from trace_store.alerts.channels import ChannelNameTaken, ChannelStore, Notices
from trace_store.alerts.outbox import DeliveryReader, Outbox, put_delivery
from trace_store.connections import connect, make_pool

SUBJECT = {"kind": "fired", "title": "Search fails"}
LEASE_S = 60.0


@pytest.fixture
async def pool(store: Store) -> AsyncIterator[Any]:
    async with make_pool(store.conninfo, "test", 2) as opened:
        yield opened


@pytest.fixture
async def outbox(store: Store) -> AsyncIterator[Outbox]:
    made = Outbox(store.conninfo)
    yield made
    await made.close()


async def test_an_event_has_one_message_per_channel(pool: Any) -> None:
    channels, deliveries = ChannelStore(pool), DeliveryReader(pool)
    first = await channels.add(1, "webhook", "pager", {"url": "http://a.example/"}, Notices())
    second = await channels.add(1, "slack", "team", {"url": "http://b.example/"}, Notices(3, 9, "Europe/Berlin"))
    for channel_id in (first, first, second):
        await deliveries.put(1, channel_id, "rule:firing:fired", SUBJECT)
    await deliveries.put(1, second + 1000, "rule:firing:fired", SUBJECT)
    await deliveries.put(2, first, "rule:firing:fired", SUBJECT)
    newest, total = await deliveries.newest(1, 1)
    assert (len(newest), total) == (1, 2)
    with pytest.raises(ChannelNameTaken):
        await channels.add(1, "email", "pager", {}, Notices())
    assert [channel.notices for channel in await channels.all(1)] == [Notices(), Notices(3, 9, "Europe/Berlin")]
    assert await channels.remove(1, second)
    assert await channels.one(1, second) is None
    assert (await deliveries.newest(1, 10))[1] == 1


async def test_what_the_callers_transaction_undoes_was_never_a_message(store: Store, pool: Any) -> None:
    channel_id = await ChannelStore(pool).add(1, "webhook", "pager", {}, Notices())
    connection = await connect(store.conninfo, "test")
    async with connection, connection.transaction(force_rollback=True):
        assert await put_delivery(connection, 1, channel_id, "event", SUBJECT)
    assert await DeliveryReader(pool).newest(1, 10) == ([], 0)


async def test_an_attempt_has_one_owner_until_its_lease_ends(store: Store, pool: Any, outbox: Outbox) -> None:
    channel_id = await ChannelStore(pool).add(1, "webhook", "pager", {"secret": "s"}, Notices())
    deliveries = DeliveryReader(pool)
    delivery_id = await deliveries.put(1, channel_id, "event", SUBJECT)
    assert delivery_id
    (due,) = await outbox.claim([], 16, LEASE_S)
    assert (due.delivery_id, due.attempt, due.config, due.subject) == (delivery_id, 1, {"secret": "s"}, SUBJECT)
    assert await outbox.claim([], 16, LEASE_S) == []
    await store.sql("UPDATE outbox SET next_attempt_at = now()")
    assert await outbox.claim([channel_id], 16, LEASE_S) == []
    (again,) = await outbox.claim([], 16, LEASE_S)
    assert again == replace(due, attempt=2)
    await outbox.record_failed(due, "the first attempt ends late", None)
    assert (await outbox.claim([], 16, LEASE_S)) == []
    await outbox.record_failed(again, "no answer", 0.0)
    (third,) = await outbox.claim([], 16, LEASE_S)
    await outbox.record_delivered(third)
    known = await deliveries.one(1, delivery_id)
    assert known
    assert (known.attempts, known.last_error, known.next_attempt_at, known.failed_at) == (3, None, None, None)
    assert known.delivered_at


async def test_given_up_is_kept_with_its_reason(pool: Any, outbox: Outbox) -> None:
    channel_id = await ChannelStore(pool).add(1, "webhook", "pager", {}, Notices())
    await DeliveryReader(pool).put(1, channel_id, "event", SUBJECT)
    (due,) = await outbox.claim([], 16, LEASE_S)
    await outbox.record_failed(due, "nobody listens", None)
    (known,), _ = await DeliveryReader(pool).newest(1, 10)
    assert (known.last_error, known.next_attempt_at, known.delivered_at) == ("nobody listens", None, None)
    assert known.failed_at
