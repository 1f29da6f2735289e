"""Interactions, users and conversations inside a claim: what is known of them, and the replacement of their rows."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
import zstandard

from trace_store.database_errors import translate_errors
from trace_store.derived_tables import DerivedTable
from trace_store.interactions.interaction_rows import (
    SAID_BY_TRACE,
    ConversationRow,
    InteractionRow,
    InteractionTraceRow,
    StoredUpdate,
    UserRow,
)
from trace_store.interactions.interaction_words import write_words
from trace_store.interactions.linked_rows import (
    LinkedLlmCall,
    LinkedLoop,
    LinkedRows,
    LinkedToolCall,
    LinkedTraceRow,
)
from trace_store.queries import load
from trace_store.rollups.rollups import mark_hours
from trace_store.span_reads import fetch
from trace_store.stored import TraceKey

SQL = load("interactions")

EventId = tuple[int, str]  # project, event id
PersonId = tuple[int, str]  # project, user id or conversation id


class UserUpdate(NamedTuple):
    """What was said of a user."""

    project_id: int
    user_id: str
    arrival: int
    received_at: datetime
    client_unix_nano: int | None
    traits: dict[str, Any]


class Sums(NamedTuple):
    """What the interactions of a user or a conversation come to."""

    first_unix_nano: int
    last_unix_nano: int
    interaction_count: int
    user_id: str | None = None


INTERACTIONS = DerivedTable(
    InteractionRow,
    (),
    SQL.read_interactions,
    SQL.delete_interactions,
    SQL.insert_interactions,
    SQL.update_interactions,
    unit="event_id",
)
EVENT_LINKS = DerivedTable(
    InteractionTraceRow,
    ("trace_id",),
    SQL.read_event_links,
    SQL.delete_event_links,
    SQL.insert_links,
    SQL.update_interaction_traces,
    unit="event_id",
)
USERS = DerivedTable(UserRow, (), SQL.read_users, SQL.delete_users, SQL.insert_users, SQL.update_users, unit="user_id")
CONVERSATIONS = DerivedTable(
    ConversationRow,
    (),
    SQL.read_conversations,
    SQL.delete_conversations,
    SQL.insert_conversations,
    SQL.update_conversations,
    unit="conversation_id",
)


class InteractionTables:
    """Reads and writes over the connection of a claim; everything is part of its transaction."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def updates(self, events: Collection[EventId]) -> dict[EventId, list[StoredUpdate]]:
        """Everything that was posted of these interactions."""
        found: dict[EventId, list[StoredUpdate]] = defaultdict(list)
        decompress = zstandard.ZstdDecompressor().decompress
        for row in await self._fetch(SQL.updates_of_events, "event_ids", events):
            update = StoredUpdate(*row)
            body = decompress(update.body)
            found[update.project_id, update.event_id].append(update._replace(body=body, digest=bytes(update.digest)))
        return found

    async def links_of_events(self, events: Collection[EventId]) -> list[InteractionTraceRow]:
        """What traces and events say of these interactions."""
        return [_link(row) for row in await self._fetch(SQL.links_of_events, "event_ids", events)]

    async def links_of_traces(self, traces: Collection[TraceKey]) -> list[InteractionTraceRow]:
        """What traces and events say of these traces."""
        return [_link(row) for row in await self._fetch(SQL.links_of_traces, "trace_ids", traces)]

    async def linked_rows(self, traces: Collection[TraceKey]) -> LinkedRows:
        """What interactions take of these traces."""
        return LinkedRows(
            [LinkedTraceRow(*row) for row in await self._fetch(SQL.linked_traces, "trace_ids", traces)],
            [LinkedLlmCall(*row) for row in await self._fetch(SQL.linked_llm_calls, "trace_ids", traces)],
            [LinkedToolCall(*row) for row in await self._fetch(SQL.linked_tool_calls, "trace_ids", traces)],
            [LinkedLoop(*row) for row in await self._fetch(SQL.linked_loops, "trace_ids", traces)],
        )

    async def replace(
        self, events: Collection[EventId], rows: Sequence[InteractionRow], links: Sequence[InteractionTraceRow]
    ) -> tuple[list[InteractionRow], list[InteractionRow], list[InteractionTraceRow]]:
        """Makes the rows of these interactions, and what their events say of traces, equal to these.

        Returns the rows that went, the rows that came (a change is both), and the links that changed.
        """
        with translate_errors():
            gone, written = await INTERACTIONS.exchange(self._connection, events, rows)
            # of unchanged rows, too: their traces or their feedback may count otherwise
            await mark_hours(self._connection, {(row.project_id, row.start_unix_nano) for row in (*gone, *rows)})
            await write_words(self._connection, gone, written)
            gone_links, new_links = await EVENT_LINKS.exchange(self._connection, events, links)
        return gone, written, [*gone_links, *new_links]

    async def user_updates(self, users: Collection[PersonId]) -> dict[PersonId, list[UserUpdate]]:
        """Everything that was said of these users."""
        found: dict[PersonId, list[UserUpdate]] = defaultdict(list)
        for row in await self._fetch(SQL.updates_of_users, "user_ids", users):
            found[row[:2]].append(UserUpdate(*row))
        return found

    async def sums_of_users(self, users: Collection[PersonId]) -> dict[PersonId, Sums]:
        """What their interactions come to; nothing of a user without one."""
        rows = await self._fetch(SQL.sums_of_users, "user_ids", users)
        return {row[:2]: Sums(*row[2:]) for row in rows}

    async def sums_of_conversations(self, conversations: Collection[PersonId]) -> dict[PersonId, Sums]:
        """What their interactions come to; nothing of a conversation without one."""
        rows = await self._fetch(SQL.sums_of_conversations, "conversation_ids", conversations)
        return {row[:2]: Sums(row[3], row[4], row[5], row[2]) for row in rows}

    async def replace_users(self, users: Collection[PersonId], rows: Sequence[UserRow]) -> None:
        """Makes the rows of these users equal to these."""
        with translate_errors():
            await USERS.exchange(self._connection, users, rows)

    async def replace_conversations(self, conversations: Collection[PersonId], rows: Sequence[ConversationRow]) -> None:
        """Makes the rows of these conversations equal to these."""
        with translate_errors():
            await CONVERSATIONS.exchange(self._connection, conversations, rows)

    async def mark_of_traces(self, traces: Collection[TraceKey]) -> None:
        """Marks the interactions of these traces, which changed."""
        if traces:
            with translate_errors():
                await self._connection.execute(SQL.mark_of_traces, _columns("trace_ids", traces))

    async def _fetch(self, query: bytes, name: str, keys: Collection[tuple[int, Any]]) -> list[Any]:
        with translate_errors():
            return await fetch(self._connection, query, _columns(name, keys)) if keys else []


def trace_says(links: Collection[InteractionTraceRow]) -> list[InteractionTraceRow]:
    """Those of the links that traces say."""
    return [link for link in links if link.said_by == SAID_BY_TRACE]


def _link(row: tuple[Any, ...]) -> InteractionTraceRow:
    project_id, event_id, trace_id, *rest = row
    return InteractionTraceRow(project_id, event_id, bytes(trace_id), *rest)


def _columns(name: str, keys: Collection[tuple[int, Any]]) -> dict[str, list[Any]]:
    return {"project_ids": [key[0] for key in keys], name: [key[1] for key in keys]}
