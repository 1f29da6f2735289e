"""The processor is killed with -9 at several points of its work: what is derived in the end is the same as without."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedLogs, DecodedTraces
from tests.facts_stored import facts_stored
from tests.faults.stored_spans import ask
from tests.faults.wait_until import wait_until
from tests.fix_database import Servers
from trace_store.flush import CommitBatch
from trace_store.writer import SpanWriter

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = sorted((ROOT / "tests" / "fixtures" / "dialects").rglob("001.*"))
DERIVED = ("traces", "llm_calls", "tool_calls", "loops")
NOT_COMPARED = ["derived_at", "settle_at"]
WAITS_FOR_LOCK = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rainbarrel processor' AND wait_event_type = 'Lock'"
)


@contextmanager
def running_processor(conninfo: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "web.cli", "process", "--settle-delay-s", "0", "--orphan-settle-delay-s", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"RAINBARREL_DATABASE_URL": conninfo})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def store_captures(conninfo: str) -> None:
    batch = CommitBatch()
    for path in CAPTURES:
        for decoded in decode_file(path.read_bytes()):
            if isinstance(decoded, DecodedTraces):
                batch.spans += decoded.spans
            elif isinstance(decoded, DecodedLogs):
                batch.logs += decoded.logs

    async def store() -> None:
        writer = SpanWriter(conninfo, 30)
        await writer.open()
        await writer.commit(batch)
        await writer.close()

    asyncio.run(store())


def derived(conninfo: str) -> dict[str, list[Any]]:
    """Every derived table as sorted JSON rows, once nothing is left to do."""
    wait_until(lambda: ask(conninfo, "SELECT count(*) FROM rainbarrel.dirty_marks") == 0, "everything is derived")
    found: dict[str, list[Any]] = {}
    with psycopg.connect(conninfo) as connection:
        for table in DERIVED:
            query: Any = f"SELECT to_jsonb(t) - %s::text[] FROM rainbarrel.{table} t"
            rows = connection.execute(query, [NOT_COMPARED]).fetchall()
            found[table] = sorted(json.dumps(row, sort_keys=True) for (row,) in rows)
        return found | {"facts": facts_stored(connection)}


def kill_at(conninfo: str, table: str) -> None:
    """Kill a processor while it waits, within its transaction, for its turn to write to `table`."""
    with psycopg.connect(conninfo) as blocker:
        lock: Any = f"LOCK TABLE rainbarrel.{table} IN EXCLUSIVE MODE"
        blocker.execute(lock)
        with running_processor(conninfo):
            wait_until(lambda: ask(conninfo, WAITS_FOR_LOCK), f"the processor is about to write to {table}")


@pytest.fixture
def undisturbed(servers: Servers) -> dict[str, list[Any]]:
    conninfo = servers.create_migrated("postgresql_18")
    store_captures(conninfo)
    with running_processor(conninfo):
        return derived(conninfo)


@pytest.mark.thorough
def test_a_killed_processor(database: str, undisturbed: dict[str, list[Any]]) -> None:
    assert not {table for table, rows in undisturbed.items() if not rows}
    store_captures(database)
    for table in ("fact_parts", "traces", "tool_calls", "dirty_marks"):
        kill_at(database, table)
    assert ask(database, "SELECT count(*) FROM rainbarrel.traces") == 0  # no half of a claim is to be seen
    with running_processor(database):
        assert derived(database) == undisturbed
