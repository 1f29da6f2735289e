"""Matches of signals made by hand, written as the processor writes them: all of a trace at once."""

from dataclasses import replace
from typing import Any

import psycopg

from tests.conformance.test_derived import trace_row
from tests.spans_made import new_id
from trace_store.alerts.alert_rows import NANOSECONDS
from trace_store.alerts.signals import SignalMatchRow, add_signal
from trace_store.connections import connect
from trace_store.derived_tables import replace_derived
from trace_store.stored import TraceKey


async def signal(conninfo: str, name: str = "refunds") -> str:
    """A signal of the first project; its id."""
    async with await connect(conninfo, "test") as connection:
        added = await add_signal(connection, 1, name, "keyword", "money back", "both", "neutral")
    assert added is not None
    return added


def match(signal_id: str, end_unix_nano: int, **fields: Any) -> SignalMatchRow:
    """A match in a trace of its own."""
    row = SignalMatchRow(
        *(1, new_id(16), signal_id, end_unix_nano - NANOSECONDS, b"\1" * 8, "input", "my money back"),
        *(None, None, None, end_unix_nano, "", ""),
    )
    return replace(row, **fields)


async def put_matches(conninfo: str, *rows: SignalMatchRow) -> None:
    """Writes matches with their traces."""
    async with await connect(conninfo, "test") as connection, connection.transaction():
        await write_matches(connection, *rows)


async def write_matches(connection: psycopg.AsyncConnection[Any], *rows: SignalMatchRow) -> None:
    """The same within the transaction of the caller."""
    for trace_id in dict.fromkeys(row.trace_id for row in rows):
        trace = trace_row(trace_id=trace_id, agents=["shop"], service_name="store")
        of_trace = [row for row in rows if row.trace_id == trace_id]
        await replace_derived(connection, [TraceKey(1, trace_id)], [trace], [], [], [], [], of_trace)
