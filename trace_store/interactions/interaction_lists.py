"""What pages read of interactions, users and client signals, over a connection of the reader."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from trace_store.interactions.interaction_rows import UserRow
from trace_store.queries import load
from trace_store.span_reads import fetch

SQL = load("interaction_lists")
FEEDBACK_NAMES_MAX = 200  # of one list
LAST = 2**63 - 1
Connection = psycopg.AsyncConnection[Any]


class InteractionSummary(NamedTuple):
    """An interaction as lists show it: without its whole texts."""

    of_trace: bytes | None  # the trace by which it was asked for
    event_id: str
    event_name: str
    user_id: str | None
    conversation_id: str | None
    start_unix_nano: int
    is_ai: bool
    is_pending: bool
    is_from_spans: bool
    model: str | None
    input_preview: str | None
    output_preview: str | None
    has_more_input: bool | None  # the preview is not all of it
    has_more_output: bool | None
    is_input_cut: bool | None  # by the SDK, before it was sent
    is_output_cut: bool | None
    attachments: list[dict[str, Any]]
    trace_ids: list[bytes]
    tools: list[str]
    tool_call_count: int
    error_count: int
    soft_error_count: int
    loop_count: int
    duration_ns: int
    cost_usd: float | None
    feature_flags: dict[str, str]
    context: Any  # `$context` of its properties: what the SDK tells of itself, and whatever a sender puts there


class FeedbackSaid(NamedTuple):
    """A signal that an application posted about an interaction."""

    event_id: str
    name: str
    type: str
    sentiment: str | None
    attachment_id: str | None
    properties: dict[str, Any]
    received_at: datetime
    client_unix_nano: int | None


class FeedbackCount(NamedTuple):
    """How often a signal was posted."""

    name: str
    type: str
    sentiment: str | None
    events: int
    users: int
    last_unix_nano: int


async def interactions_of_traces(
    connection: Connection, project_id: int, trace_ids: Collection[bytes]
) -> list[InteractionSummary]:
    """The interactions of these traces by time; one of several traces once for each."""
    if not trace_ids:
        return []
    parameters = {"project_id": project_id, "trace_ids": list(trace_ids)}
    return [InteractionSummary(*row) for row in await fetch(connection, SQL.of_traces, parameters)]


async def interactions_without_traces(
    connection: Connection, project_id: int, conversation_id: str, since: int, until: int, offset: int, limit: int
) -> tuple[list[InteractionSummary], int]:
    """Those of a conversation that begin within a time, and how many there are."""
    parameters = {"project_id": project_id, "conversation_id": conversation_id.replace("\0", ""), "since": since}
    parameters |= {"until": until, "offset": offset, "limit": limit}
    rows = await fetch(connection, SQL.of_conversation_without_traces, parameters)
    return [InteractionSummary(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


async def interactions_of_user(
    connection: Connection, project_id: int, user_id: str, before: tuple[int, str], limit: int
) -> list[InteractionSummary]:
    """A user's interactions before a place (start and event id), the newest first."""
    parameters = {"project_id": project_id, "user_id": user_id, "limit": limit}
    parameters |= {"before": before[0], "before_id": before[1]}
    return [InteractionSummary(*row) for row in await fetch(connection, SQL.of_user, parameters)]


async def feedback_of(connection: Connection, project_id: int, event_ids: Collection[str]) -> list[FeedbackSaid]:
    """What was posted about these interactions, by the time of its receipt."""
    if not event_ids:
        return []
    parameters = {"project_id": project_id, "event_ids": list(event_ids)}
    return [FeedbackSaid(*row) for row in await fetch(connection, SQL.feedback_of, parameters)]


async def feedback_counts(connection: Connection, project_id: int, since: datetime) -> tuple[list[FeedbackCount], int]:
    """The 200 client signals that were posted most since then, and how many there are."""
    parameters = {"project_id": project_id, "since": since, "limit": FEEDBACK_NAMES_MAX}
    rows: Sequence[Any] = await fetch(connection, SQL.feedback_counts, parameters)
    return [FeedbackCount(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


async def users_page(
    connection: Connection, project_id: int, before: tuple[int, str], text: str, limit: int
) -> list[UserRow]:
    """Users before a place (last seen and id), the last seen first; `text` occurs in their id or traits."""
    parameters = {"project_id": project_id, "limit": limit, "text": text.replace("\0", "")}
    parameters |= {"before": before[0], "before_id": before[1]}
    return [UserRow(*row) for row in await fetch(connection, SQL.users, parameters)]


async def read_user(connection: Connection, project_id: int, user_id: str) -> UserRow | None:
    """One user; None when nobody of this id is known."""
    parameters = {"project_id": project_id, "user_id": user_id.replace("\0", "")}
    rows = await fetch(connection, SQL.user, parameters)
    return UserRow(*rows[0]) if rows else None


async def conversation_count(connection: Connection, project_id: int) -> int:
    """How many conversations a project has."""
    ((count,),) = await fetch(connection, SQL.conversation_count, {"project_id": project_id})
    return int(count)


async def user_count(connection: Connection, project_id: int) -> int:
    """How many users a project has."""
    ((count,),) = await fetch(connection, SQL.user_count, {"project_id": project_id})
    return int(count)
