"""TimescaleDB's columnstore, where its licence allows it: `spans` of days that have come to rest.

Late spans and erasures still go into such a day; the next run moves its rows to the columnstore again.
"""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg import errors

from trace_store.queries import load
from trace_store.upkeep.retention import SQL as RETENTION_SQL

SQL = load("columnstore")
COMPRESS_AFTER_DAYS = 3


async def compress_old_chunks(connection: psycopg.AsyncConnection[Any], today: date) -> int:
    """Puts chunks of days before `today - 3 days` into the columnstore; returns how many wholly are there now.

    A table or chunk that somebody uses for long is left for the next run. `connection` is in autocommit mode.
    """
    for (statement,) in await (await connection.execute(SQL.enable_statements)).fetchall():
        await _run(connection, statement)
    cutoff = today - timedelta(days=COMPRESS_AFTER_DAYS)
    chunks = await (await connection.execute(SQL.old_chunks, {"cutoff": cutoff})).fetchall()
    return sum([await _run(connection, SQL.compress_chunk, {"chunk": chunk}) for (chunk,) in chunks])


async def _run(
    connection: psycopg.AsyncConnection[Any], statement: Any, parameters: dict[str, Any] | None = None
) -> bool:
    """One transaction; False when somebody else is at it: whoever comes later would wait behind us."""
    with suppress(errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure):
        async with connection.transaction():
            await connection.execute(RETENTION_SQL.limit_waiting)
            await connection.execute(statement, parameters)
        return True
    return False
