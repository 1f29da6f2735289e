"""Which spans of a project a list shows: conditions on their traces, which indexes answer, and on spans."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from trace_store.lists.list_text import like_pattern
from trace_store.lists.trace_filter import (
    LIST_COLUMNS,
    OPERATORS,
    TEXT_COLUMNS,
    Term,
    TraceFilter,
    term_conditions,
)
from trace_store.queries import load

SQL = load("row_conditions")
KIND_NUMBERS = {"unspecified": 0, "internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5, "log": -1}
STATUSES = {
    "error": SQL.span_failed,
    "ok": SQL.span_ok,
    "unset": SQL.span_unset,
    "running": SQL.span_running,
}
NUMBERS = {"duration": SQL.duration_of_span}  # nanoseconds
OF_SPAN = ("name", "kind", "service", "status", *NUMBERS, "")
OF_TRACE = tuple(field for field in (*TEXT_COLUMNS, *LIST_COLUMNS) if field not in OF_SPAN)
NUMBERED_FROM = 1000  # conditions on traces have the numbers before
VALUE_FIELDS = ("name", "kind", "service", "status", *OF_TRACE)


@dataclass(frozen=True, slots=True)
class SpanFilter:
    """Which spans of a project a list shows: those of some traces, that meet these terms."""

    traces: TraceFilter  # its terms are of OF_TRACE
    terms: tuple[Term, ...] = ()  # of OF_SPAN; a text is looked for in names


def span_filter(traces: TraceFilter, terms: Iterable[Term]) -> SpanFilter:
    """The filter with these terms, each where it belongs."""
    asked = tuple(terms)
    of_span = tuple(term for term in asked if term.field in OF_SPAN)
    return SpanFilter(replace(traces, terms=tuple(term for term in asked if term not in of_span)), of_span)


def conditions(terms: Iterable[Term]) -> tuple[str, dict[str, Any]]:
    """` AND ...` for terms on spans, with its parameters."""
    return term_conditions(terms, _condition, NUMBERED_FROM)


def _condition(term: Term) -> tuple[str, Any]:
    """The condition of a term and the value of its parameter."""
    if term.field in NUMBERS:
        return OPERATORS[term.operator].decode().replace("{column}", NUMBERS[term.field].decode()), term.number
    if term.field == "status":
        return " OR ".join(f"({STATUSES[value].decode()})" for value in term.values), None
    if term.field == "kind":
        return SQL.of_kind.decode(), [KIND_NUMBERS[value] for value in term.values]
    if term.field == "service":
        return SQL.of_service.decode(), list(term.values)
    if term.field == "name":
        return SQL.one_of.decode().replace("{column}", "s.name"), list(term.values)
    return SQL.name_of_span.decode(), like_pattern(term.values[0])
