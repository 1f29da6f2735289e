"""The circuit breaker: a running loop is told once, at its n-th repeat; a loop of the past is not."""

import time
from typing import Any

import pytest

from tests.agent_run import SPANS_A_STEP, agent_run
from tests.client_only_run import client_only_run
from tests.fix_pages import store
from tests.spans_made import new_id
from tool_errors.processor import Pace, Processor
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.alerts.outbox import Delivery, DeliveryReader
from trace_store.connections import make_pool

LIVE = Pace(settle_delay_s=3600.0, orphan_settle_delay_s=3600.0, heavy_wait_factor=0.0)


async def add_channel(pool: Any, name: str, iterations: int | None) -> int:
    return await ChannelStore(pool).add(1, "slack", name, {"url": "http://a.example/"}, Notices(iterations))


async def told(pool: Any) -> list[Delivery]:
    return (await DeliveryReader(pool).newest(1, 10))[0]


@pytest.fixture(autouse=True)
def _runs_that_begin_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test run may last longer than a loop counts as running."""
    for module in ("agent_run", "client_only_run"):
        monkeypatch.setattr(f"tests.{module}.NOW", time.time_ns())


async def test_a_running_loop_is_told_once_when_it_reaches_the_number(database: str) -> None:
    trace_id = new_id(16)
    spans = agent_run(trace_id, 8, 1, stuck=True)
    async with make_pool(database, "test", 2) as pool:
        patient = await add_channel(pool, "patient", 5)
        await add_channel(pool, "not interested", None)
        for steps, messages in ((4, 0), (5, 1), (6, 1), (8, 1)):
            await store(database, spans[: 1 + SPANS_A_STEP * steps])
            await Processor(database, LIVE).drain()
            assert len(await told(pool)) == messages, f"after {steps} steps"
        (delivery,) = await told(pool)
    assert (delivery.channel_id, delivery.kind) == (patient, "circuit_breaker")
    assert delivery.subject["loop"]["iterations"] == 5
    assert delivery.subject["trace_ids"] == [trace_id.hex()]
    assert delivery.subject["tool"] == "look_up"


async def test_a_loop_of_the_past_is_not_told(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.agent_run.NOW", time.time_ns() - 3600 * 10**9)
    async with make_pool(database, "test", 2) as pool:
        await add_channel(pool, "pager", 3)
        await store(database, agent_run(new_id(16), 8, 1, stuck=True))
        await Processor(database, LIVE).drain()
        assert await told(pool) == []


async def test_a_loop_across_traces_is_told_too(database: str) -> None:
    async with make_pool(database, "test", 2) as pool:
        await add_channel(pool, "pager", 4)
        await store(database, [span for trace in client_only_run(0, ["refused"] * 4) for span in trace])
        await Processor(database, LIVE).drain()
        (delivery,) = await told(pool)
    assert delivery.subject["loop"]["iterations"] == 4
