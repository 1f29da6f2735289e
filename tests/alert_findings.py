"""Findings made by hand, for tests of alert rules: as rows of the store, and as conditions see them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.spans_made import new_id
from trace_store.alerts.alert_rows import NANOSECONDS, FindingEvent
from trace_store.connections import connect
from trace_store.derived_tables import replace_findings
from trace_store.finding_rows import FindingRow
from trace_store.stored import TraceKey

NOBODY = (None, None, None)


def event(at_s: float, **fields: Any) -> FindingEvent:
    """A finding that ended at a time in seconds since the epoch."""
    end = round(at_s * NANOSECONDS)
    made = FindingEvent(
        *(new_id(16), "call:1", "tool_error", "f", "search", "KeyError: x", end - 1, end, None, ""),
        *(datetime.fromtimestamp(at_s, UTC), end, None, None, False),
    )
    return replace(made, **fields)


def finding(end_unix_nano: int, **fields: Any) -> FindingRow:
    """A failed call of `search` in a trace of its own."""
    row = FindingRow(
        *(1, new_id(16), "call:1", "tool_error", "f", "search", "KeyError: x", b"\1" * 8),
        *(end_unix_nano - NANOSECONDS, end_unix_nano, False, *NOBODY, "", ""),
    )
    return replace(row, **fields)


async def put_findings(conninfo: str, *rows: FindingRow) -> None:
    """Writes findings as the processor does: all of each trace at once."""
    async with await connect(conninfo, "test") as connection, connection.transaction():
        await replace_findings(connection, {TraceKey(row.project_id, row.trace_id) for row in rows}, rows)


async def drop_findings(conninfo: str, *trace_ids: bytes) -> None:
    """A trace is derived again and nothing is found in it."""
    async with await connect(conninfo, "test") as connection, connection.transaction():
        await replace_findings(connection, [TraceKey(1, trace_id) for trace_id in trace_ids], [])
