"""Lists of tool calls and what is counted of them, at a cost that does not grow with the store.

A page looks at no more than LOOKED_AT_MAX calls that its index finds, or at the calls of LOOPS_MAX loops; one that
found less ends with a cursor there, so that the search can go on. Counts are over the newest COUNTED_MAX that match.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import psycopg

from trace_store.lists.call_filter import CallCursor, CallFilter, Looked, conditions, looked_at
from trace_store.lists.list_text import like_pattern
from trace_store.lists.trace_lists import ListFacets, count_values
from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch

SQL = load("call_lists")
LOOKED_AT_MAX = 10_000  # calls that a page of the list, or a count, looks at
LOOPS_MAX = 1_000  # loops, where only their calls are asked for
COUNTED_MAX = 5_000  # matching calls that a count reads
NAMED_MAX = 2_000  # calls whose values are suggested
SUGGESTED = {"tool": "name", "error": "error_type", "rule": "rule"}
LAST = 2**63 - 1

Connection = psycopg.AsyncConnection[Any]


class CallLine(NamedTuple):
    """A tool call as a list shows it, as the group of its trace tells it; times in Unix nanoseconds."""

    trace_id: bytes
    call_key: str
    span_id: bytes | None
    call_id: str | None
    name: str
    status: str
    rule: str
    recovered: bool
    is_passed_on: bool  # the error began in a call below, and counts there
    error_type: str | None
    error: str  # in a line; "" for none
    kind: str  # of finding; "" for none
    fingerprint: str  # of its issue; "" for none
    start_unix_nano: int
    end_unix_nano: int
    asked_in: bytes  # the trace of `asked_by`
    asked_by: bytes | None
    model: str | None  # that asked
    service_name: str
    release: str
    environment: str | None
    user_id: str | None
    conversation_id: str | None
    group_id: bytes | None
    agents: list[str]
    interaction_id: str | None

    @property
    def key(self) -> tuple[bytes, str]:
        """Which call it is, in its project."""
        return self.trace_id, self.call_key

    @property
    def cursor(self) -> CallCursor:
        """Where a page ends that it is the last of."""
        return CallCursor(self.start_unix_nano, self.trace_id, self.call_key)


async def read_calls(
    connection: Connection,
    wanted: CallFilter,
    after: CallCursor | None,
    limit: int,
    looked_at_max: int = LOOKED_AT_MAX,
    loops_max: int = LOOPS_MAX,
) -> tuple[list[CallLine], CallCursor | None]:
    """A page of at most `limit` tool calls, newest first, and where the next one begins if there may be more."""
    looked, parameters, end = await _looked(connection, wanted, after, looked_at_max, loops_max)
    where, values = conditions(wanted.terms)
    statement = SQL.calls.replace(b"{looked}", looked.query).replace(b"{where}", where.encode())
    found = await plan_and_fetch(connection, statement, parameters | values | {"limit": limit + 1})
    rows = [CallLine(*row) for row in found]
    if len(rows) > limit:
        rows.pop()
        return rows, rows[-1].cursor
    return rows, end or await _end(connection, looked, parameters)


async def read_call_facets(
    connection: Connection,
    wanted: CallFilter,
    values_max: int,
    counted_max: int = COUNTED_MAX,
    looked_at_max: int = LOOKED_AT_MAX,
) -> ListFacets:
    """The counts over the newest `counted_max` calls of a filter, `values_max` values of each field."""
    looked, parameters, end = await _looked(connection, wanted, None, looked_at_max, LOOPS_MAX)
    where, values = conditions(wanted.terms)
    statement = SQL.facets.replace(b"{looked}", looked.query).replace(b"{where}", where.encode())
    counted = await count_values(connection, statement, parameters | values, values_max, counted_max)
    if counted.is_cut or (end or await _end(connection, looked, parameters)) is None:
        return counted
    return replace(counted, is_cut=True)


async def read_looped(connection: Connection, project_id: int, lines: Sequence[CallLine]) -> set[tuple[bytes, str]]:
    """Which of these calls are part of a loop, by trace id and call key."""
    traces = list({line.trace_id for line in lines})
    groups = list({line.group_id for line in lines if line.group_id is not None})
    asked = {"project_id": project_id, "trace_ids": traces, "group_ids": groups}
    return {(trace_id, key) for trace_id, key in await plan_and_fetch(connection, SQL.looped, asked)}


async def read_call_values(
    connection: Connection, project_id: int, field: str, text: str, limit: int
) -> list[tuple[str, int]]:
    """The values of a field of SUGGESTED that contain a text, with how many of the newest calls have them."""
    statement = SQL.values.replace(b"{column}", SUGGESTED[field].encode())
    asked = {"project_id": project_id, "pattern": like_pattern(text) or "%", "limit": limit, "counted_max": NAMED_MAX}
    return [(row[0], row[1]) for row in await plan_and_fetch(connection, statement, asked)]


async def _looked(
    connection: Connection, wanted: CallFilter, after: CallCursor | None, looked_at_max: int, loops_max: int
) -> tuple[Looked, dict[str, Any], CallCursor | None]:
    """What is looked at, its parameters, and where the look ends where loops say so."""
    asked = {"project_id": wanted.project_id, "issue": wanted.issue}
    of_loops = wanted.issue is not None and bool(await plan_and_fetch(connection, SQL.issue_of_loops, asked))
    looked = looked_at(wanted, after, is_issue_of_loops=of_loops)
    since = wanted.since_unix_nano or 0
    until = LAST if after is None else after.start_unix_nano
    parameters = looked.parameters | {"looked_at_max": looked_at_max, "loops_since": since, "loops_until": until}
    if looked.is_by_loop:
        within = {name: parameters[name] for name in ("project_id", "issue_of_loops", "loops_until")}
        beyond = await plan_and_fetch(connection, SQL.first_loop_beyond, within | {"loops_max": loops_max})
        if beyond and since <= beyond[0][0] < until - 1:  # all calls of later starts are in the loops looked at
            end = CallCursor(beyond[0][0] + 1, b"", "")
            later = replace(wanted, since_unix_nano=end.start_unix_nano)
            bounded = looked_at(later, after, is_issue_of_loops=of_loops)
            return bounded, parameters | bounded.parameters | {"loops_since": end.start_unix_nano}, end
    elif wanted.asks_for_loops and (last := await _end(connection, looked, parameters)) is not None:
        parameters["loops_since"] = last.start_unix_nano
    return looked, parameters, None


async def _end(connection: Connection, looked: Looked, parameters: dict[str, Any]) -> CallCursor | None:
    """The last of the calls that are looked at, when there are as many as may be."""
    statement = SQL.last_looked_at.replace(b"{looked}", looked.query)
    found = await plan_and_fetch(connection, statement, parameters)
    return CallCursor(*found[0]) if found else None
