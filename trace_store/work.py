"""The queue of dirty units: a processor claims some, derives them and lets go of their marks, in one transaction.

    async with queue.claim() as claim:
        spans = await claim.new_spans()
        await claim.put_facts(...)
        await claim.replace(...)

Leaving the block deletes exactly the marks that the claim read and commits; an exception inside it leaves every mark
in place. A unit is locked for the claim's transaction, so that two processors never derive the same trace at once.
"""

import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from trace_store.claim import SQL, Claim, NewMark, Unit, insert_marks, take_unit, take_units
from trace_store.connections import SQL as CONNECTION_SQL
from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.failpoints import reach
from trace_store.flush import (
    UNIT_CONVERSATION,
    UNIT_CONVERSATION_SUMS,
    UNIT_INTERACTION,
    UNIT_LOG_BATCH,
    UNIT_TRACE,
    UNIT_TRACE_GROUP,
    UNIT_USER,
)
from trace_store.log_spans import LogSpanWriter
from trace_store.span_reads import SpanReads
from trace_store.tool_definitions import ToolDefinitionWriter

ALL_KINDS = (
    *(UNIT_TRACE, UNIT_INTERACTION, UNIT_CONVERSATION, UNIT_LOG_BATCH, UNIT_TRACE_GROUP),
    *(UNIT_USER, UNIT_CONVERSATION_SUMS),
)
UNITS_MAX = 128  # of one claim: the more, the fewer statements per span while a processor lags behind
MARKS_MAX = 4096  # how far a claim looks down the queue
ANALYZE_INTERVAL_S = 1.0  # between two looks for tables that have outgrown their statistics


class WorkQueue:
    """Claims units over one connection of its own, which it opens again after a failure."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._reads = SpanReads()
        self._log_spans = LogSpanWriter()
        self._tool_definitions = ToolDefinitionWriter()
        self._analyze_at_s = 0.0

    async def open(self) -> None:
        """Connects; raises StoreUnavailable when that fails."""
        with translate_errors():
            await self._connected()

    async def close(self) -> None:
        """Closes the connection; an open claim is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @asynccontextmanager
    async def claim(
        self,
        units_max: int = UNITS_MAX,
        kinds: Sequence[int] = ALL_KINDS,
        without: Collection[Unit] = (),
        only: Unit | None = None,
    ) -> AsyncIterator[Claim]:
        """Locks up to `units_max` units whose marks are due, oldest first; `claim.marks` is empty when none is.

        Leaves out units whose id is that of one `without`; or locks `only` one unit, whenever its marks are due.
        Raises StoreUnavailable when the database goes away: nothing of the claim is stored, then.
        """
        try:
            with translate_errors():
                connection = await self._connected()
                await connection.execute(SQL.begin)
                if only is None:
                    marks = await take_units(connection, units_max, MARKS_MAX, kinds, without)
                else:
                    marks = await take_unit(connection, only)
                claim = Claim(connection, self._reads, self._log_spans, self._tool_definitions, marks)
            yield claim
            with translate_errors():
                await claim.delete_marks()
                await self._tool_definitions.write(connection)
                if marks:
                    reach("derive")
                await connection.execute(SQL.commit)
            if marks:
                reach("derived")
            self._tool_definitions.committed()
            if marks:
                await self._analyze_young(connection)
        except BaseException:
            self._tool_definitions.rolled_back()
            await self._roll_back()
            raise

    async def mark(self, marks: Sequence[NewMark]) -> None:
        """Marks units dirty from outside a claim."""
        with translate_errors():
            await insert_marks(await self._connected(), marks)

    async def _analyze_young(self, connection: psycopg.AsyncConnection[Any]) -> None:
        if time.monotonic() >= self._analyze_at_s:
            with translate_errors():
                await connection.execute(SQL.analyze_young)
            self._analyze_at_s = time.monotonic() + ANALYZE_INTERVAL_S

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            connection = await connect(self._conninfo, "rainbarrel processor")
            await connection.execute(CONNECTION_SQL.set_up_lookups)
            self._connection = connection
            self._tool_definitions = ToolDefinitionWriter()
            self._log_spans = LogSpanWriter()  # blob ids are the database's, and it may be another one now
        return self._connection

    async def _roll_back(self) -> None:
        if self._connection is None:
            return
        try:
            await self._connection.execute(SQL.rollback)
        except psycopg.Error:  # the server rolls back by itself when the connection goes
            await self.close()
