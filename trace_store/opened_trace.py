"""Reads what the answer about one trace is made of in one round trip: its spans, its logs, and what applies to them."""

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import TupleRow

from trace_store.span_reads import SQL, Connection, SpanReads
from trace_store.stored import StoredLog, StoredSpan, TraceKey, newest_stored

ALL_SPANS = 2**40
_SPANS, _LOGS = 1, 2  # signals


class DerivedBefore(NamedTuple):
    """How a trace was derived, as far as an answer that derives it anew needs it."""

    derived_at: datetime
    live: bool
    group_id: bytes | None
    user_id: str | None
    conversation_id: str | None


class OpenedTrace(NamedTuple):
    """A trace with the rules that it is read with."""

    project: str  # slug; "" when there is no such project
    mapping: str  # that was saved for the project; "" for none, as the next one
    tool_rules: str
    derived: DerivedBefore | None  # None before its first derivation
    spans: list[StoredSpan]  # the winning version of every span, by start; none of an unknown trace
    logs: list[StoredLog]  # by time


async def read_opened(
    connection: Connection, reads: SpanReads, trace: TraceKey, spans_max: int = ALL_SPANS
) -> OpenedTrace:
    """A trace; without spans and logs when more than `spans_max` spans of it are stored, each version counted."""
    parameters = trace._asdict() | {"spans_max": spans_max}
    async with connection.pipeline():
        opening, records = connection.cursor(binary=True), connection.cursor(binary=True)
        await opening.execute(SQL.opening, parameters, prepare=True)
        await records.execute(SQL.opened_records, parameters, prepare=True)
    ((project, mapping, tool_rules, derived_at, *derived),) = await opening.fetchall()
    rows = await records.fetchall()
    return OpenedTrace(
        project or "",
        mapping or "",
        tool_rules or "",
        None if derived_at is None else DerivedBefore(derived_at, *derived),
        newest_stored(await reads.spans_in(connection, [row[1:] for row in rows if row[0] == _SPANS])),
        await reads.logs_in(connection, [_as_of_logs(trace, row) for row in rows if row[0] == _LOGS]),
    )


def _as_of_logs(trace: TraceKey, row: TupleRow) -> TupleRow:
    """A row of `opened_records` with the columns of `stored_logs`."""
    _, project_id, bucket, body, _, span_ids, _, times, _, event_names, _, _, _, *rest = row
    return project_id, trace.trace_id, bucket, body, span_ids, times, event_names, *rest
