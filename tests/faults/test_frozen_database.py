"""The database accepts connections and says nothing: requests end retryably, memory stays bounded, a thaw is enough."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import psycopg
import pytest

from otlp_receiver.decode import decode
from otlp_receiver.group_commit import GroupCommit
from tests.faults.retrying_sender import Sent, make_request, retrying_senders
from tests.faults.running_receiver import Receiver, running_receiver
from tests.faults.stored_spans import assert_each_is_stored_once
from tests.faults.wait_until import wait_until
from tests.fix_proxy import DatabaseProxy, database_proxy
from trace_store.exceptions import StoreUnavailable
from trace_store.writer import SpanWriter

pytestmark = pytest.mark.thorough

MIB = 1024 * 1024
QUEUE_BYTES_MAX = 6 * MIB
SENDER_TIMEOUT_S = 1.5


@pytest.fixture
def proxy(database: str) -> Iterator[DatabaseProxy]:
    with database_proxy(database) as started:
        yield started


@pytest.fixture
def receiver(proxy: DatabaseProxy) -> Iterator[Receiver]:
    with running_receiver(proxy.conninfo, "--queue-bytes-max", str(QUEUE_BYTES_MAX)) as started:
        yield started


def test_a_frozen_database_under_load(database: str, proxy: DatabaseProxy, receiver: Receiver) -> None:
    process = psutil.Process(receiver.process.pid)
    with retrying_senders(
        receiver.url, receiver.grpc_endpoint, each=4, spans=100, text_bytes=4000, timeout_s=SENDER_TIMEOUT_S
    ) as senders:
        senders.wait_for_more(5000)
        before = process.memory_info().rss
        proxy.freeze()
        moment = time.monotonic()
        wait_until(lambda: statuses(senders.sent, moment) >= {"503", "RESOURCE_EXHAUSTED"}, "the queue is full")
        said = receiver.readiness()
        grown = process.memory_info().rss - before
        proxy.thaw()
        during = senders.sent.since(moment)
        wait_until(lambda: receiver.readiness().status_code == 200, "the receiver is ready again")
        sent = senders.finish()
    assert (said.status_code, "did not answer" in said.text) == (503, True), said.text
    assert grown < 8 * QUEUE_BYTES_MAX
    told = [answer for answer in during if answer.outcome == "retryable"]
    assert all(answer.retry_delay_s for answer in told)
    assert all(answer.took_s < 30.0 for answer in told)  # and not after the 60 s that a commit may take
    assert not sent.unanswered
    assert_each_is_stored_once(database, sent.acknowledged)


def statuses(sent: Sent, moment: float) -> set[str]:
    return {answer.status for answer in sent.since(moment)}


async def test_a_commit_that_takes_too_long_is_answered(database: str) -> None:
    """The database lives, but a lock keeps it from storing anything."""
    writer = SpanWriter(database, 30, store_timeout_s=1.0)
    commits = GroupCommit(writer, pause_after_failure_s=0.1)
    commits.start()
    body, spans = make_request(10, 100)
    async with await psycopg.AsyncConnection.connect(database) as other:
        await other.execute("LOCK TABLE rainbarrel.spans IN EXCLUSIVE MODE")
        begin = time.monotonic()
        with pytest.raises(StoreUnavailable, match="did not answer for 1 s"):
            await commits.submit(decode("traces", body, "protobuf", 1))
        assert time.monotonic() - begin < 60.0
        assert "did not answer" in str(commits.failure)
    async with asyncio.timeout(120):
        while commits.failure is not None:
            with suppress(StoreUnavailable):
                await commits.submit(decode("traces", body, "protobuf", 1))
            await asyncio.sleep(0.05)
    await commits.close()
    await writer.close()
    await asyncio.to_thread(assert_each_is_stored_once, database, spans)
