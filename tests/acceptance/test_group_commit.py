"""Group commit over a real store: shared transactions, own answers, poison isolated, bounded, drained."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from otlp_receiver.access import AccessControl
from otlp_receiver.decode import decode_logs, decode_metrics, decode_traces
from otlp_receiver.decoded import Decoded, DecodedTraces
from otlp_receiver.exceptions import Overloaded
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.key_ring import KeyRing
from tests.fix_receiver import RunningReceivers
from tests.otlp_made import logs_request, metrics_request, trace_request
from trace_store.exceptions import StoreUnavailable
from trace_store.writer import SpanWriter

NOWHERE = "host=127.0.0.1 port=1 dbname=none connect_timeout=2"


@asynccontextmanager
async def running(conninfo: str, **options: int) -> AsyncIterator[RunningReceivers]:
    """A commit queue alone, with the same ways to look into its store."""
    writer = SpanWriter(conninfo, 30)
    group_commit = GroupCommit(writer, **options)
    group_commit.start()
    try:
        yield RunningReceivers(conninfo, group_commit, AccessControl(KeyRing(conninfo)), 0, 0)
    finally:
        await group_commit.close()
        await writer.close()


def decoded(*names: str) -> DecodedTraces:
    return decode_traces(trace_request(*names).SerializeToString(), "protobuf", 1)


async def wait_for_used_bytes(group_commit: GroupCommit, at_least: int) -> None:
    async with asyncio.timeout(60):
        while group_commit.budget.used_bytes < at_least:
            await asyncio.sleep(0.01)


async def test_concurrent_requests_share_transactions(database: str) -> None:
    async with running(database) as store:
        await asyncio.gather(*(store.group_commit.submit(decoded(f"span {number}")) for number in range(200)))
        assert len(await store.span_names()) == 200
        ((receipts, accepted),) = await store.sql("SELECT count(*), sum(accepted)::int FROM ingest_receipts")
        assert accepted == 200
        assert receipts < 20


async def test_nothing_is_answered_before_its_commit(database: str) -> None:
    async with running(database) as store:
        async with store.stalled():
            waiting = [asyncio.create_task(store.group_commit.submit(decoded(f"{number}"))) for number in range(5)]
            done, _ = await asyncio.wait(waiting, timeout=0.5)
            assert not done
        await asyncio.gather(*waiting)
        assert await store.span_names() == list("01234")


async def test_all_signals_of_a_flush_are_committed_together(database: str) -> None:
    async with running(database) as store:
        async with store.stalled():
            first = asyncio.create_task(store.group_commit.submit(decoded("first")))
            await asyncio.sleep(0.3)
            logs = decode_logs(logs_request("said").SerializeToString(), "protobuf", 1)
            metrics = decode_metrics(metrics_request(5).SerializeToString(), "protobuf", 1)
            rest = asyncio.gather(*(store.group_commit.submit(one) for one in (decoded("second"), logs, metrics)))
        await first
        await rest
        receipts = await store.sql("SELECT signal, accepted, received_at FROM ingest_receipts ORDER BY received_at, 1")
        assert [(signal, accepted) for signal, accepted, _ in receipts] == [
            *(("traces", 1), ("logs", 1), ("metrics", 5), ("traces", 1))
        ]
        assert len({received_at for *_, received_at in receipts}) == 2


@pytest.fixture
async def poisoned(database: str) -> AsyncIterator[RunningReceivers]:
    """A store that refuses spans called `poison` and events called `poison`."""
    async with running(database) as store:
        await store.sql("ALTER TABLE spans ADD CONSTRAINT no_poison CHECK (name <> 'poison')")
        await store.sql("ALTER TABLE log_records ADD CONSTRAINT no_poison CHECK (event_name <> 'poison')")
        yield store


async def test_poison_costs_only_itself(poisoned: RunningReceivers, caplog: pytest.LogCaptureFixture) -> None:
    async with poisoned.stalled():
        first = asyncio.create_task(poisoned.group_commit.submit(decoded("first")))
        await asyncio.sleep(0.3)  # the rest goes into one flush
        innocent = decoded("a", "b")
        guilty = decoded("c", "poison", "d")
        logs = [decode_logs(logs_request(name).SerializeToString(), "protobuf", 1) for name in ("said", "poison")]
        requests: list[Decoded] = [innocent, guilty, *logs]
        rest = asyncio.gather(*(poisoned.group_commit.submit(one) for one in requests))
    await first
    await rest
    assert await poisoned.span_names() == ["a", "b", "c", "d", "first"]
    assert await poisoned.sql("SELECT event_name FROM log_records") == [("said",)]
    assert innocent.rejections.counts == {}
    assert guilty.rejections.counts == {"refused_by_store": 1}
    assert "'poison'" in guilty.rejections.details[0]
    assert logs[1].rejections.counts == {"refused_by_store": 1}
    rejected = await poisoned.sql("SELECT signal, rejected FROM ingest_receipts WHERE rejected <> '{}' ORDER BY 1")
    assert rejected == [("logs", {"refused_by_store": 1}), ("traces", {"refused_by_store": 1})]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


async def test_a_request_of_poison_alone_is_answered(poisoned: RunningReceivers) -> None:
    guilty = decoded("poison")
    await poisoned.group_commit.submit(guilty)
    assert guilty.rejections.counts == {"refused_by_store": 1}
    assert await poisoned.span_names() == []
    await poisoned.group_commit.submit(decoded("next"))
    assert await poisoned.span_names() == ["next"]


async def test_one_request_that_cannot_be_encoded_does_not_cost_the_others(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(database) as store:
        broken = decoded("broken")
        broken.spans[0] = broken.spans[0]._replace(trace_id="not bytes")  # type: ignore[arg-type]
        async with store.stalled():
            first = asyncio.create_task(store.group_commit.submit(decoded("first")))
            await asyncio.sleep(0.3)
            rest = asyncio.gather(
                *map(store.group_commit.submit, (decoded("a"), broken, decoded("b"))), return_exceptions=True
            )
        await first
        answers = await rest
        assert [type(answer) for answer in answers] == [type(None), StoreUnavailable, type(None)]
        assert await store.span_names() == ["a", "b", "first"]
        assert any(record.levelno == logging.ERROR for record in caplog.records)


async def test_waiting_bytes_are_bounded_and_given_back(database: str) -> None:
    async with running(database, queue_bytes_max=20_000) as store:
        async with store.stalled():
            waiting = [asyncio.create_task(store.group_commit.submit(decoded(f"{n}" * 5000))) for n in range(3)]
            await wait_for_used_bytes(store.group_commit, 15_000)
            with pytest.raises(Overloaded, match="of at most 20000 bytes"):
                await store.group_commit.submit(decoded("x" * 5000))
        await asyncio.gather(*waiting)
        assert store.group_commit.budget.used_bytes == 0
        await store.group_commit.submit(decoded("y" * 50_000))  # larger than the budget, but alone
        assert len(await store.span_names()) == 4


async def test_a_client_that_gives_up_is_forgotten(database: str) -> None:
    async with running(database) as store:
        async with store.stalled():
            first = asyncio.create_task(store.group_commit.submit(decoded("first")))
            await asyncio.sleep(0.3)
            waiting = [asyncio.create_task(store.group_commit.submit(decoded(f"{number}"))) for number in range(4)]
            await asyncio.sleep(0)
            waiting[1].cancel()
            waiting[2].cancel()
        await first
        await asyncio.gather(waiting[0], waiting[3])
        assert await store.span_names() == ["0", "3", "first"]
        assert store.group_commit.budget.used_bytes == 0


async def test_close_commits_what_waits_and_refuses_what_comes(database: str) -> None:
    async with running(database) as store:
        async with store.stalled():
            waiting = [asyncio.create_task(store.group_commit.submit(decoded(f"{number}"))) for number in range(3)]
            await asyncio.sleep(0.3)
            closing = asyncio.create_task(store.group_commit.close())
            await asyncio.sleep(0)
            with pytest.raises(StoreUnavailable, match="shutting down"):
                await store.group_commit.submit(decoded("late"))
        await closing
        assert all(task.done() and task.exception() is None for task in waiting)
        assert await store.span_names() == ["0", "1", "2"]


async def test_without_a_database_everybody_is_told_at_once() -> None:
    async with running(NOWHERE, pause_after_failure_s=3600) as store:
        answers = await asyncio.gather(
            *(store.group_commit.submit(decoded(f"{number}")) for number in range(20)), return_exceptions=True
        )
        assert {type(answer) for answer in answers} == {StoreUnavailable}
        failed = store.group_commit.counts.values["rainbarrel_commits_failed_total"]
        for _ in range(100):
            with pytest.raises(StoreUnavailable):
                await store.group_commit.submit(decoded("later"))
        assert store.group_commit.counts.values["rainbarrel_commits_failed_total"] == failed, "nobody asked again"
        assert store.group_commit.budget.used_bytes == 0


async def test_it_goes_on_when_the_database_comes_back(database: str) -> None:
    async with running(database) as store:
        await store.group_commit.submit(decoded("before"))
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rainbarrel writer'"
                " AND datname = current_database()"
            )
        again = decoded("again")
        async with asyncio.timeout(60):
            while True:
                try:
                    await store.group_commit.submit(again)
                    break
                except StoreUnavailable:
                    await asyncio.sleep(0.1)
        assert await store.span_names() == ["again", "before"]


async def test_an_empty_request_needs_no_database() -> None:
    async with running(NOWHERE) as store:
        await store.group_commit.submit(DecodedTraces(1))
