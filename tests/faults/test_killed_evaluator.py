"""The processor is killed with -9 at several points of evaluating alert rules: each firing is told once."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.agent_run import agent_run
from tests.faults.stored_spans import ask
from tests.faults.wait_until import wait_until
from tests.fix_endpoints import http_endpoint
from tests.spans_made import new_id
from tool_errors.delivery.channel_config import read_config
from trace_store.alerts.alert_store import AlertStore
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.connections import make_pool
from trace_store.flush import CommitBatch
from trace_store.writer import SpanWriter

ROOT = Path(__file__).resolve().parents[2]
WAITS_FOR_LOCK = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rainbarrel alerts' AND wait_event_type = 'Lock'"
)
UNDELIVERED = "SELECT count(*) FROM rainbarrel.outbox WHERE delivered_at IS NULL"
MESSAGES = "SELECT count(*) FROM rainbarrel.outbox"


@contextmanager
def running_processor(conninfo: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "web.cli", "process", "--private-targets", "--settle-delay-s", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"RAINBARREL_DATABASE_URL": conninfo})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def add_rules(conninfo: str, url: str) -> None:
    """A count that fires once, and a match that fires for each of four failures."""
    async with make_pool(conninfo, "test", 1) as pool:
        config = read_config("webhook", {"url": url, "secret": "a secret of the receiver"})
        channel_id = await ChannelStore(pool).add(1, "webhook", "hook", config, Notices())
        definition: dict[str, Any] = {"kind": "count", "at_least": 3, "window_s": 86_400}
        await AlertStore(pool).add(1, "often", definition, [channel_id])
        await AlertStore(pool).add(1, "each", {"kind": "match"}, [channel_id])


async def store_failures(conninfo: str) -> None:
    writer = SpanWriter(conninfo, 30)
    await writer.open()
    await writer.commit(CommitBatch(agent_run(new_id(16), 12, fails_every=3)))
    await writer.close()


def kill_at(conninfo: str, table: str) -> None:
    """Kill a processor while its evaluator waits, within its transaction, for its turn to write to `table`."""
    with psycopg.connect(conninfo) as blocker:
        lock: Any = f"LOCK TABLE rainbarrel.{table} IN EXCLUSIVE MODE"
        blocker.execute(lock)
        with running_processor(conninfo):
            wait_until(lambda: ask(conninfo, WAITS_FOR_LOCK), f"an evaluation is about to write to {table}")


@pytest.mark.thorough
async def test_a_killed_evaluator_loses_and_doubles_nothing(database: str) -> None:
    async with http_endpoint() as hook:
        await add_rules(database, hook.url)
        await store_failures(database)
        for table in ("alert_firings", "alert_states"):
            await asyncio.to_thread(kill_at, database, table)
            assert ask(database, MESSAGES) == ask(database, "SELECT count(*) FROM rainbarrel.alert_firings")
        with running_processor(database), running_processor(database):
            await asyncio.to_thread(wait_until, lambda: ask(database, MESSAGES) >= 5, "everything is told")
            await asyncio.to_thread(wait_until, lambda: not ask(database, UNDELIVERED), "everything is delivered")
    kinds = [post.json["subject"]["kind"] for post in hook.posts]
    assert sorted(kinds) == ["fired"] + ["match"] * 4
    assert len({post.delivery_id for post in hook.posts}) == 5
