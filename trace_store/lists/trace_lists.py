"""Lists of traces and what is counted of them, at a cost that does not grow with the store.

What no index answers is looked for in the newest LOOKED_AT_MAX traces; a page that found less ends with a cursor
there, so that the search can go on. Counts are over the newest COUNTED_MAX matching traces.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

from trace_store.derived_rows import ToolCallRow, TraceRow
from trace_store.lists.list_text import like_pattern
from trace_store.lists.trace_filter import (
    LIST_COLUMNS,
    STATUSES,
    TEXT_COLUMNS,
    TraceCursor,
    TraceFilter,
    down_to,
    narrow_conditions,
    wide_conditions,
)
from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch
from trace_store.stored import TraceKey

SQL = load("trace_lists")
LOOKED_AT_MAX = 50_000  # traces that a page of a list, or a count, looks at
COUNTED_MAX = 5_000  # matching traces that a count reads
Failing = Literal["failing", "loop"]
NAMED_MAX = 2_000  # traces whose values are suggested


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a field, how many lines of the list have it, and how many of them fail."""

    value: str
    count: int
    failing: int


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of a field that most lines have."""

    field: str
    values: tuple[FacetValue, ...]
    value_count: int  # of the field, listed or not


@dataclass(frozen=True, slots=True)
class ListFacets:
    """What is counted of the lines of a filter: of traces, tool calls or spans."""

    facets: dict[str, Facet]  # by field; without those that no line has
    count: int
    failing: int
    is_cut: bool  # more lines match than were counted, or were looked at

    @property
    def rest(self) -> int:
        """The counted lines that do not fail."""
        return self.count - self.failing


async def read_list(
    connection: psycopg.AsyncConnection[Any],
    wanted: TraceFilter,
    after: TraceCursor | None,
    limit: int,
    looked_at_max: int = LOOKED_AT_MAX,
) -> tuple[list[TraceRow], TraceCursor | None]:
    """A page of at most `limit` traces, newest first, and where the next one begins if there may be more."""
    where, parameters, last = await looked_at(connection, wanted, after, looked_at_max)
    statement = SQL.list_traces.replace(b"{where}", where.encode())
    async with connection.cursor(binary=True, row_factory=class_row(TraceRow)) as cursor:
        await cursor.execute(statement, parameters | {"limit": limit + 1}, prepare=False)
        rows = await cursor.fetchall()
    if len(rows) <= limit:
        return rows, last
    rows.pop()
    return rows, TraceCursor(rows[-1].start_unix_nano, rows[-1].trace_id)


async def read_facets(
    connection: psycopg.AsyncConnection[Any],
    wanted: TraceFilter,
    values_max: int,
    failing: Failing = "failing",
    counted_max: int = COUNTED_MAX,
    looked_at_max: int = LOOKED_AT_MAX,
) -> ListFacets:
    """The counts over the newest `counted_max` traces of a filter, `values_max` values of each field.

    `failing` says which of them count as failing: those with a failed span or tool call, or those with a loop.
    """
    where, parameters, last = await looked_at(connection, wanted, None, looked_at_max)
    statement = SQL.facets.replace(b"{where}", where.encode()).replace(b"{failing}", STATUSES[failing])
    counted = await count_values(connection, statement, parameters, values_max, counted_max)
    return counted if last is None else replace(counted, is_cut=True)


async def count_values(
    connection: psycopg.AsyncConnection[Any],
    statement: bytes,
    parameters: Mapping[str, Any],
    values_max: int,
    counted_max: int,
) -> ListFacets:
    """The counts of a statement `facets`, of traces, tool calls or spans; `values_max` values of each field."""
    asked = {**parameters, "counted_max": counted_max, "values_max": values_max}
    rows = await plan_and_fetch(connection, statement.replace(b"{first_values}", SQL.first_values), asked)
    found: dict[str, list[FacetValue]] = {}
    totals = FacetValue("", 0, 0)
    counts: dict[str, int] = {}
    for field, value, count, failed, value_count in rows:
        if field:
            found.setdefault(field, []).append(FacetValue(value, count, failed))
            counts[field] = value_count
        else:
            totals = FacetValue("", count, failed)
    facets = {field: Facet(field, tuple(values), counts[field]) for field, values in found.items()}
    return ListFacets(facets, totals.count, totals.failing, totals.count >= counted_max)


async def read_values(
    connection: psycopg.AsyncConnection[Any], project_id: int, field: str, text: str, limit: int
) -> list[tuple[str, int]]:
    """The values of a field of TEXT_COLUMNS or LIST_COLUMNS that contain a text, with their traces of NAMED_MAX."""
    column, value = TEXT_COLUMNS.get(field), SQL.one_value
    if column is None:
        column, value = LIST_COLUMNS[field], SQL.each_value
    statement = SQL.values.replace(b"{value}", value.replace(b"{column}", column.encode()))
    parameters = {"project_id": project_id, "pattern": like_pattern(text) or "%", "limit": limit}
    return [
        (row[0], row[1]) for row in await plan_and_fetch(connection, statement, parameters | {"counted_max": NAMED_MAX})
    ]


async def read_peek_calls(connection: psycopg.AsyncConnection[Any], trace: TraceKey, limit: int) -> list[ToolCallRow]:
    """The first tool calls of a trace that failed, then its first others, as its group tells them."""
    async with connection.cursor(binary=True, row_factory=class_row(ToolCallRow)) as cursor:
        await cursor.execute(SQL.peek_calls, trace._asdict() | {"limit": limit}, prepare=True)
        calls = await cursor.fetchall()
    return [settled for call in calls if (settled := call.settled) is not None]


async def looked_at(
    connection: psycopg.AsyncConnection[Any],
    wanted: TraceFilter,
    after: TraceCursor | None,
    looked_at_max: int = LOOKED_AT_MAX,
    *,
    is_ordered_by_index: bool = True,
) -> tuple[str, dict[str, Any], TraceCursor | None]:
    """The conditions of a filter, their parameters, and the trace where the look ends unless all are looked at."""
    where, parameters = narrow_conditions(wanted, after)
    if wanted.is_narrow and is_ordered_by_index:
        return where, parameters, None
    ends = SQL.last_looked_at.replace(b"{where}", where.encode())
    found = await plan_and_fetch(connection, ends, parameters | {"looked_at_max": looked_at_max})
    last = TraceCursor(*found[0]) if len(found) == 2 else None
    conditions, values = wide_conditions(wanted)
    if last is None:
        return where + conditions, parameters | values, None
    bound, bounds = down_to(last)
    return where + bound + conditions, parameters | values | bounds, last
