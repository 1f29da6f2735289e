"""What lists, pages and exports read: traces, their spans and logs, links, derived rows, totals."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from trace_store.connections import SQL as CONNECTION_SQL
from trace_store.database_errors import translate_errors
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.derived_tables import LLM_CALLS, LOOPS, TOOL_CALLS, TRACES
from trace_store.failpoints import reach
from trace_store.interactions.conversation_reads import (
    ConversationRows,
    GroupPlace,
    read_conversation,
    read_following,
    read_place,
)
from trace_store.lists.price_reads import UnpricedModel, read_llm_call, read_unpriced_models
from trace_store.lists.trace_filter import TraceCursor, TraceFilter
from trace_store.lists.trace_lists import Failing, ListFacets, read_facets, read_list, read_peek_calls, read_values
from trace_store.opened_trace import ALL_SPANS, OpenedTrace, read_opened
from trace_store.outline import ModelCallOutline, OutlineRow, read_model_calls, read_outline
from trace_store.span_reads import SQL, SpanReads, fetch, read_links, read_tree_rows
from trace_store.stored import Link, StoredLog, StoredSpan, TraceKey, TreeRow, newest, newest_stored
from trace_store.tiers import Tier, read_tier
from trace_store.tool_definitions import ToolDefinitionRow, read_definitions_of_call, read_definitions_of_tool

LIST_MAX = 500


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The database behind the store."""

    tier: Tier
    server_version: str
    timescaledb_version: str | None
    schema_version: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Totals of one project or of all."""

    spans: int  # distinct committed spans, within retention
    traces: int  # derived
    dirty: int  # due marks
    derive_lag_s: float  # age of the oldest due mark, 0 without one
    database: DatabaseFacts


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """What one commit kept of one signal, or the sum over several commits of the past."""

    received_at: datetime
    signal: str
    accepted: int
    duplicate: int
    rejected: dict[str, int]
    late: int
    bytes: int  # the column's name


class TraceReader:
    """Reads over a pool; StoreUnavailable when the database is away, QueryTimeout when a read takes too long."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._reads = SpanReads()
        self._held: psycopg.AsyncConnection[Any] | None = None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        with translate_errors():
            if self._held is not None:
                yield self._held
                return
            async with self._pool.connection() as connection:
                yield connection
                reach("render")

    @asynccontextmanager
    async def on_one_connection(self) -> AsyncIterator["TraceReader"]:
        """A reader for many small reads, one after the other: the pool checks a connection each time it lends it."""
        async with self._connection() as connection:
            held = TraceReader(self._pool)
            held._reads, held._held = self._reads, connection
            yield held

    @asynccontextmanager
    async def freely_planned(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection in a transaction whose statements are planned for their parameters, as lists need it."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(CONNECTION_SQL.plan_freely)
            yield connection

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """The same, where all statements see what was committed before the first of them."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(CONNECTION_SQL.see_one_moment)
            await connection.execute(CONNECTION_SQL.plan_freely)
            yield connection

    async def list_traces(
        self, wanted: TraceFilter, after: TraceCursor | None = None, limit: int = 50
    ) -> tuple[list[TraceRow], TraceCursor | None]:
        """A page of at most `limit` (500) traces, newest first, and the cursor of the next page if there is one."""
        async with self.freely_planned() as connection:
            return await read_list(connection, wanted, after, min(limit, LIST_MAX))

    async def facets(self, wanted: TraceFilter, values_max: int, failing: Failing = "failing") -> ListFacets:
        """What is counted of the traces of a filter, at most `values_max` values of each field."""
        async with self.freely_planned() as connection:
            return await read_facets(connection, wanted, values_max, failing)

    async def values(self, project_id: int, field: str, text: str, limit: int) -> list[tuple[str, int]]:
        """The values of a field of traces that contain a text, each with its count in the newest traces."""
        async with self.freely_planned() as connection:
            return await read_values(connection, project_id, field, text, limit)

    async def peek_calls(self, trace: TraceKey, limit: int) -> list[ToolCallRow]:
        """At most `limit` tool calls of a trace, those that failed first."""
        async with self._connection() as connection:
            return await read_peek_calls(connection, trace, limit)

    async def trace_row(self, trace: TraceKey) -> TraceRow | None:
        """The derived row of a trace; None before its first derivation."""
        rows = await self.trace_rows([trace])
        return rows[0] if rows else None

    async def trace_rows(self, traces: Sequence[TraceKey]) -> list[TraceRow]:
        """The derived rows of those of these traces that have one."""
        async with self._connection() as connection:
            return await TRACES.read(connection, traces)

    async def opened(self, trace: TraceKey, spans_max: int = ALL_SPANS) -> OpenedTrace:
        """A trace with its bytes and with the rules that it is read with, in one round trip; see `read_opened`."""
        async with self._connection() as connection:
            return await read_opened(connection, self._reads, trace, spans_max)

    async def stored_spans(self, trace: TraceKey) -> list[StoredSpan]:
        """The winning version of every span with its bytes, by start; empty for an unknown trace."""
        async with self._connection() as connection:
            return newest_stored(await self._reads.stored_spans(connection, [trace]))

    async def stored_span(self, trace: TraceKey, span_id: bytes) -> StoredSpan | None:
        """The winning version of one span."""
        async with self._connection() as connection:
            spans = newest_stored(await self._reads.stored_spans(connection, [trace], [span_id]))
        return spans[0] if spans else None

    async def logs(self, trace: TraceKey, span_ids: Sequence[bytes] | None = None) -> list[StoredLog]:
        """The log records of a trace by time; with `span_ids` only those of these spans."""
        async with self._connection() as connection:
            return await self._reads.stored_logs(connection, [trace], span_ids)

    async def outline(self, trace: TraceKey) -> list[OutlineRow]:
        """The winning version of every span, without bytes, by start; facts are unpacked as they are asked for."""
        async with self._connection() as connection:
            return await read_outline(connection, trace)

    async def steps_of_traces(self, traces: Sequence[TraceKey]) -> tuple[list[TreeRow], list[ToolCallRow]]:
        """The winning versions of the spans of several traces with their facts, and what `tool_calls` gives."""
        async with self._connection() as connection:
            rows, _ = await read_tree_rows(connection, traces)
            calls = await TOOL_CALLS.read(connection, traces)
        by_trace: dict[bytes, list[TreeRow]] = defaultdict(list)
        for row in rows:
            by_trace[row.row.trace_id].append(row)
        spans = [row for found in by_trace.values() for row in _winners(found)]
        return spans, [settled for call in calls if (settled := call.settled) is not None]

    async def llm_calls(self, trace: TraceKey) -> list[LlmCallRow]:
        """The derived LLM calls of a trace by start."""
        async with self._connection() as connection:
            return await LLM_CALLS.read(connection, [trace])

    async def model_calls(self, trace: TraceKey) -> list[ModelCallOutline]:
        """What the page of a trace needs of its LLM calls."""
        async with self._connection() as connection:
            return await read_model_calls(connection, trace)

    async def tool_calls(self, trace: TraceKey) -> list[ToolCallRow]:
        """The derived tool calls of a trace by start, as its group tells them."""
        return [settled for call in await self.own_tool_calls(trace) if (settled := call.settled) is not None]

    async def own_tool_calls(self, trace: TraceKey) -> list[ToolCallRow]:
        """The tool calls that a trace shows by itself, each with what its group says of it."""
        async with self._connection() as connection:
            return await TOOL_CALLS.read(connection, [trace])

    async def tool_call_of_span(self, trace: TraceKey, span_id: bytes) -> ToolCallRow | None:
        """The derived tool call that a span is; None when it is none."""
        return await self._tool_call(SQL.tool_call, trace._asdict() | {"call_key": span_id.hex()})

    async def previous_call(self, call: ToolCallRow) -> ToolCallRow | None:
        """The call of the same tool that began before this one, in the same trace; None for the first."""
        names = ("project_id", "trace_id", "name", "start_unix_nano", "call_key")
        return await self._tool_call(SQL.previous_call, {name: getattr(call, name) for name in names})

    async def _tool_call(self, query: bytes, parameters: dict[str, Any]) -> ToolCallRow | None:
        async with (
            self._connection() as connection,
            connection.cursor(binary=True, row_factory=class_row(ToolCallRow)) as cursor,
        ):
            await cursor.execute(query, parameters, prepare=True)
            call = await cursor.fetchone()
        return None if call is None else call.settled or call

    async def llm_call_of_span(self, trace: TraceKey, span_id: bytes) -> LlmCallRow | None:
        """The derived LLM call whose outermost span this is; None when it is none."""
        async with self._connection() as connection:
            return await read_llm_call(connection, trace, span_id)

    async def unpriced_models(self, project_id: int, limit: int = 100) -> tuple[list[UnpricedModel], int]:
        """At most `limit` (500) models without a price, those with most tokens first, and how many there are."""
        async with self.freely_planned() as connection:
            return await read_unpriced_models(connection, project_id, min(limit, LIST_MAX))

    async def tool_definitions_of_call(self, trace: TraceKey, span_id: bytes) -> list[ToolDefinitionRow]:
        """What the LLM call of a span offered its model, as far as rows name it (TOOL_DEFINITIONS_MAX)."""
        async with self._connection() as connection:
            return await read_definitions_of_call(connection, *trace, span_id)

    async def tool_definitions(self, project_id: int, name: str, limit: int = 50) -> list[ToolDefinitionRow]:
        """How a tool was defined over days and releases: those with a schema first, of these the last seen."""
        async with self._connection() as connection:
            return await read_definitions_of_tool(connection, project_id, name, min(limit, LIST_MAX))

    async def loops(self, trace: TraceKey) -> list[LoopRow]:
        """The derived loops that end in a trace by start."""
        async with self._connection() as connection:
            return await LOOPS.read(connection, [trace])

    async def conversation(
        self, project_id: int, name: str, offset: int = 0, limit: int = 50
    ) -> ConversationRows | None:
        """A page of the traces of a conversation id, or of the group around a trace id in hex; by time."""
        async with self._connection() as connection:
            return await read_conversation(connection, project_id, name, offset, min(limit, LIST_MAX))

    async def place_in_group(self, row: TraceRow) -> GroupPlace | None:
        """Where a trace stands among those it belongs to; None for one that stands alone."""
        async with self._connection() as connection:
            return await read_place(connection, row)

    async def following_in_group(self, row: TraceRow, limit: int) -> list[TraceRow]:
        """A trace and up to `limit` that follow it among those it belongs to, by time."""
        async with self._connection() as connection:
            return await read_following(connection, row, limit)

    async def links(self, trace: TraceKey, span_id: bytes | None = None) -> tuple[list[Link], list[Link]]:
        """The links that spans of a trace carry, and up to 1,000 links of other traces that point at it.

        With `span_id` the links that this span carries, and up to 1,000 of any span that point at it.
        """
        async with self._connection() as connection:
            carried = await read_links(connection, SQL.links_from, trace, span_id)
            return carried, await read_links(connection, SQL.links_to, trace, span_id)

    async def has_more_spans(self, trace: TraceKey, count: int) -> bool:
        """Whether more than `count` spans of a trace are stored, derived or not; versions of a span count each."""
        async with self._connection() as connection:
            parameters = trace._asdict() | {"limit": count + 1}
            ((found,),) = await fetch(connection, SQL.span_count_up_to, parameters)
        return bool(found > count)

    async def stats(self, project_id: int | None = None) -> Stats:
        """Totals of a project, or of all, from receipts and marks; marks and database are always of all."""
        async with self.freely_planned() as connection:
            ((spans, traces, dirty, lag_s),) = await fetch(connection, SQL.stats, {"project_id": project_id})
            (database,) = await fetch(connection, SQL.database)
            tier = await read_tier(connection)
        assert tier is not None
        return Stats(spans, traces, dirty, lag_s, DatabaseFacts(tier, *database))

    async def receipts(self, project_id: int, before: datetime | None = None, limit: int = 100) -> list[ReceiptRow]:
        """Receipts of a project, newest first; those of past hours are summed up per hour and signal."""
        parameters = {"project_id": project_id, "before": before, "limit": min(limit, LIST_MAX)}
        async with self.freely_planned() as connection:
            return [ReceiptRow(*row) for row in await fetch(connection, SQL.receipts, parameters)]


def _winners(rows: Sequence[TreeRow]) -> list[TreeRow]:
    """The newest version of each span of one trace, by start."""
    winners = set(newest(row.row for row in rows).values())
    return sorted(
        (row for row in rows if row.row in winners), key=lambda row: (row.row.start_unix_nano, row.row.span_id)
    )
