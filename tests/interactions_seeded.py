"""Interactions written straight into their tables: for tests of what reads them, whatever writes them."""

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

import orjson
import psycopg

from trace_store.connections import connect
from trace_store.interactions.interaction_rows import ConversationRow, InteractionRow, UserRow
from trace_store.interactions.interaction_words import write_words

START = 1_767_312_000_000_000_000  # 2026-01-02T00:00:00Z
MINUTE_NS = 60_000_000_000
MARK_HOURS = """
INSERT INTO rainbarrel.dirty_hours (project_id, hour)
SELECT DISTINCT project_id, start_unix_nano / 3600000000000 FROM rainbarrel.interactions
"""
BLANK = InteractionRow(
    project_id=1,
    event_id="",
    event_name="chat",
    user_id=None,
    conversation_id=None,
    start_unix_nano=START,
    end_unix_nano=START,
    received_at=datetime(2026, 1, 2, tzinfo=UTC),
    is_ai=True,
    is_pending=False,
    is_from_spans=False,
    last_bucket=date(2026, 1, 2),
)


def interaction(event_id: str, minutes: float, **fields: Any) -> InteractionRow:
    """An interaction that began so many minutes after START."""
    start = START + round(minutes * MINUTE_NS)
    return replace(BLANK, event_id=event_id, start_unix_nano=start, end_unix_nano=start + MINUTE_NS, **fields)


def conversations_of(rows: list[InteractionRow]) -> list[ConversationRow]:
    """The conversations that these interactions make."""
    found = {row.conversation_id for row in rows if row.conversation_id}
    return [
        ConversationRow(
            1, name, of[0].user_id, min(r.start_unix_nano for r in of), max(r.end_unix_nano for r in of), len(of)
        )
        for name in sorted(found)
        if (of := [row for row in rows if row.conversation_id == name])
    ]


def users_of(rows: list[InteractionRow], traits: dict[str, dict[str, Any]]) -> list[UserRow]:
    """The users that these interactions have."""
    found = {row.user_id for row in rows if row.user_id}
    return [
        UserRow(
            1, name, traits.get(name, {}), min(r.start_unix_nano for r in of), max(r.end_unix_nano for r in of), len(of)
        )
        for name in sorted(found)
        if (of := [row for row in rows if row.user_id == name])
    ]


def seed(conninfo: str, table: str, rows: list[Any]) -> None:
    """Puts dataclass rows or objects into a table."""
    objects = [row if isinstance(row, dict) else asdict(row) for row in rows]
    text = orjson.dumps(objects, default=_column).decode()
    statement = f"INSERT INTO rainbarrel.{table} SELECT * FROM jsonb_populate_recordset(NULL::rainbarrel.{table}, %s)"
    with psycopg.connect(conninfo) as connection:
        connection.execute(statement.encode(), [text])
        if table == "interactions":
            connection.execute(MARK_HOURS)


async def seed_words(conninfo: str, rows: list[InteractionRow]) -> None:
    """The words of seeded interactions, as the processor writes them."""
    async with await connect(conninfo, "rainbarrel test") as connection:
        await write_words(connection, (), rows)


def _column(value: Any) -> str:
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    raise TypeError(type(value))
