"""Erases a trace: its rows at once, its bytes by the repacking that follows."""

from typing import Any

import psycopg

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.derived_tables import replace_derived
from trace_store.queries import load
from trace_store.stored import TraceKey
from trace_store.upkeep.repack import repack
from trace_store.writer import SQL as WRITER_SQL
from trace_store.writer import lock_rewrites

SQL = load("erase")


async def erase_trace(conninfo: str, trace: TraceKey) -> int:
    """Removes a trace with its logs and everything derived of it; returns how many spans it had.

    Its bytes stay in blobs that it shared with other traces until no outstanding mark names these and their traces
    have come to rest; every run of maintenance tries again.
    """
    with translate_errors():
        connection = await connect(conninfo, "rainbarrel erase")
        async with connection:
            count = await erase_rows(connection, trace)
            await repack(connection)
    return count


async def erase_rows(connection: psycopg.AsyncConnection[Any], trace: TraceKey) -> int:
    """The same without the bytes, which the next `repack` leaves behind; `connection` is in autocommit mode."""
    key = trace._asdict()
    async with connection.transaction():
        await connection.execute(SQL.lock_trace, key)
        await lock_rewrites(connection, [trace.project_id])
        spans = await (await connection.execute(SQL.places_of_spans, key)).fetchall()
        logs = await (await connection.execute(SQL.places_of_logs, key)).fetchall()
        await connection.execute(SQL.mark_group, key)
        for query in (
            *(SQL.delete_logs_of_spans, SQL.delete_spans, SQL.delete_facts, SQL.delete_links),
            *(SQL.delete_logs, SQL.delete_marks, SQL.delete_verdicts),
        ):
            await connection.execute(query, key)
        await replace_derived(connection, [trace], [], [], [], [])
        if spans or logs:
            columns = [list(column) for column in zip(*spans, *logs, strict=True)]
            await connection.execute(WRITER_SQL.count_dead_records, columns)
    return len(spans)
