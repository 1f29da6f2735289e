"""TimescaleDB's columnstore, where its licence allows it: the narrow tables of days that have come to rest.

`spans`, `span_links`, `span_facts` and `log_records` are segmented by project and ordered by trace (log records by
digest). Late records, new facts and erasures still go into such a day; the next run moves them to the columnstore too.
"""

from datetime import date, timedelta
from typing import Any

import psycopg

from trace_store.queries import load

SQL = load("columnstore")
COMPRESS_AFTER_DAYS = 3


async def compress_old_chunks(connection: psycopg.AsyncConnection[Any], today: date) -> int:
    """Puts chunks of days before `today - 3 days` into the columnstore; returns how many were looked at."""
    for (statement,) in await (await connection.execute(SQL.enable_statements)).fetchall():
        await connection.execute(statement)
    cutoff = today - timedelta(days=COMPRESS_AFTER_DAYS)
    chunks = await (await connection.execute(SQL.old_chunks, {"cutoff": cutoff})).fetchall()
    for (chunk,) in chunks:
        await connection.execute(SQL.compress_chunk, {"chunk": chunk})
    return len(chunks)
