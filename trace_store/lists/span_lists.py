"""Lists of spans and what is counted of them, at a cost that does not grow with the store.

Spans have no index but their key, which begins with their trace: an index over all of them would cost each span that
is written. So the traces are chosen first. The newest list goes from trace to trace; the slowest one reads the traces
that took longest, since no span can take longer than its trace. A page looks at no more than TRACES_MAX traces and
SPANS_MAX spans, and says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import psycopg

from trace_store.fact_parts import Entry, StoredPart, newest_entries, span_key
from trace_store.lists.span_filter import KIND_NUMBERS, SpanFilter, conditions
from trace_store.lists.trace_filter import TraceCursor
from trace_store.lists.trace_lists import Facet, ListFacets, count_values, looked_at
from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch
from trace_store.stored import TraceKey

SQL = load("span_lists")
PART_SQL = load("fact_parts")
TRACES_MAX = 500  # that a page looks at, newest or slowest first
SPANS_MAX = 10_000  # of these traces; the last one may have more
RANKED_MAX = 50_000  # the newest traces, of which the slowest are taken
COUNTED_MAX = 5_000  # matching spans that a count reads

Connection = psycopg.AsyncConnection[Any]


class SpanLine(NamedTuple):
    """A span as a list shows it; times in Unix nanoseconds."""

    trace_id: bytes
    span_id: bytes
    name: str
    kind: int  # of OTLP; -1: it stands for a log record
    status_code: int
    start_unix_nano: int
    end_unix_nano: int  # 0: it runs
    bucket: date
    digest: bytes
    parent_span_id: bytes | None
    service_name: str | None
    release: str
    environment: str | None
    user_id: str | None
    conversation_id: str | None
    trace_start_unix_nano: int

    @property
    def duration_ns(self) -> int | None:
        """How long it took; None while it runs."""
        return max(0, self.end_unix_nano - self.start_unix_nano) if self.end_unix_nano else None


class NewestCursor(NamedTuple):
    """The last span of a page; without a span id, the last trace that was looked at."""

    trace_start_unix_nano: int
    trace_id: bytes
    start_unix_nano: int
    span_id: bytes


class SlowestCursor(NamedTuple):
    """The last span of a page."""

    duration_ns: int
    trace_id: bytes
    span_id: bytes


class NewestSpans(NamedTuple):
    """A page of spans, newest trace first."""

    lines: list[SpanLine]
    after: NewestCursor | None  # where the next page begins, if there may be one


class SlowestSpans(NamedTuple):
    """A page of spans, slowest first, and what it was taken of."""

    lines: list[SpanLine]
    after: SlowestCursor | None
    traces: int  # looked at: those that took longest
    spans: int  # that these have
    complete_ns: int  # every span that took longer is in the list, of all traces since `ranked_since`
    ranked_since_unix_nano: int  # 0: all traces were ranked


async def read_newest_spans(
    connection: Connection,
    wanted: SpanFilter,
    after: NewestCursor | None,
    limit: int,
    traces_max: int = TRACES_MAX,
    spans_max: int = SPANS_MAX,
) -> NewestSpans:
    """A page of at most `limit` spans, those of the newest trace first, and where the next one begins."""
    begins = None
    if after is not None:  # with the trace of the span, which may have more; behind a trace without one
        begins = TraceCursor(after.trace_start_unix_nano, after.trace_id + b"\0" * bool(after.span_id))
    where, parameters, last = await looked_at(connection, wanted.traces, begins)
    of_span, values = conditions(wanted.terms)
    if after is not None and after.span_id:
        of_span += f" AND ({SQL.after_newest.decode()})"
        names = ("seen_trace_start", "seen_trace_id", "seen_start", "seen_span_id")
        values |= dict(zip(names, after, strict=True))
    parameters |= values | {"traces_max": traces_max, "spans_max": spans_max}
    statement = _with(SQL.newest, where, of_span)
    found = await plan_and_fetch(connection, statement, parameters | {"limit": limit + 1})
    lines = [SpanLine(*row) for row in found]
    if len(lines) > limit:
        lines.pop()
        one = lines[-1]
        ended = NewestCursor(one.trace_start_unix_nano, one.trace_id, one.start_unix_nano, one.span_id)
        return NewestSpans(lines, ended)
    looked = await plan_and_fetch(connection, _with(SQL.looked_at, where, ""), parameters)
    if looked:
        ((traces, spans, start_unix_nano, trace_id),) = looked
        if traces >= traces_max or spans >= spans_max:
            return NewestSpans(lines, NewestCursor(start_unix_nano, trace_id, 0, b""))
    return NewestSpans(lines, None if last is None else NewestCursor(*last, 0, b""))


async def read_slowest_spans(
    connection: Connection,
    wanted: SpanFilter,
    after: SlowestCursor | None,
    limit: int,
    traces_max: int = TRACES_MAX,
    spans_max: int = SPANS_MAX,
    ranked_max: int = RANKED_MAX,
) -> SlowestSpans:
    """A page of at most `limit` spans that have ended, slowest first."""
    where, parameters, last = await looked_at(connection, wanted.traces, None, ranked_max, is_ordered_by_index=False)
    of_span, values = conditions(wanted.terms)
    if after is not None:
        of_span += f" AND ({SQL.after_slowest.decode()})"
        values |= dict(zip(("seen_ns", "seen_trace_id", "seen_span_id"), after, strict=True))
    parameters |= values | {"traces_max": traces_max, "spans_max": spans_max, "limit": limit + 1}
    rows = await plan_and_fetch(connection, _with(SQL.slowest, where, of_span), parameters)
    traces, spans, beyond_ns = rows[0][:3]
    lines = [SpanLine(*row[3:]) for row in rows if row[3] is not None]
    following = None
    if len(lines) > limit:
        lines.pop()
        one = lines[-1]
        following = SlowestCursor(one.duration_ns or 0, one.trace_id, one.span_id)
    return SlowestSpans(lines, following, traces, spans, beyond_ns or 0, 0 if last is None else last.start_unix_nano)


async def read_span_facets(
    connection: Connection,
    wanted: SpanFilter,
    values_max: int,
    traces_max: int = TRACES_MAX,
    spans_max: int = SPANS_MAX,
    counted_max: int = COUNTED_MAX,
) -> ListFacets:
    """The counts over spans of the newest matching traces, `values_max` values of each field."""
    where, parameters, last = await looked_at(connection, wanted.traces, None)
    of_span, values = conditions(wanted.terms)
    parameters |= values | {"traces_max": traces_max, "spans_max": spans_max}
    statement = _with(SQL.facets, where, of_span)
    counted = await count_values(connection, statement, parameters, values_max, counted_max)
    looked = await plan_and_fetch(connection, _with(SQL.looked_at, where, ""), parameters)
    is_cut = last is not None or any(traces >= traces_max or spans >= spans_max for traces, spans, *_ in looked)
    named = counted.facets | {"kind": _named(counted.facets["kind"])} if "kind" in counted.facets else counted.facets
    return replace(counted, facets=named, is_cut=counted.is_cut or is_cut)


async def read_entries(connection: Connection, project_id: int, lines: Sequence[SpanLine]) -> dict[SpanLine, Entry]:
    """What dialects say of these spans: type and dialect; nothing for a span that none knows."""
    asked = {
        "project_ids": [project_id] * len(lines),
        "trace_ids": [line.trace_id for line in lines],
        "span_keys": [span_key(line) for line in lines],
    }
    parts = [StoredPart(*row) for row in await plan_and_fetch(connection, PART_SQL.of_spans, asked)]
    entries = newest_entries(parts)
    found = {}
    for line in lines:
        of_day = entries.get((TraceKey(project_id, line.trace_id), line.bucket), {})
        if (entry := of_day.get(span_key(line))) is not None:
            found[line] = entry
    return found


def _named(kinds: Facet) -> Facet:
    """Kinds by the names that the filter knows."""
    names = {str(number): name for name, number in KIND_NUMBERS.items()}
    return replace(kinds, values=tuple(replace(kind, value=names.get(kind.value, kind.value)) for kind in kinds.values))


def _with(statement: bytes, where: str, of_span: str) -> bytes:
    return statement.replace(b"{where}", where.encode()).replace(b"{of_span}", of_span.encode())
