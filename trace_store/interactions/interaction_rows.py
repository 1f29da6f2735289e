"""Rows of what applications post about interactions (facts), and of what is derived of them and of traces."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from trace_store.quickly_made import quickly_made

TRACK, PARTIAL = 1, 2  # kinds of an update
SAID_BY_TRACE, SAID_BY_EVENT = 1, 2  # who links an interaction and a trace
# To be raised when the same updates and traces make another interaction; `reprocess` then finds the older ones.
INTERACTION_VERSION = 2
EVENT_ID_BYTES_MAX = 400  # of an event id and of a user id, as of the ids that spans name; an index entry has a limit


class AcceptedUpdate(NamedTuple):
    """An event or a partial that passed decode."""

    project_id: int
    event_id: str
    kind: int  # TRACK or PARTIAL
    client_unix_nano: int | None
    digest: bytes  # over kind and canonical body, 16 bytes
    body: bytes  # the JSON object


class AcceptedFeedback(NamedTuple):
    """A signal that an application posted about an interaction."""

    project_id: int
    event_id: str
    digest: bytes  # over the canonical body, 16 bytes
    name: str
    type: str
    sentiment: str | None
    client_unix_nano: int | None
    attachment_id: str | None
    properties: dict[str, Any]


class AcceptedUser(NamedTuple):
    """What an application said of a user."""

    project_id: int
    user_id: str
    digest: bytes
    client_unix_nano: int | None
    traits: dict[str, Any]


class StoredUpdate(NamedTuple):
    """A row of `interaction_updates`."""

    project_id: int
    event_id: str
    bucket: date
    digest: bytes
    arrival: int
    received_at: datetime
    client_unix_nano: int | None
    kind: int
    body: bytes  # the JSON object


@quickly_made
@dataclass(frozen=True, slots=True)
class InteractionRow:
    """A row of `interactions`."""

    project_id: int
    event_id: str
    event_name: str
    user_id: str | None
    conversation_id: str | None
    start_unix_nano: int
    end_unix_nano: int
    received_at: datetime
    is_ai: bool  # False: a plain analytics event
    is_pending: bool
    is_from_spans: bool  # nobody posted it
    last_bucket: date
    model: str | None = None
    input: str | None = None
    output: str | None = None
    input_preview: str | None = None  # at most 400 bytes, as output_preview
    output_preview: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    feature_flags: dict[str, str] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    trace_ids: list[bytes] = field(default_factory=list)  # in order of their start
    tools: list[str] = field(default_factory=list)
    tool_call_count: int = 0
    error_count: int = 0
    soft_error_count: int = 0
    loop_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None  # None when nothing of it is priced
    duration_ns: int = 0
    release: str = ""
    environment: str | None = None
    derived_version: int = INTERACTION_VERSION


@quickly_made
@dataclass(frozen=True, slots=True)
class InteractionTraceRow:
    """A row of `interaction_traces`: one side's word that a trace belongs to an interaction."""

    project_id: int
    event_id: str
    trace_id: bytes
    said_by: int  # SAID_BY_TRACE or SAID_BY_EVENT
    is_named: bool  # the spans name the event id; the event names the trace
    user_id: str | None  # as this side says, so that neither side takes it back from the other
    conversation_id: str | None
    start_unix_nano: int | None = None  # of the interaction's part of the trace; None where the event says it
    end_unix_nano: int | None = None
    input_preview: str | None = None
    output_preview: str | None = None
    input_from: bytes | None = None  # span id and digest of the span that has the rest of a text that was cut
    output_from: bytes | None = None
    told_name: str | None = None  # what its spans call the interaction


@quickly_made
@dataclass(frozen=True, slots=True)
class UserRow:
    """A row of `users`."""

    project_id: int
    user_id: str
    traits: dict[str, Any]
    first_seen_unix_nano: int
    last_seen_unix_nano: int
    interaction_count: int


@quickly_made
@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A row of `conversations`: a conversation as its interactions make it."""

    project_id: int
    conversation_id: str
    user_id: str | None  # of its newest interaction that has one
    first_unix_nano: int
    last_unix_nano: int
    interaction_count: int
