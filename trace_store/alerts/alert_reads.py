"""What alert conditions read: findings within a window, calls of a tool. Never a payload.

The statements are planned afresh each time (`prepare=False`): which index serves depends on which filters are set.
"""

from datetime import datetime
from typing import Any

import psycopg

from trace_store.alerts.alert_rows import CallCount, FindingEvent, SubjectCount, Window
from trace_store.alerts.alert_store import SQL

CALLS_MAX = 200_000


class AlertReads:
    """Reads over one connection, within whatever transaction it is in; raises psycopg's errors."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def measure(self, window: Window, counts: str, at_least: int) -> list[SubjectCount]:
        """Subjects with at least so many `counts` (events or users)."""
        given = window.parameters() | {"counts": counts, "at_least": at_least}
        return [SubjectCount(*row) for row in await self._rows(SQL.measure_window, given)]

    async def findings(
        self, window: Window, limit: int, *, found_after: datetime | None = None, subject: str | None = None
    ) -> tuple[list[FindingEvent], int]:
        """The newest findings, and how many there are; of one subject, or only those found after a time."""
        given = window.parameters() | {"limit": limit, "found_after": found_after, "subject": subject}
        rows = await self._rows(SQL.findings_within, given)
        return [FindingEvent(*row[:-1]) for row in rows], rows[0][-1] if rows else 0

    async def calls(
        self, project_id: int, tool: str, after_unix_nano: int, until_unix_nano: int, step_s: int
    ) -> list[CallCount]:
        """Calls of a tool in steps of time, of at most the newest 200,000 that began within it."""
        span = {"after": after_unix_nano, "until": until_unix_nano, "step_s": step_s, "calls_max": CALLS_MAX}
        return [
            CallCount(*row)
            for row in await self._rows(SQL.call_counts, span | {"project_id": project_id, "tool": tool})
        ]

    async def _rows(self, query: bytes, parameters: dict[str, Any]) -> list[Any]:
        return await (await self._connection.execute(query, parameters, prepare=False)).fetchall()
