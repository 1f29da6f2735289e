"""What pages read of a conversation: its traces and interactions in order of time, and what went wrong in them."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.rows import class_row

from trace_store.alerts.signals import SQL as SIGNAL_SQL
from trace_store.derived_rows import LoopRow, ToolCallRow, TraceRow
from trace_store.derived_tables import LOOPS
from trace_store.interactions.interaction_lists import (
    LAST,
    FeedbackSaid,
    InteractionSummary,
    feedback_of,
    interactions_of_traces,
    interactions_without_traces,
)
from trace_store.span_reads import fetch
from trace_store.stored import TraceKey
from trace_store.trace_groups import SQL

TRACELESS_MAX = 200  # of one page
_Row = TypeVar("_Row")


class SignalSeen(NamedTuple):
    """Where a signal of one's own was found."""

    trace_id: bytes
    span_id: bytes
    start_unix_nano: int  # of the span
    name: str
    sentiment: str  # negative, neutral, positive
    side: str  # input, output
    excerpt: str


@dataclass(frozen=True, slots=True)
class ConversationRows:
    """A page of the traces of a conversation, or of a group without a conversation id."""

    group_id: bytes  # of the group, else the id of the trace that stands alone
    conversation_id: str | None  # of the first trace that names one
    total: int
    offset: int
    traces: list[TraceRow]
    failed_calls: list[ToolCallRow]  # of these traces, as the group tells them; at most 50 of each
    loops: list[LoopRow]
    interactions: list[InteractionSummary]  # of these traces
    traceless: list[InteractionSummary]  # those without a trace that begin among these traces, at most TRACELESS_MAX
    traceless_total: int
    feedback: list[FeedbackSaid]  # about all of them
    matches: list[SignalSeen] = field(default_factory=list)  # signals of one's own that were found in these traces


class GroupPlace(NamedTuple):
    """Where a trace stands among those it belongs to."""

    position: int  # from 1
    total: int
    previous: bytes | None  # trace ids
    following: bytes | None


async def read_conversation(
    connection: psycopg.AsyncConnection[Any], project_id: int, name: str, offset: int, limit: int
) -> ConversationRows | None:
    """The traces of a conversation id, or of the group around a trace id in hex; None when there is neither.

    Interactions without a trace stand among them; a conversation of such alone is paged by them.
    """
    first = await _first(connection, project_id, name)
    if first is None:
        return await _without_traces(connection, project_id, name, offset, limit)
    group_id = first.group_id or first.trace_id
    total, traces, until = 1, [first][offset : offset + limit], LAST
    if first.group_id is not None:
        parameters = {"project_id": project_id, "group_id": group_id, "offset": offset, "limit": limit + 1}
        traces = await _rows(connection, TraceRow, SQL.group_page, parameters)
        until = traces[limit].start_unix_nano if len(traces) > limit else LAST
        traces = traces[:limit]
        total, _ = await _size(connection, first)
    keys = [TraceKey(row.project_id, row.trace_id) for row in traces]
    parameters = {"project_ids": [key.project_id for key in keys], "trace_ids": [key.trace_id for key in keys]}
    calls = await _rows(connection, ToolCallRow, SQL.troubled_calls, parameters)
    settled = [call for own in calls if (call := own.settled) is not None]
    named = next((row.conversation_id for row in [first, *traces] if row.conversation_id), None)
    failed = [call for call in settled if call.status in ("error", "soft_error") and call.propagated_from is None]
    loops = await LOOPS.read(connection, keys)
    interactions = await interactions_of_traces(connection, project_id, [key.trace_id for key in keys])
    traceless: list[InteractionSummary] = []
    traceless_total = 0
    if named is not None and traces:
        window = (traces[0].start_unix_nano if offset else 0, until)
        traceless, traceless_total = await interactions_without_traces(
            connection, project_id, named, *window, 0, TRACELESS_MAX
        )
    event_ids = {one.event_id for one in (*interactions, *traceless)}
    feedback = await feedback_of(connection, project_id, event_ids)
    matches = [SignalSeen(*row) for row in await fetch(connection, SIGNAL_SQL.signals_of_traces, parameters)]
    more = (interactions, traceless, traceless_total, feedback, matches)
    return ConversationRows(group_id, named, total, offset, traces, failed, loops, *more)


async def _without_traces(
    connection: psycopg.AsyncConnection[Any], project_id: int, name: str, offset: int, limit: int
) -> ConversationRows | None:
    traceless, total = await interactions_without_traces(connection, project_id, name, 0, LAST, offset, limit)
    if not traceless and not offset:
        return None
    feedback = await feedback_of(connection, project_id, [one.event_id for one in traceless])
    return ConversationRows(b"", name, 0, offset, [], [], [], [], traceless, total, feedback)


async def read_place(connection: psycopg.AsyncConnection[Any], row: TraceRow) -> GroupPlace | None:
    """The place of a trace in its group; None for one that stands alone."""
    if row.group_id is None:
        return None
    total, before = await _size(connection, row)
    around = {"project_id": row.project_id, "group_id": row.group_id, "offset": max(0, before - 1), "limit": 3}
    found = [other.trace_id for other in await _rows(connection, TraceRow, SQL.group_page, around)]
    at = found.index(row.trace_id) if row.trace_id in found else 0
    return GroupPlace(before + 1, total, found[at - 1] if at else None, found[at + 1] if at + 1 < len(found) else None)


async def read_following(connection: psycopg.AsyncConnection[Any], row: TraceRow, limit: int) -> list[TraceRow]:
    """A trace and up to `limit` that follow it in its group, by time."""
    if row.group_id is None:
        return [row]
    names = ("project_id", "group_id", "start_unix_nano", "trace_id")
    parameters = {name: getattr(row, name) for name in names} | {"limit": limit + 1}
    return await _rows(connection, TraceRow, SQL.group_from, parameters)


async def _first(connection: psycopg.AsyncConnection[Any], project_id: int, name: str) -> TraceRow | None:
    parameters: dict[str, Any] = {"project_id": project_id, "conversation_id": name.replace("\0", "")}
    found = await _rows(connection, TraceRow, SQL.first_of_conversation, parameters)
    if found:
        return found[0]
    try:
        trace_id = bytes.fromhex(name)
    except ValueError:
        return None
    rows = await _rows(connection, TraceRow, SQL.trace_row, {"project_id": project_id, "trace_id": trace_id})
    return rows[0] if rows else None


async def _size(connection: psycopg.AsyncConnection[Any], row: TraceRow) -> tuple[int, int]:
    parameters = {"project_id": row.project_id, "group_id": row.group_id, "trace_id": row.trace_id}
    ((total, before),) = await fetch(connection, SQL.group_size, parameters | {"start_unix_nano": row.start_unix_nano})
    return total, before


async def _rows(
    connection: psycopg.AsyncConnection[Any], row: type[_Row], query: bytes, parameters: dict[str, Any]
) -> list[_Row]:
    async with connection.cursor(binary=True, row_factory=class_row(row)) as cursor:
        await cursor.execute(query, parameters, prepare=True)
        return await cursor.fetchall()
