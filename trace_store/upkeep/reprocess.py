"""Marks what is stored dirty again, page by page, so that the processor derives it with today's rules.

The marks have low priority: what arrives goes first. Marking twice is marking once, so that an interrupted run is
simply started again: what was derived meanwhile is no longer outdated.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError
from trace_store.flush import UNIT_INTERACTION, UNIT_TRACE
from trace_store.interactions.interaction_rows import INTERACTION_VERSION
from trace_store.queries import load
from trace_store.writer import lock_rewrites

SQL = load("reprocess")
MAPPING_SQL = load("mappings")
PAGE = 256
OUTDATED_COUNTED_MAX = 100_000  # a sentence that says more says "more than"


class UnknownTraces(RainbarrelError):
    """Traces that are asked for are not stored."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is derived again in one project."""

    project_id: int
    derived_by: str | None  # only what other rules than these derived; None: everything
    since_unix_nano: int | None = None


class Outdated(NamedTuple):
    """What other rules derived than those in force."""

    traces: int
    interactions: int


class Reprocess:
    """One run of marking over one connection; StoreUnavailable when the database goes away."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def rules_in_force(self) -> dict[int, str]:
        """What the processor derives each project with, as it said last; empty when none ever ran."""
        return {int(row[0]): str(row[1]) for row in await self._rows(MAPPING_SQL.rules_in_force)}

    async def count(self, choice: Choice) -> int:
        """How many traces are chosen."""
        rows = await self._rows(SQL.count_chosen, _parameters(choice))
        return int(rows[0][0])

    async def count_interactions(self, choice: Choice) -> int:
        """How many interactions are chosen."""
        return int((await self._rows(SQL.count_chosen_interactions, _parameters(choice)))[0][0])

    async def count_outdated(self, up_to: int = OUTDATED_COUNTED_MAX) -> Outdated:
        """How much other rules derived than those in force, each counted no further than just over `up_to`."""
        in_force = (await self.rules_in_force()).items()
        traces = sum([await self.count_other_than(project_id, rules, up_to) for project_id, rules in in_force])
        parameters = {"version": INTERACTION_VERSION, "limit": up_to + 1}
        return Outdated(traces, int((await self._rows(SQL.count_outdated_interactions, parameters))[0][0]))

    async def count_other_than(self, project_id: int, derived_by: str, up_to: int = OUTDATED_COUNTED_MAX) -> int:
        """How many traces of a project other rules than these derived, counted no further than just over `up_to`."""
        parameters = {"project_id": project_id, "derived_by": derived_by, "limit": up_to + 1}
        return int((await self._rows(SQL.count_outdated, parameters))[0][0])

    async def pages(self, choice: Choice) -> AsyncIterator[list[bytes]]:
        """The ids of the chosen traces, newest first, in pages."""
        after: dict[str, Any] = {"after_start": None, "after_trace_id": None, "limit": PAGE}
        while rows := await self._rows(SQL.chosen, _parameters(choice) | after):
            yield [row[1] for row in rows]
            after |= {"after_start": rows[-1][0], "after_trace_id": rows[-1][1]}

    async def mark_log_batches(self, choice: Choice) -> AsyncIterator[int]:
        """Marks all log batches (records of no trace), page by page, and says how many; no version is kept of these."""
        after: int | None = -1
        while True:
            parameters = _parameters(choice) | {"after": after, "limit": PAGE}
            with translate_errors():
                async with self._connection.transaction():
                    await lock_rewrites(self._connection, [choice.project_id])
                    rows = await self._rows(SQL.mark_log_batches, parameters)
            after, marked = rows[0]
            if after is None:
                return
            yield int(marked)

    async def mark_interactions(self, choice: Choice) -> AsyncIterator[int]:
        """Marks the chosen interactions, page by page in the order of their ids, and says how many."""
        after: str | None = ""
        while True:
            parameters = _parameters(choice) | {"after": after, "limit": PAGE}
            rows = await self._rows(SQL.mark_interactions_again, parameters)
            after, marked = rows[0]
            if after is None:
                return
            yield int(marked)

    async def mark_traces(self, project_id: int, trace_ids: Sequence[bytes]) -> None:
        """Marks traces dirty, each once."""
        await self._mark(project_id, UNIT_TRACE, trace_ids)

    async def mark_interactions_of(self, project_id: int, trace_ids: Sequence[bytes]) -> int:
        """Marks the interactions of these traces dirty; how many they are."""
        rows = await self._rows(SQL.interactions_of, {"project_id": project_id, "trace_ids": list(trace_ids)})
        await self._mark(project_id, UNIT_INTERACTION, [row[0].encode() for row in rows])
        return len(rows)

    async def check_known(self, project_id: int, trace_ids: Sequence[bytes]) -> None:
        """Raises UnknownTraces naming those that have no spans."""
        rows = await self._rows(SQL.known_traces, {"project_id": project_id, "trace_ids": list(trace_ids)})
        unknown = sorted({*trace_ids} - {row[0] for row in rows})
        if unknown:
            raise UnknownTraces(f"No span of trace {', '.join(trace.hex() for trace in unknown)} is stored.")

    async def waiting(self) -> int:
        """How many units wait to be derived again."""
        return int((await self._rows(SQL.waiting))[0][0])

    async def _mark(self, project_id: int, unit_kind: int, unit_ids: Sequence[bytes]) -> None:
        parameters = {"project_id": project_id, "unit_kind": unit_kind, "unit_ids": list(unit_ids)}
        with translate_errors():
            await self._connection.execute(SQL.mark_again, parameters)

    async def _rows(self, query: bytes, parameters: dict[str, Any] | None = None) -> list[Any]:
        with translate_errors():
            return await (await self._connection.execute(query, parameters)).fetchall()


@asynccontextmanager
async def open_reprocess(conninfo: str) -> AsyncIterator[Reprocess]:
    """A run over a connection of its own."""
    with translate_errors():
        connection = await connect(conninfo, "rainbarrel reprocess")
    async with connection:
        yield Reprocess(connection)


async def count_outdated(conninfo: str, up_to: int = OUTDATED_COUNTED_MAX) -> Outdated:
    """How much other rules derived than those in force, each counted no further than just over `up_to`."""
    async with open_reprocess(conninfo) as run:
        return await run.count_outdated(up_to)


def _parameters(choice: Choice) -> dict[str, Any]:
    return {
        "project_id": choice.project_id,
        "derived_by": choice.derived_by,
        "version": INTERACTION_VERSION,
        "since": choice.since_unix_nano,
    }
