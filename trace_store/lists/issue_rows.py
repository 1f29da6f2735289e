"""Issues as they are read: what is known of one, what stands against a person's word, and its numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from trace_store.finding_rows import FindingRow


@dataclass(frozen=True, slots=True)
class IssueFilter:
    """Which issues of a project are wanted; times in Unix nanoseconds, `until` exclusive."""

    project_id: int
    since_unix_nano: int | None = None
    until_unix_nano: int | None = None
    kind: str | None = None
    tool: str | None = None  # of a loop: any of its tools
    text: str = ""  # occurs in the title or in a tool's name, upper or lower case
    release: str | None = None
    environment: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue with its events within the window and filter that were asked for."""

    fingerprint: str
    kind: str
    tool: str
    title: str
    first_seen_unix_nano: int  # ever
    first_release: str  # where it was introduced; "" when not given
    said: str  # what a person said last: open (nothing yet), ongoing, resolved, ignored
    resolved_in_release: str | None
    resolved_at: datetime | None
    ignored_at: datetime | None
    ignored_until_user_count: int | None  # None: for good
    assignee: str | None
    note: str | None
    events: int
    last_seen_unix_nano: int  # within the window; 0 without an event in it
    users: int  # only when issues were asked for by users; else see IssueCounts
    regressed_at_unix_nano: int | None  # its first event against `resolved`, whatever the window
    users_since_ignored: int  # at most ignored_until_user_count, whatever the window


@dataclass(frozen=True, slots=True)
class IssueCounts:
    """Whom an issue met within a window."""

    users: int = 0
    interactions: int = 0
    conversations: int = 0
    traces: int = 0
    recovered: int = 0


@dataclass(frozen=True, slots=True)
class Trend:
    """Events of an issue in equal steps of time, oldest first."""

    since_unix_nano: int
    step_s: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How often an issue met a release, a user or an environment."""

    value: str  # "" when not given
    events: int
    users: int
    first_seen_unix_nano: int
    last_seen_unix_nano: int


@dataclass(frozen=True, slots=True)
class LoopWaste:
    """What the repeats of the loops of an issue took within a window; the first round of a loop was no waste."""

    loops: int
    calls: int
    seconds: float
    tokens: int
    cost_nano_usd: int | None  # None: no call of them has a price


@dataclass(frozen=True, slots=True)
class Release:
    """When a release was first seen: the start of its first trace."""

    name: str
    first_seen_unix_nano: int


@dataclass(frozen=True, slots=True)
class Example:
    """A finding with what its trace and its call tell of it."""

    finding: FindingRow
    question: str
    steps: str
    rule: str
    path: str
    message: str
    arguments: str
    iterations: int  # of a loop, else 0
    first_call_key: str  # of a loop, where it begins
    loop_kind: str
    violations: list[list[Any]] | None  # fields of SchemaViolation, each: where the arguments break the tool's schema


class FailingCall(NamedTuple):
    """A call of an issue, as far as the shape of its arguments goes."""

    trace_id: bytes
    span_id: bytes | None  # of the call, or of the model call that asked for it
    arguments: str  # as previews go; "" for none
    violations: list[list[Any]] | None  # as those of an Example


@dataclass(frozen=True, slots=True)
class Top:
    """The first of many values, and how many there are."""

    values: tuple[ValueCount, ...]
    total: int


@dataclass(frozen=True, slots=True)
class IssueDetail:
    """One issue from near, within a window."""

    row: IssueRow
    counts: IssueCounts
    trend: Trend
    releases: Top
    users: Top
    environments: Top
    markers: tuple[Release, ...]  # releases that began within the window
    examples: tuple[Example, ...]  # newest first
    waste: LoopWaste | None  # of an issue of loops
    calls: tuple[FailingCall, ...] = ()  # its newest calls; none of an issue of loops


@dataclass(frozen=True, slots=True)
class IssueChange:
    """What a person says of an issue; None leaves as it is, "" takes an assignee or a note away."""

    status: str | None = None  # ongoing, resolved, ignored
    resolved_in_release: str | None = None  # with resolved
    ignored_until_user_count: int | None = None  # with ignored
    assignee: str | None = None
    note: str | None = None
