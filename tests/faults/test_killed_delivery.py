"""The processor is killed with -9 while it delivers: one message per event, or one repeat with the same id."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from tests.faults.stored_spans import ask
from tests.fix_endpoints import HttpEndpoint, after, http_endpoint, status, until
from tool_errors.delivery.channel_config import read_config
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.alerts.outbox import DeliveryReader
from trace_store.connections import connect, make_pool

ROOT = Path(__file__).resolve().parents[2]
DELIVERED = "SELECT count(*) FROM rainbarrel.outbox WHERE delivered_at IS NOT NULL"
FAILED_ONCE = "SELECT count(*) FROM rainbarrel.outbox WHERE attempts = 1 AND last_error IS NOT NULL"


@contextmanager
def running_processor(conninfo: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "web.cli", "process", "--private-targets"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"RAINBARREL_DATABASE_URL": conninfo})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def put(conninfo: str, endpoint: HttpEndpoint) -> UUID:
    async with make_pool(conninfo, "test", 1) as pool:
        config = read_config("webhook", {"url": endpoint.url, "secret": "s" * 16})
        channel_id = await ChannelStore(pool).add(1, "webhook", "pager", config, Notices())
        delivery_id = await DeliveryReader(pool).put(1, channel_id, "event", {"kind": "fired", "title": "t"})
    assert delivery_id
    return delivery_id


async def end_leases(conninfo: str) -> None:
    async with await connect(conninfo, "test") as connection:
        await connection.execute("UPDATE outbox SET next_attempt_at = now() WHERE delivered_at IS NULL")


@pytest.fixture
async def endpoint() -> AsyncIterator[HttpEndpoint]:
    async with http_endpoint() as made:
        yield made


@pytest.mark.thorough
async def test_killed_between_two_attempts(database: str, endpoint: HttpEndpoint) -> None:
    endpoint.answers = [status(503), status(200)]
    delivery_id = await put(database, endpoint)
    with running_processor(database):
        await until(lambda: ask(database, FAILED_ONCE), "the first attempt has failed")
    with running_processor(database):
        await until(lambda: ask(database, DELIVERED), "the message is delivered")
    with running_processor(database):
        await end_leases(database)
        await asyncio.sleep(1)
    assert [post.delivery_id for post in endpoint.posts] == [str(delivery_id)] * 2


async def test_killed_before_anything_was_sent(database: str, endpoint: HttpEndpoint) -> None:
    with running_processor(database):
        pass
    delivery_id = await put(database, endpoint)
    with running_processor(database):
        await until(lambda: ask(database, DELIVERED), "the message is delivered")
    assert [post.delivery_id for post in endpoint.posts] == [str(delivery_id)]


@pytest.mark.thorough
async def test_killed_while_the_endpoint_thinks_repeats_once_with_the_same_id(
    database: str, endpoint: HttpEndpoint
) -> None:
    endpoint.answers = [after(asyncio.Event(), status(200)), status(200)]
    delivery_id = await put(database, endpoint)
    with running_processor(database):
        await until(lambda: endpoint.posts, "the endpoint has the message")
    with running_processor(database):
        await end_leases(database)
        await until(lambda: ask(database, DELIVERED), "the message is delivered")
    assert [post.delivery_id for post in endpoint.posts] == [str(delivery_id)] * 2


async def test_an_orderly_stop_records_what_the_endpoint_answers(database: str, endpoint: HttpEndpoint) -> None:
    answer_now = asyncio.Event()
    endpoint.answers = [after(answer_now, status(200))]
    await put(database, endpoint)
    with running_processor(database) as processor:
        await until(lambda: endpoint.posts, "the endpoint has the message")
        processor.terminate()
        answer_now.set()
        await until(lambda: processor.poll() is not None, "the processor has stopped")
        assert processor.returncode == 0
    assert ask(database, DELIVERED) == 1
    assert len(endpoint.posts) == 1
