"""Which interactions a question is about: conditions put together into one WHERE, each planned for its own values.

Conditions are the named fragments of sql/interaction_conditions.sql. A statement with only those that were asked for
lets PostgreSQL choose the index that fits them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from trace_store.queries import load

SQL = load("interaction_conditions")
TEXT_COLUMNS = {"user_id": "user_id", "convo_id": "conversation_id", "event_name": "event_name"}
TEXT_COLUMNS |= {"model": "model", "release": "release", "environment": "environment"}
_OF_INTERACTIONS = ("start_unix_nano", "duration_ns", "cost_usd", "input_tokens", "output_tokens")
_COUNTS = ("tool_call_count", "error_count", "soft_error_count", "loop_count")
_OF_OTHERS = ("first_unix_nano", "last_unix_nano", "first_seen_unix_nano", "last_seen_unix_nano")
NUMBER_COLUMNS = frozenset((*_OF_INTERACTIONS, *_COUNTS, *_OF_OTHERS))
_INDEXED = ("user_id", "conversation_id")
_TEXT = {
    "eq": SQL.text_eq,
    "neq": SQL.text_neq,
    "startsWith": SQL.text_startsWith,
    "endsWith": SQL.text_endsWith,
    "contains": SQL.text_contains,
}
_NUMBER = {
    "eq": SQL.number_eq,
    "neq": SQL.number_neq,
    "gt": SQL.number_gt,
    "gte": SQL.number_gte,
    "lt": SQL.number_lt,
    "lte": SQL.number_lte,
}
_PROPERTY = {
    "eq": SQL.property_eq,
    "neq": SQL.property_neq,
    "gt": SQL.property_gt,
    "gte": SQL.property_gte,
    "lt": SQL.property_lt,
    "lte": SQL.property_lte,
}
_OF_FEW = {SQL.failed_tool: SQL.failed_tool_of_few, SQL.looped_tools: SQL.looped_tools_of_few}


@dataclass(frozen=True, slots=True)
class Condition:
    """One fragment of the WHERE with its values."""

    fragment: bytes  # of SQL
    column: str = ""
    key: str = ""  # of a property or trait
    value: Any = None
    of_user: bool = False  # on the traits of the interaction's user
    negated: bool = False


def text_condition(field: str, operator: str, value: str) -> Condition:
    """A condition on a text field: eq, neq, startsWith, endsWith or contains."""
    column = TEXT_COLUMNS[field]
    indexed = operator == "eq" and column in _INDEXED
    return Condition(SQL.indexed_text_eq if indexed else _TEXT[operator], column, value=value)


def number_condition(column: str, operator: str, value: float) -> Condition:
    """A condition on a number: eq, neq, gt, gte, lt or lte."""
    if column not in NUMBER_COLUMNS:
        raise KeyError(column)
    return Condition(_NUMBER[operator], column, value=value)


def property_condition(key: str, operator: str, value: str, *, of_user: bool = False) -> Condition:
    """A condition on a property of the interaction, or with `of_user` on a trait of its user."""
    return Condition(_PROPERTY[operator], key=key, value=value, of_user=of_user)


def tool_condition(tool: str) -> Condition:
    """Where the tool was called."""
    return Condition(SQL.tool, value=tool)


def any_failure() -> Condition:
    """Where a tool call failed."""
    return Condition(SQL.any_failure)


def any_loop() -> Condition:
    """Where the agent was caught in a loop."""
    return Condition(SQL.any_loop)


def failed_tools(tools: Sequence[str]) -> Condition:
    """Where a call of one of these tools failed or was never answered."""
    return Condition(SQL.failed_tool, value=list(tools))


def loops_of(tools: Sequence[str]) -> Condition:
    """Where one of these loops happened, each named by its tools."""
    return Condition(SQL.looped_tools, value=list(tools))


def own_signals(signal_ids: Sequence[str]) -> Condition:
    """Where a signal of one's own was found."""
    return Condition(SQL.own_signal, value=list(signal_ids))


def posted_signals(names: Sequence[str]) -> Condition:
    """Where the application posted a signal of one of these names."""
    return Condition(SQL.posted_signal, value=list(names))


def has_words(tsquery: str, sides: Sequence[int]) -> Condition:
    """Where all words of a search (search_words.py) stand in one of these sides."""
    return Condition(SQL.has_words, key=tsquery, value=list(sides))


def nothing() -> Condition:
    """No interaction."""
    return Condition(SQL.nothing)


def negated(condition: Condition) -> Condition:
    """Where the condition does not hold."""
    return replace(condition, negated=not condition.negated)


def where(conditions: Sequence[Condition]) -> tuple[str, dict[str, Any]]:
    """The conditions as ` AND ...` text and its parameters; empty for none."""
    text = ""
    parameters: dict[str, Any] = {}
    for number, condition in enumerate(conditions):
        fragment, values = fragment_of(condition, str(number))
        text += f" AND NOT coalesce(({fragment}), false)" if condition.negated else f" AND ({fragment})"
        parameters |= values
    return text, parameters


def filled(statement: bytes, named: dict[str, str], conditions: Sequence[Condition]) -> tuple[bytes, dict[str, Any]]:
    """The statement with its conditions; `named` are words of our modules, never of a sender."""
    text = statement.decode()
    for name, word in named.items():
        text = text.replace(f"{{{name}}}", word)
    clause, values = where(conditions)
    return text.replace("{where}", clause).encode(), values


def is_of_time(condition: Condition) -> bool:
    """Whether it bounds the range of time."""
    return condition.column == "start_unix_nano"


def is_indexed(condition: Condition) -> bool:
    """Whether an index finds the few interactions that it leaves."""
    return condition.fragment == SQL.indexed_text_eq and not condition.negated


def of_few(condition: Condition) -> Condition:
    """The same condition for a read of few interactions, which looks up what belongs to each."""
    return replace(condition, fragment=_OF_FEW.get(condition.fragment, condition.fragment))


def as_number(text: str) -> Decimal | None:
    """The number that a text is; None for any other text."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 300 else None  # numeric of PostgreSQL holds it


def fragment_of(condition: Condition, name: str) -> tuple[str, dict[str, Any]]:
    """The fragment of one condition and its parameters, which bear the name; without its negation."""
    text = condition.fragment.decode().replace("{column}", condition.column)
    if condition.of_user:
        text = SQL.of_user.decode().replace("{condition}", text)
    given = {"value": condition.value, "values": condition.value, "key": condition.key}
    if isinstance(condition.value, list):
        given["prefixes"] = [str(one)[:255] for one in condition.value]  # what an index holds
    if isinstance(condition.value, str):
        given["number"] = as_number(condition.value)
    named = {}
    for parameter, value in given.items():
        placeholder = f"%({parameter})s"
        if placeholder in text:
            text = text.replace(placeholder, f"%({parameter}_{name})s")
            named[f"{parameter}_{name}"] = value
    return text, named
