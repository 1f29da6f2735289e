"""Which traces of a project a list shows, as conditions on `traces`: each planned for its own values.

A filter has two parts. The narrow one (time, failing, looping, conversation, issue) is answered by an index. The terms
and steps are looked for row by row, so lists look at no more than LOOKED_AT_MAX traces at once (trace_lists.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from trace_store.lists.list_text import like_pattern
from trace_store.lists.step_language import Step
from trace_store.lists.step_query import steps_condition, tools_of
from trace_store.queries import load

SQL = load("trace_conditions")
TEXT_COLUMNS = {"service": "service_name", "release": "release", "environment": "environment", "user": "user_id"}
TEXT_COLUMNS |= {"conversation": "conversation_id", "name": "root_name"}
LIST_COLUMNS = {"agent": "agents", "tool": "tools", "model": "models", "provider": "providers", "dialect": "dialects"}
STATUSES = {
    "failing": SQL.failing,
    "error": SQL.has_error,
    "soft_error": SQL.has_soft_error,
    "loop": SQL.looping,
    "unanswered": SQL.has_unanswered,
    "failed_span": SQL.has_failed_span,
    "live": SQL.is_live,
    "ok": SQL.is_ok,
}
NUMBERS = {
    "duration": SQL.duration,  # nanoseconds
    "tokens": SQL.tokens,
    "cost": SQL.cost,  # billionths of a dollar
    "errors": SQL.errors,
    "loops": SQL.loops,
    "calls": SQL.calls,
    "spans": SQL.spans,
}
OPERATORS = {">": SQL.more, ">=": SQL.more_or_equal, "<": SQL.less, "<=": SQL.less_or_equal, "=": SQL.equal}
VALUE_FIELDS = (*TEXT_COLUMNS, *LIST_COLUMNS, "failed_tool", "status")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a field that has one of some values, a number, or (field "") a text that is contained."""

    field: str  # "", of VALUE_FIELDS or of NUMBERS
    values: tuple[str, ...] = ()
    operator: str = ""  # of OPERATORS, for numbers
    number: int = 0
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces of a project a list shows; times in Unix nanoseconds, `until` exclusive."""

    project_id: int
    since_unix_nano: int | None = None
    until_unix_nano: int | None = None
    errors_only: bool = False  # a failed span or tool call
    loops_only: bool = False
    conversation_id: str | None = None
    issue: str | None = None  # a fingerprint: traces with an event of this issue
    terms: tuple[Term, ...] = ()  # all of them
    steps: tuple[Step, ...] = ()  # of the step language

    @property
    def is_narrow(self) -> bool:
        """Whether an index answers it."""
        return not self.terms and not self.steps


class TraceCursor(NamedTuple):
    """The last trace of a page; the next page begins after it."""

    start_unix_nano: int
    trace_id: bytes


def narrow_conditions(wanted: TraceFilter, after: TraceCursor | None = None) -> tuple[str, dict[str, Any]]:
    """` AND ...` for what indexes answer, with its parameters and those of the project."""
    asked = {
        "since": (SQL.since, wanted.since_unix_nano),
        "until": (SQL.until, wanted.until_unix_nano),
        "conversation_id": (SQL.of_conversation, wanted.conversation_id),
        "issue": (SQL.of_issue, wanted.issue),
    }
    parts = [fragment for fragment, value in asked.values() if value is not None]
    parameters: dict[str, Any] = {"project_id": wanted.project_id}
    parameters |= {name: value for name, (_, value) in asked.items() if value is not None}
    parts += [SQL.failing] * wanted.errors_only + [SQL.looping] * wanted.loops_only
    if after is not None:
        parts.append(SQL.after)
        parameters |= {"after_start": after.start_unix_nano, "after_trace_id": after.trace_id}
    return _joined(part.decode() for part in parts), parameters


def wide_conditions(wanted: TraceFilter) -> tuple[str, dict[str, Any]]:
    """` AND ...` for terms and steps, with its parameters."""
    text, parameters = term_conditions(wanted.terms, _condition)
    if tools := tools_of(wanted.steps):
        text += _joined([SQL.with_tools.decode()])
        parameters["tools"] = tools
    steps, values = steps_condition(wanted.steps)
    return text + steps, parameters | values


def term_conditions(
    terms: Iterable[Term], condition_of: Callable[[Term], tuple[str, Any]], first: int = 0
) -> tuple[str, dict[str, Any]]:
    """` AND ...` for terms, with its parameters; their numbers begin with `first`."""
    text = ""
    parameters: dict[str, Any] = {}
    for number, term in enumerate(terms, first):
        condition, value = condition_of(term)
        condition = condition.replace("{n}", str(number))
        text += f" AND NOT coalesce(({condition}), false)" if term.is_excluded else f" AND ({condition})"
        if value is not None:
            parameters[f"value_{number}"] = value
    return text, parameters


def down_to(last: TraceCursor) -> tuple[str, dict[str, Any]]:
    """` AND ...` for the traces down to and with `last`."""
    return _joined([SQL.down_to.decode()]), {"last_start": last.start_unix_nano, "last_trace_id": last.trace_id}


def _joined(parts: Iterable[str]) -> str:
    return "".join(f" AND ({part})" for part in parts)


def _condition(term: Term) -> tuple[str, Any]:
    """The condition of a term and the value of its parameter."""
    if term.field in NUMBERS:
        fragment = OPERATORS[term.operator].decode().replace("{column}", NUMBERS[term.field].decode())
        return fragment, term.number
    if term.field == "status":
        return " OR ".join(f"({STATUSES[value].decode()})" for value in term.values), None
    if not term.field:
        return SQL.text.decode(), like_pattern(term.values[0])
    if term.field == "failed_tool":
        return SQL.failed_tool.decode(), list(term.values)
    if column := LIST_COLUMNS.get(term.field):
        return SQL.any_of.decode().replace("{column}", column), list(term.values)
    return SQL.one_of.decode().replace("{column}", TEXT_COLUMNS[term.field]), list(term.values)
