"""Counts of interactions for the query API: in all, per step of time, per value and per signal.

Questions that an index or the hourly roll-ups answer are exact over any range. All others read rows: over a range of
more than READ_MAX interactions they are answered from its newest ones, and `reach` says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

import psycopg

from trace_store.interactions.interaction_filters import Condition, filled, is_indexed, is_of_time, number_condition
from trace_store.queries import load
from trace_store.rollups.rollup_reads import FACETS as ROLLED_UP
from trace_store.rollups.rollup_reads import Question, RollupReads

SQL = load("interaction_counts")
READ_MAX = 100_000  # interactions that a question reads
CountBy = Literal["event_id", "user_id", "convo_id"]
Interval = Literal["minute", "hour", "day", "week", "month"]
FACETS = {"event_name": "event_name", "user_id": "user_id", "model": "model", "release": "release"}
FACETS |= {"environment": "environment"}
_COUNTED = {"event_id": "*", "user_id": "DISTINCT i.user_id", "convo_id": "DISTINCT i.conversation_id"}
_COUNT_ALL = {"user_id": SQL.count_all_users, "convo_id": SQL.count_all_conversations}


class Reach(NamedTuple):
    """An answer was counted over the newest interactions of its range alone."""

    interactions: int  # how many
    since_unix_nano: int  # they began later than this


@dataclass(frozen=True, slots=True)
class InteractionCounts:
    """Counts of one project over one connection, each with its reach (None: exact); the caller translates errors."""

    connection: psycopg.AsyncConnection[Any]
    project_id: int
    read_max: int = READ_MAX

    async def count(self, conditions: Sequence[Condition], count_by: CountBy) -> tuple[int, Reach | None]:
        """How many interactions, users or conversations."""
        if not conditions and count_by in _COUNT_ALL:
            return int((await self._fetch(_COUNT_ALL[count_by], {}))[0][0]), None
        if question := await self._rolled_up(conditions, count_by=count_by):
            if count_by == "event_id":
                return await self._rollups.count(question), None
            return await self._rollups.count_distinct(question, count_by), None
        within, reach = await self._within(conditions, is_of_index=count_by == "event_id")
        rows = await self._filtered(SQL.count, {"counted": _COUNTED[count_by]}, within, {})
        return int(rows[0][0]), reach

    async def timeseries(
        self, conditions: Sequence[Condition], count_by: CountBy, interval: Interval
    ) -> tuple[list[tuple[datetime, int]], Reach | None]:
        """The count per step of time in UTC, oldest first, without empty steps."""
        if interval != "minute" and (question := await self._rolled_up(conditions, count_by=count_by)):
            if count_by == "event_id":
                return await self._rollups.timeseries(question, interval), None
            return await self._rollups.timeseries_distinct(question, interval, count_by), None
        within, reach = await self._within(conditions, is_of_index=count_by == "event_id")
        statement = SQL.timeseries if count_by == "event_id" else SQL.timeseries_distinct
        given = {"interval": interval, "part_s": 60 if interval == "minute" else 3600}
        rows = await self._filtered(statement, {"counted": _COUNTED[count_by]}, within, given)
        return [(step, int(found)) for step, found in rows], reach

    async def facets(
        self, conditions: Sequence[Condition], field: str, count_by: CountBy, limit: int
    ) -> tuple[list[tuple[str, int]], Reach | None]:
        """The values of a field of FACETS, or of `tool`, that are met most."""
        if not conditions and (field, count_by) == ("user_id", "event_id"):
            return [(r[0], r[1]) for r in await self._fetch(SQL.facets_of_all_users, {"limit": limit})], None
        if field in ROLLED_UP and count_by == "event_id" and (question := await self._rolled_up(conditions, field)):
            return await self._rollups.facets(question, field, limit), None
        within, reach = await self._within(conditions)
        named = {"counted": _COUNTED[count_by], "column": FACETS.get(field, "")}
        statement = SQL.facets_of_tools if field == "tool" else SQL.facets
        return [(r[0], r[1]) for r in await self._filtered(statement, named, within, {"limit": limit})], reach

    async def facets_of_signals(
        self, conditions: Sequence[Condition], count_by: CountBy
    ) -> tuple[dict[tuple[str, str], int], Reach | None]:
        """The count per (kind, name) of a signal, as in SignalMet."""
        if count_by == "event_id" and (question := await self._rolled_up(conditions, "signal")):
            return await self._rollups.facets_of_signals(question), None
        within, reach = await self._within(conditions)
        rows = await self._filtered(SQL.facets_of_signals, {"counted": _COUNTED[count_by]}, within, {})
        return {(kind, name): found for kind, name, found in rows}, reach

    @property
    def _rollups(self) -> RollupReads:
        return RollupReads(self.connection, self.project_id)

    async def _rolled_up(
        self, conditions: Sequence[Condition], facet: str = "", count_by: CountBy = "event_id"
    ) -> Question | None:
        """How the roll-ups answer it; None when they cannot."""
        question = await self._rollups.question(conditions, self.read_max, facet)
        if question is None or count_by == "event_id" or await self._rollups.may_tell_apart(question):
            return question
        return None

    async def _within(
        self, conditions: Sequence[Condition], *, is_of_index: bool = False
    ) -> tuple[Sequence[Condition], Reach | None]:
        """The conditions, and where the range holds too many interactions, one that leaves its newest."""
        times = [one for one in conditions if is_of_time(one)]
        if any(map(is_indexed, conditions)) or (is_of_index and len(times) == len(conditions)):
            return conditions, None
        found = await self._filtered(SQL.reach, {}, times, {"beyond": self.read_max})
        if not found:
            return conditions, None
        since = int(found[0][0])
        return [*conditions, number_condition("start_unix_nano", "gt", since)], Reach(self.read_max, since)

    async def _filtered(
        self, statement: bytes, named: dict[str, str], conditions: Sequence[Condition], parameters: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        text, values = filled(statement, named, conditions)
        return await self._fetch(text, parameters | values)

    async def _fetch(self, statement: bytes, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        cursor = await self.connection.execute(statement, {"project_id": self.project_id} | parameters)
        return await cursor.fetchall()
