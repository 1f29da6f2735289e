"""Makes the partitions of days before rows arrive for them; a table kept by bucket never has a DEFAULT partition."""

from collections.abc import Collection
from typing import Any

import psycopg

from trace_store.buckets import date_of
from trace_store.queries import load

SQL = load("partitions")


async def ensure_partitions(connection: psycopg.AsyncConnection[Any], days: Collection[int]) -> None:
    """Makes what is missing for these buckets, in a transaction of its own; does nothing on TimescaleDB."""
    parameters = {"days": [date_of(day) for day in sorted(days)]}
    if not await (await connection.execute(SQL.missing_partition_statements, parameters)).fetchall():
        return
    async with connection.transaction():
        await connection.execute(SQL.lock)
        for (statement,) in await (await connection.execute(SQL.missing_partition_statements, parameters)).fetchall():
            await connection.execute(statement)
