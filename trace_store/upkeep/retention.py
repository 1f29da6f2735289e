"""Retention: drops the days that are too old, in every table at once, and the derived rows of their traces.

What is derived of posted events goes when the processor derives it again.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from trace_store.derived_tables import replace_derived
from trace_store.queries import load
from trace_store.rollups.rollups import SQL as ROLLUP_SQL
from trace_store.stored import TraceKey
from trace_store.tiers import Tier
from trace_store.tool_definitions import SQL as DEFINITIONS_SQL
from trace_store.upkeep.partitions import SQL as PARTITION_SQL

SQL = load("retention")


@dataclass(frozen=True, slots=True)
class Dropped:
    """What one run of retention removed."""

    days_or_chunks: int
    traces: int


async def drop_expired(
    connection: psycopg.AsyncConnection[Any], tier: Tier, retention_days: int, today: date
) -> Dropped:
    """Drops every bucket before `today - retention_days`; LockNotAvailable while somebody reads an old day."""
    cutoff = today - timedelta(days=retention_days)
    dropped = 0
    if tier.has_hypertables:
        async with connection.transaction():
            await connection.execute(SQL.limit_waiting)
            rows = await (await connection.execute(SQL.drop_expired_chunks, {"cutoff": cutoff})).fetchall()
            dropped = len(rows)
    else:
        statements = await (await connection.execute(SQL.expired_partition_statements, {"cutoff": cutoff})).fetchall()
        for (statement,) in statements:
            async with connection.transaction():
                await connection.execute(PARTITION_SQL.lock)
                await connection.execute(SQL.limit_waiting)
                await connection.execute(statement)
            dropped += 1
    await connection.execute(DEFINITIONS_SQL.delete_expired, {"cutoff": cutoff})
    traces = await _delete_expired_traces(connection, cutoff)
    if dropped:
        await connection.execute(ROLLUP_SQL.mark_hours_before, {"cutoff": cutoff})
    await connection.execute(SQL.mark_expired_interactions, {"cutoff": cutoff})
    await connection.execute(SQL.delete_expired_user_updates, {"cutoff": cutoff})
    return Dropped(dropped, traces)


async def _delete_expired_traces(connection: psycopg.AsyncConnection[Any], cutoff: date) -> int:
    deleted = 0
    while True:
        async with connection.transaction():
            locked = await (await connection.execute(SQL.lock_expired_traces, {"cutoff": cutoff})).fetchall()
            if not locked:
                return deleted
            keys = {"project_ids": [row[0] for row in locked], "trace_ids": [row[1] for row in locked]}
            cursor = await connection.execute(SQL.still_expired_traces, keys | {"cutoff": cutoff})
            expired = [TraceKey(*row) for row in await cursor.fetchall()]
            await replace_derived(connection, expired, [], [], [], [])
            deleted += len(expired)
