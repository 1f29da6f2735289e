"""Lists of interactions and conversations with what happened in each, at a cost that does not grow with the store."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from trace_store.interactions.interaction_reads import Place
from trace_store.lists.list_text import like_pattern
from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch

SQL = load("message_lists")
LOOKED_AT_MAX = 20_000  # interactions that a page of the list looks at
CONVERSATIONS_LOOKED_AT_MAX = 2_000
TRACES_TOLD_MAX = 100  # of one conversation
NEWEST = Place(2**63 - 1, "")
NEWEST_CONVERSATION = Place(2**63 - 1, "\U0010ffff")


class InteractionLine(NamedTuple):
    """An interaction as a list shows it; times in nanoseconds."""

    event_id: str
    event_name: str
    user_id: str | None
    conversation_id: str | None
    start_unix_nano: int
    duration_ns: int
    is_pending: bool
    input_preview: str | None
    output_preview: str | None
    trace_ids: list[bytes]
    tool_call_count: int
    error_count: int
    soft_error_count: int
    loop_count: int
    tokens: int
    cost_usd: float | None
    steps: str  # of its traces, see tool_errors/steps.py
    live: bool


class ConversationLine(NamedTuple):
    """A conversation as a list shows it: its times and messages, and what happened in its first traces."""

    conversation_id: str
    user_id: str | None  # of its newest interaction that has one
    first_unix_nano: int
    last_unix_nano: int
    interaction_count: int
    question: str  # the first one
    traces: int  # that the rest is told of, at most TRACES_TOLD_MAX
    users: int
    steps: str
    error_count: int
    soft_error_count: int
    unanswered_count: int
    failed_span_count: int
    loop_count: int
    tokens: int
    cost_nano_usd: int | None
    live: bool


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which interactions or conversations of a project are wanted."""

    project_id: int
    since_unix_nano: int = 0
    text: str = ""  # in question, answer or name; or in the ids of conversation and user
    user_id: str | None = None
    errors_only: bool = False
    loops_only: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether indexes alone answer it."""
        return not (self.text or self.errors_only or self.loops_only)


async def read_interactions(
    connection: psycopg.AsyncConnection[Any],
    wanted: MessageFilter,
    after: Place,
    limit: int,
    looked_at_max: int = LOOKED_AT_MAX,
) -> tuple[list[InteractionLine], Place | None]:
    """A page of interactions, newest first, and where the next one begins if there may be more."""
    parameters = _parameters(wanted, after, limit, looked_at_max)
    rows = [InteractionLine(*row) for row in await plan_and_fetch(connection, SQL.interactions, parameters)]
    if len(rows) > limit:
        rows.pop()
        return rows, Place(rows[-1].start_unix_nano, rows[-1].event_id)
    ends = [] if wanted.is_narrow else await plan_and_fetch(connection, SQL.last_looked_at, parameters)
    return rows, Place(*ends[0]) if len(ends) == 2 else None


async def read_conversations(
    connection: psycopg.AsyncConnection[Any],
    wanted: MessageFilter,
    after: Place,
    limit: int,
    looked_at_max: int = CONVERSATIONS_LOOKED_AT_MAX,
) -> tuple[list[ConversationLine], Place | None]:
    """A page of conversations, the newest message first, and where the next one begins if there may be more."""
    parameters = _parameters(wanted, after, limit, looked_at_max) | {"traces_max": TRACES_TOLD_MAX}
    rows = [ConversationLine(*row) for row in await plan_and_fetch(connection, SQL.conversations, parameters)]
    if len(rows) > limit:
        rows.pop()
        return rows, Place(rows[-1].last_unix_nano, rows[-1].conversation_id)
    ends = [] if wanted.is_narrow else await plan_and_fetch(connection, SQL.last_conversation_looked_at, parameters)
    return rows, Place(*ends[0]) if len(ends) == 2 else None


def _parameters(wanted: MessageFilter, after: Place, limit: int, looked_at_max: int) -> dict[str, Any]:
    return {
        "project_id": wanted.project_id,
        "since": wanted.since_unix_nano,
        "before": after.unix_nano,
        "before_id": after.id,
        "user_id": wanted.user_id,
        "errors": wanted.errors_only,
        "loops": wanted.loops_only,
        "pattern": like_pattern(wanted.text),
        "looked_at_max": looked_at_max,
        "limit": limit + 1,
    }
