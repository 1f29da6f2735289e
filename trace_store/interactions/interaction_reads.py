"""What the query API reads: interactions, conversations and users by their filters, and the signals they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.rows import class_row

from trace_store.interactions.interaction_filters import Condition, filled, has_words, is_indexed
from trace_store.interactions.interaction_rows import ConversationRow, InteractionRow, UserRow
from trace_store.interactions.word_search import WordSearch
from trace_store.queries import load
from trace_store.rollups.rollup_reads import RollupReads

SQL = load("interaction_reads")
Connection = psycopg.AsyncConnection[Any]
Row = TypeVar("Row", InteractionRow, ConversationRow, UserRow)


class Place(NamedTuple):
    """Where a page of a list ended: the time that orders it, and the id among equal times."""

    unix_nano: int
    id: str


class SignalMet(NamedTuple):
    """A signal of one interaction and how often it has it."""

    event_id: str
    kind: str  # tool_error, loop, own, posted
    key: str  # tool, tools of the loop, id of one's own, name as posted
    times: int


class CallRead(NamedTuple):
    """A tool call of a trace, or a model call that failed."""

    trace_id: bytes
    interaction_id: str | None
    span_id: bytes | None
    name: str
    status: str
    start_unix_nano: int
    end_unix_nano: int
    error_message: str | None


class PostedSignal(NamedTuple):
    """A signal that applications post, by name."""

    name: str
    first_at: datetime
    is_positive: bool | None  # somebody said so
    is_negative: bool | None
    type: str
    is_of_agent: bool


@dataclass(frozen=True, slots=True)
class InteractionReads:
    """Reads of one project over one connection; the caller translates errors."""

    connection: Connection
    project_id: int

    async def interactions(
        self, conditions: Sequence[Condition], *, descending: bool = True, after: Place | None = None, limit: int = 50
    ) -> tuple[list[InteractionRow], Place | None]:
        """A page of interactions by start, and where the next page begins if there is one."""
        rows = await RollupReads(self.connection, self.project_id).page(conditions, descending, after, limit + 1)
        if rows is None:
            statement = SQL.list_newest_first if descending else SQL.list_oldest_first
            rows = await self._page(InteractionRow, statement, {}, conditions, after, limit)
        return _page_and_place(rows, limit)

    async def with_words(
        self, tsquery: str, sides: Sequence[int], conditions: Sequence[Condition], *, after: Place | None, limit: int
    ) -> tuple[list[InteractionRow], Place | None]:
        """A page of the interactions with all words of a search in one of these sides, newest first."""
        if any(map(is_indexed, conditions)):
            return await self.interactions([*conditions, has_words(tsquery, sides)], after=after, limit=limit)
        rows = await WordSearch(self.connection, self.project_id, tsquery, sides).page(conditions, after, limit + 1)
        return _page_and_place(rows, limit)

    async def one(self, event_id: str) -> InteractionRow | None:
        """One interaction; None for an unknown one."""
        async with self.connection.cursor(row_factory=class_row(InteractionRow)) as cursor:
            await cursor.execute(SQL.interaction, {"project_id": self.project_id, "event_id": event_id})
            return await cursor.fetchone()

    async def place_of(self, event_id: str) -> Place | None:
        """Where an interaction stands in the order of lists; None for an unknown one."""
        rows = await self._fetch(SQL.start_of, {"event_id": event_id})
        return Place(rows[0][0], event_id) if rows else None

    async def signals_of(self, event_ids: Sequence[str]) -> list[SignalMet]:
        """The signals that these interactions have."""
        return [SignalMet(*row) for row in await self._fetch(SQL.signals_of, {"event_ids": list(event_ids)})]

    async def calls_of(self, trace_ids: Sequence[bytes]) -> list[CallRead]:
        """The tool calls of these traces, oldest first."""
        return [CallRead(*row) for row in await self._fetch(SQL.calls_of, {"trace_ids": list(trace_ids)})]

    async def failed_model_calls_of(self, trace_ids: Sequence[bytes]) -> list[CallRead]:
        """The model calls of these traces that failed, oldest first."""
        found = await self._fetch(SQL.failed_model_calls_of, {"trace_ids": list(trace_ids)})
        return [CallRead(*row) for row in found]

    async def conversations(
        self, conditions: Sequence[Condition], column: str, *, descending: bool, after: Place | None, limit: int
    ) -> tuple[list[ConversationRow], Place | None]:
        """A page of conversations, ordered by `first_unix_nano` or `last_unix_nano`."""
        named = _direction(column, descending)
        rows = await self._page(ConversationRow, SQL.conversations, named, conditions, after, limit)
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], Place(getattr(rows[limit - 1], column), rows[limit - 1].conversation_id)

    async def conversation(self, conversation_id: str) -> ConversationRow | None:
        """One conversation; None for an unknown one."""
        rows = await self._fetch(SQL.conversation, {"conversation_id": conversation_id})
        return ConversationRow(self.project_id, *rows[0]) if rows else None

    async def interactions_of(self, conversation_ids: Sequence[str]) -> list[tuple[str, str]]:
        """(conversation id, event id) of the interactions of these conversations."""
        given = {"conversation_ids": list(conversation_ids), "prefixes": [name[:255] for name in conversation_ids]}
        return [(r[0], r[1]) for r in await self._fetch(SQL.interactions_of, given)]

    async def users(
        self, conditions: Sequence[Condition], column: str, *, descending: bool, after: Place | None, limit: int
    ) -> tuple[list[UserRow], Place | None]:
        """A page of users, ordered by `first_seen_unix_nano` or `last_seen_unix_nano`."""
        named = _direction(column, descending)
        rows = await self._page(UserRow, SQL.users, named, conditions, after, limit)
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], Place(getattr(rows[limit - 1], column), rows[limit - 1].user_id)

    async def user(self, user_id: str) -> UserRow | None:
        """One user; None for an unknown one."""
        rows = await self._fetch(SQL.user, {"user_id": user_id})
        return UserRow(self.project_id, *rows[0]) if rows else None

    async def posted_signals(self) -> list[PostedSignal]:
        """The signals that applications post, by name."""
        return [PostedSignal(*row) for row in await self._fetch(SQL.posted_signals, {})]

    async def derived_signals(self) -> list[tuple[str, str, int]]:
        """(tool_error or loop, tool, first seen in Unix nanoseconds) of the tools that fail and of loops."""
        return [(r[0], r[1], r[2]) for r in await self._fetch(SQL.derived_signals, {})]

    async def _fetch(self, statement: bytes, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        cursor = await self.connection.execute(statement, {"project_id": self.project_id} | parameters)
        return await cursor.fetchall()

    async def _page(
        self,
        row: type[Row],
        statement: bytes,
        named: dict[str, str],
        conditions: Sequence[Condition],
        after: Place | None,
        limit: int,
    ) -> list[Row]:
        """Up to one row more than the limit: whether there is a next page."""
        text, values = filled(statement, named, conditions)
        given = {"after_start": after and after.unix_nano, "after_id": after and after.id, "limit": limit + 1}
        if row is not InteractionRow:
            return [row(self.project_id, *found) for found in await self._fetch(text, given | values)]
        async with self.connection.cursor(row_factory=class_row(row)) as cursor:
            await cursor.execute(text, {"project_id": self.project_id} | given | values)
            return await cursor.fetchall()


def _page_and_place(rows: list[InteractionRow], limit: int) -> tuple[list[InteractionRow], Place | None]:
    """A page of up to one row more than the limit, and where the next one begins."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], Place(rows[limit - 1].start_unix_nano, rows[limit - 1].event_id)


def _direction(column: str, descending: bool) -> dict[str, str]:
    return {"column": column, "direction": "DESC" if descending else "ASC", "beyond": "<" if descending else ">"}
