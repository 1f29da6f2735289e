"""Groups of traces that belong together, inside a claim: who is in one, what their rows say, what is written back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from trace_store.database_errors import translate_errors
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.derived_tables import LLM_CALLS, LOOPS, TOOL_CALLS, TRACES
from trace_store.json_columns import json_text
from trace_store.queries import load
from trace_store.span_reads import fetch
from trace_store.stored import TraceKey

SQL = load("groups")


class Member(NamedTuple):
    """A derived trace, with what it is known by in a group."""

    project_id: int
    trace_id: bytes
    group_id: bytes | None
    conversation_id: str | None

    @property
    def key(self) -> TraceKey:
        """The trace."""
        return TraceKey(self.project_id, self.trace_id)


@dataclass(slots=True)
class DerivedTraceRows:
    """What the derived tables hold of some traces."""

    traces: list[TraceRow] = field(default_factory=list)
    llm_calls: list[LlmCallRow] = field(default_factory=list)
    tool_calls: list[ToolCallRow] = field(default_factory=list)
    loops: list[LoopRow] = field(default_factory=list)


class GroupResult(NamedTuple):
    """What a group says of one of its traces."""

    trace: TraceKey
    group_id: bytes | None  # None: the trace stands alone from now on
    counts: dict[str, Any]  # the columns of `traces` that count calls, loops, tokens and money
    steps: str
    says: dict[str, dict[str, Any] | None]  # of tool calls by call key; only of those where it changed
    loops: list[LoopRow] | None  # None: as they are
    told_in: dict[bytes, bytes | None]  # of model calls by span id, the trace that counts it; of those where it changed


class TraceGroups:
    """Reads and writes over the connection of a claim; everything is part of its transaction."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def try_lock(self, project_id: int) -> bool:
        """Whether this claim may settle the groups of a project; nobody else does until the transaction ends."""
        with translate_errors():
            ((is_ours,),) = await fetch(self._connection, SQL.try_lock_project, {"project_id": project_id})
        return bool(is_ours)

    async def try_lock_traces(self, traces: Collection[TraceKey]) -> set[TraceKey]:
        """Those of the traces that no other processor derives now; they stay locked."""
        return {TraceKey(*row) for row in await self._fetch(SQL.try_lock_traces, traces)} if traces else set()

    async def of_conversations(self, project_id: int, conversation_ids: Sequence[str]) -> list[Member]:
        """The derived traces of these conversations."""
        parameters = {"project_id": project_id, "conversation_ids": list(conversation_ids)}
        with translate_errors():
            return [Member(*row) for row in await fetch(self._connection, SQL.of_conversations, parameters)]

    async def of_traces(self, traces: Collection[TraceKey]) -> list[Member]:
        """Those of the traces that have been derived."""
        return [Member(*row) for row in await self._fetch(SQL.of_traces, traces)] if traces else []

    async def members(self, traces: Collection[TraceKey]) -> list[Member]:
        """These traces, and all that share a group or a conversation with one of them."""
        return [Member(*row) for row in await self._fetch(SQL.members, traces)] if traces else []

    async def same_responses(self, traces: Collection[TraceKey], duration_ns: int) -> list[tuple[int, bytes, bytes]]:
        """Project, one of the traces and another that may tell a model call of it, which began at most `duration_ns`
        nanoseconds earlier."""
        rows = await self._fetch(SQL.same_responses, traces, duration=duration_ns) if traces else []
        return [(project_id, one, other) for project_id, one, other in rows]

    async def neighbours(self, traces: Collection[TraceKey], window_ns: int) -> list[tuple[int, bytes, bytes]]:
        """Project, one of the traces and another that may ask for or answer a call of it, at most `window_ns`
        nanoseconds earlier or later."""
        rows = await self._fetch(SQL.neighbours, traces, window=window_ns) if traces else []
        return [(project_id, one, other) for project_id, one, other in rows]

    async def links(self, traces: Collection[TraceKey]) -> list[tuple[int, bytes, bytes]]:
        """Project and two different traces that a span link joins, for every link from or to one of the traces."""
        rows = await self._fetch(SQL.links, traces) if traces else []
        return [(project_id, one, other) for project_id, one, other in rows]

    async def read(self, traces: Collection[TraceKey]) -> DerivedTraceRows:
        """The derived rows of these traces."""
        with translate_errors():
            return DerivedTraceRows(
                await TRACES.read(self._connection, traces),
                await LLM_CALLS.read(self._connection, traces),
                await TOOL_CALLS.read(self._connection, traces),
                await LOOPS.read(self._connection, traces),
            )

    async def write(self, results: Sequence[GroupResult]) -> None:
        """Writes what groups say; the caller holds the locks of the traces."""
        if not results:
            return
        traces = [
            result.trace._asdict() | {"group_id": result.group_id, "steps": result.steps} | result.counts
            for result in results
        ]
        calls = [
            result.trace._asdict() | {"call_key": key, "group_says": says}
            for result in results
            for key, says in result.says.items()
        ]
        with translate_errors():
            await self._connection.execute(SQL.update_traces, {"rows": json_text(traces)})
            if calls:
                await self._connection.execute(SQL.update_calls, {"rows": json_text(calls)})
            told_in = [
                result.trace._asdict() | {"span_id": span_id, "told_in": trace_id}
                for result in results
                for span_id, trace_id in result.told_in.items()
            ]
            if told_in:
                await self._connection.execute(SQL.update_llm_calls, {"rows": json_text(told_in)})
            changed = [result for result in results if result.loops is not None]
            loops = [loop for result in changed for loop in result.loops or ()]
            if changed:
                await LOOPS.replace(self._connection, [result.trace for result in changed], loops)

    async def _fetch(self, query: bytes, traces: Collection[TraceKey], **more: Any) -> list[Any]:
        parameters = {"project_ids": [trace[0] for trace in traces], "trace_ids": [trace[1] for trace in traces]} | more
        with translate_errors():
            return await fetch(self._connection, query, parameters)
