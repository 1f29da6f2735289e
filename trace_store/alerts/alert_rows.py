"""Alert rules, their states and firings as rows; and what an evaluation reads of findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NANOSECONDS = 1_000_000_000  # of a second
FILTER_COLUMNS = (
    *("fingerprint", "kinds", "tool", "release", "environment", "user_id", "conversation_id"),
    *("service", "agent", "signal"),
    *("properties", "traits"),  # JSON texts: what the interaction and the user must have
)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule as people see it; the definition is JSON that tool_errors/alerts/rule.py understands."""

    project_id: int
    rule_id: int
    name: str
    definition: dict[str, Any]
    is_enabled: bool
    snoozed_until: datetime | None
    channel_ids: list[int]
    created_at: datetime
    changed_at: datetime
    evaluated_at: datetime  # to the minute
    firing_count: int  # subjects
    snoozed_count: int  # subjects whose condition holds while nobody is told
    last_fired_at: datetime | None


@dataclass(frozen=True, slots=True)
class DueRule:
    """What decides whether a rule is evaluated now."""

    project_id: int
    rule_id: int
    kind: str
    has_states: bool
    newest_found_at: datetime | None  # of the findings of its project
    changed_at: datetime
    snoozed_until: datetime | None


@dataclass(frozen=True, slots=True)
class RuleToEvaluate:
    """A rule within the transaction of its evaluation."""

    project_id: int
    rule_id: int
    name: str
    definition: dict[str, Any]
    channel_ids: list[int]
    created_at: datetime
    looked_until: datetime
    now: datetime  # of the database
    is_snoozed: bool


@dataclass(frozen=True, slots=True)
class AlertState:
    """A subject of a rule that is not ok."""

    subject: str
    state: str  # firing or snoozed
    firing_id: int | None
    value: float
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class AlertFiring:
    """One firing with what was told."""

    firing_id: int
    rule_id: int
    rule_name: str
    subject: str
    is_event: bool  # happens once: there is nothing to resolve
    is_snoozed: bool  # nobody was told
    fired_at: datetime
    resolved_at: datetime | None
    value: float
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Which findings count: those that ended within a time and pass a filter (column -> value, None for any).

    With a `source` in the filter, matches (`match`) or posts (`feedback`) of its `signal` count instead.
    """

    project_id: int
    after_unix_nano: int  # exclusive
    until_unix_nano: int  # inclusive
    filters: Mapping[str, Any]  # FILTER_COLUMNS
    per: str = "rule"  # what makes a subject: rule, issue or tool

    def parameters(self) -> dict[str, Any]:
        """For the queries of alerts.sql."""
        given = {"project_id": self.project_id, "after": self.after_unix_nano, "until": self.until_unix_nano}
        given["source"] = self.filters.get("source", "finding")
        return given | {name: self.filters.get(name) for name in FILTER_COLUMNS} | {"per": self.per}


@dataclass(frozen=True, slots=True)
class SubjectCount:
    """How much happened to a subject within a window."""

    subject: str
    events: int
    users: int
    since_unix_nano: int


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """A finding, or the match of a signal, as alert conditions see it, beside what is known of its issue.

    The kind of a match is `signal`, its fingerprint the id of the signal, its title name and excerpt; it has no tool.
    """

    trace_id: bytes
    finding_key: str
    kind: str
    fingerprint: str
    tool: str
    title: str
    start_unix_nano: int
    end_unix_nano: int
    user_id: str | None
    release: str
    found_at: datetime
    first_seen_unix_nano: int | None  # of its issue
    resolved_at: datetime | None  # when somebody called the issue resolved
    resolved_in_release: str | None
    is_of_earlier_release: bool  # than the one that the issue is resolved in


@dataclass(frozen=True, slots=True)
class CallCount:
    """Calls of a tool within one step of time."""

    step: int  # from 0
    calls: int
    failed: int
