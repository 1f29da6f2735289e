"""Which tool calls of a project a list shows: the index that finds them, and conditions that are looked for row by row.

Failing, unanswered and looping calls are found through `findings`, so that rare ones cost no more than frequent ones;
calls of a tool, of a conversation and all others through indexes of their own tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from trace_store.lists.list_text import like_pattern
from trace_store.lists.trace_filter import OPERATORS, Term, term_conditions
from trace_store.queries import load

SQL = load("row_conditions")
LIST_SQL = load("call_lists")
CONVERSATION_TRACES_MAX = 2_000  # of a conversation: the newest ones
COLUMNS = {
    "tool": "c.name",
    "error": "c.error_type",
    "rule": "c.rule",
    "service": "t.service_name",
    "release": "t.release",
    "environment": "t.environment",
    "user": "t.user_id",
    "conversation": "t.conversation_id",
}
ARRAYS = {"agent": "t.agents", "provider": "t.providers", "dialect": "t.dialects"}
STATUSES = {
    "failing": SQL.failing,
    "error": SQL.has_error,
    "soft_error": SQL.has_soft_error,
    "unanswered": SQL.is_unanswered,
    "unrecovered": SQL.is_unrecovered,
    "recovered": SQL.is_recovered,
    "loop": SQL.is_looping,
    "violation": SQL.breaks_schema,
    "pending": SQL.is_pending,
    "ok": SQL.is_ok,
}
FAILED = ("tool_error", "soft_error")
KINDS = {  # of findings, by status
    "failing": FAILED,
    "error": ("tool_error",),
    "soft_error": ("soft_error",),
    "unanswered": ("unanswered",),
    "unrecovered": FAILED,
    "recovered": FAILED,
    "violation": ("schema_violation",),
}
ALL_KINDS = (*FAILED, "unanswered", "schema_violation")
NUMBERS = {"duration": SQL.duration_of_call}  # nanoseconds
VALUE_FIELDS = (*COLUMNS, *ARRAYS, "model", "status")


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which tool calls of a project a list shows; times in Unix nanoseconds, `until` exclusive."""

    project_id: int
    since_unix_nano: int | None = None
    until_unix_nano: int | None = None
    issue: str | None = None  # a fingerprint: calls that are events of this issue, or that its loops consist of
    terms: tuple[Term, ...] = ()  # all of them; fields are VALUE_FIELDS, NUMBERS or "" for a text

    def only(self, field: str) -> str | None:
        """The value of a field that every call must have; None where there is none or a choice."""
        found = (term.values for term in self.terms if term.field == field and not term.is_excluded)
        return next((values[0] for values in found if len(values) == 1), None)

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The kinds of findings among which all these calls are; None where they need be none."""
        asked = (term.values for term in self.terms if term.field == "status" and not term.is_excluded)
        known = next((values for values in asked if all(value in KINDS for value in values)), None)
        if known is not None:
            return tuple(dict.fromkeys(kind for value in known for kind in KINDS[value]))
        return None if self.issue is None else ALL_KINDS

    @property
    def asks_for_loops(self) -> bool:
        """Whether a condition needs to know which calls are part of loops."""
        return any(term.field == "status" and "loop" in term.values for term in self.terms)


class CallCursor(NamedTuple):
    """The last call of a page; the next page begins after it. An empty trace id stands before all calls of a time."""

    start_unix_nano: int
    trace_id: bytes
    call_key: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The query of the calls that are looked at, newest first, and its parameters."""

    query: bytes
    parameters: dict[str, Any]
    is_by_loop: bool


def looked_at(wanted: CallFilter, after: CallCursor | None, *, is_issue_of_loops: bool = False) -> Looked:
    """The calls that the best index finds, without the conditions that none answers."""
    of_loops = wanted.issue if is_issue_of_loops else None
    parameters: dict[str, Any] = {"project_id": wanted.project_id, "issue_of_loops": of_loops}
    conditions: list[bytes] = []
    at, key, tool = b"call", b"call.call_key", b"name"
    conversation = wanted.only("conversation")
    is_by_loop = is_issue_of_loops or (wanted.only("status") == "loop" and not conversation and wanted.issue is None)
    if is_by_loop:
        query = LIST_SQL.by_loop
    elif conversation and wanted.issue is None:
        query = LIST_SQL.by_conversation
        parameters |= {"conversation_id": conversation, "traces_max": CONVERSATION_TRACES_MAX}
    elif (kinds := wanted.kinds) is not None:
        query, at, key, tool = LIST_SQL.by_finding, b"finding", b"substr(finding.finding_key, 6)", b"tool"
        parameters["kinds"] = list(kinds)
        for name, condition, value in (
            ("issue", LIST_SQL.of_issue, wanted.issue),
            ("user_id", LIST_SQL.of_user, wanted.only("user")),
        ):
            if value is not None:
                conditions.append(condition)
                parameters[name] = value
    else:
        query = LIST_SQL.by_start
    asked = {
        "since": (LIST_SQL.since, wanted.since_unix_nano),
        "until": (LIST_SQL.until, wanted.until_unix_nano),
        "tool": (LIST_SQL.of_tool, wanted.only("tool")),
    }
    conditions += [condition for condition, value in asked.values() if value is not None]
    parameters |= {name: value for name, (_, value) in asked.items() if value is not None}
    if after is not None:
        conditions.append(LIST_SQL.after)
        parameters |= dict(zip(("after_start", "after_trace_id", "after_key"), after, strict=True))
    narrow = b"".join(b" AND (" + condition + b")" for condition in conditions)
    narrow = narrow.replace(b"{at}", at).replace(b"{key}", key).replace(b"{tool}", tool)
    return Looked(query.replace(b"{narrow}", narrow), parameters, is_by_loop)


def conditions(terms: Iterable[Term]) -> tuple[str, dict[str, Any]]:
    """` AND ...` for terms, with its parameters."""
    return term_conditions(terms, _condition)


def _condition(term: Term) -> tuple[str, Any]:
    """The condition of a term and the value of its parameter."""
    if term.field in NUMBERS:
        return OPERATORS[term.operator].decode().replace("{column}", NUMBERS[term.field].decode()), term.number
    if term.field == "status":
        return " OR ".join(f"({STATUSES[value].decode()})" for value in term.values), None
    if not term.field:
        return SQL.text_of_call.decode(), like_pattern(term.values[0])
    if term.field == "model":
        return SQL.of_model.decode(), list(term.values)
    if column := ARRAYS.get(term.field):
        return SQL.any_of.decode().replace("{column}", column), list(term.values)
    return SQL.one_of.decode().replace("{column}", COLUMNS[term.field]), list(term.values)
