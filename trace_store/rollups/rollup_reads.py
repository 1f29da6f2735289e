"""Counts of interactions from their hourly roll-ups, exact at any moment.

An hour that is marked as changed, one of which a question wants a part, and one in which a dimension has too many
values are read as rows. The statements of one question must see the same moment (`TraceReader.at_one_moment`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from trace_store.interactions.interaction_filters import (
    Condition,
    filled,
    fragment_of,
    is_of_time,
    number_condition,
    of_few,
)
from trace_store.interactions.interaction_rows import InteractionRow
from trace_store.queries import load
from trace_store.rollups.rollup_conditions import DIMENSIONS, UNBOUNDED_NS, Range, Selection, range_of, selections_of
from trace_store.rollups.rollups import HOUR_NS

SQL = load("rollup_reads")
HOUR_MAX = UNBOUNDED_NS // HOUR_NS
HASHES_MAX = 200_000  # interactions whose users or conversations a question tells apart
LISTED_LIVE_MAX = 20_000  # interactions that a list looks at one by one rather than go by the index
HASHES = {"user_id": ("users", "user_id"), "convo_id": ("conversations", "conversation_id")}
FACETS = (*DIMENSIONS, "tool", "signal")
_DESCENDING = {"direction": "DESC", "direction_of_id": "ASC", "beyond": "<", "beyond_id": ">"}
_ASCENDING = {"direction": "ASC", "direction_of_id": "DESC", "beyond": ">", "beyond_id": "<"}
_OF_SIGNALS = ("tool_error", "loop", "own", "posted")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and which parts of the time are read as rows."""

    conditions: Sequence[Condition]
    selections: Sequence[Selection]
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RollupReads:
    """Counts of one project over one connection; the caller translates errors."""

    connection: psycopg.AsyncConnection[Any]
    project_id: int

    async def question(
        self, conditions: Sequence[Condition], live_max: int, facet: str = "", live_hour: int | None = None
    ) -> Question | None:
        """How roll-ups answer a question, which may be for the values of a `facet`; `live_hour` is read as rows anyhow.

        None when they cannot, or when more than `live_max` interactions would have to be read as rows.
        """
        selections, within = selections_of(conditions), range_of(conditions)
        if selections is None or within is None:
            return None
        hours = (max(-HOUR_MAX, -(-within.since // HOUR_NS)), min(HOUR_MAX, within.until // HOUR_NS))
        if hours[0] >= hours[1]:
            return None
        dimensions = [selection.dimension for selection in selections]
        dimensions += _OF_SIGNALS if facet == "signal" else [facet]
        parameters = {"hour_since": hours[0], "hour_until": hours[1], "dimensions": dimensions}
        live_hours = [hour for (hour,) in await self._fetch(SQL.live_hours, parameters)]
        if live_hour is not None and hours[0] <= live_hour < hours[1]:
            live_hours = sorted({*live_hours, live_hour})
        parts = _live_parts(within, hours, live_hours)
        parameters |= {"live_hours": live_hours, "live_since": [part.since for part in parts]}
        parameters |= {"live_until": [part.until for part in parts], "limit": live_max + 1}
        if parts and (await self._fetch(SQL.live_count, parameters))[0][0] > live_max:
            return None
        return Question([of_few(condition) for condition in conditions], selections, parameters)

    async def may_tell_apart(self, question: Question) -> bool:
        """Whether the hours hold so few interactions that their users or conversations can be told apart in time."""
        return bool((await self._fetch(SQL.settled_count, question.parameters))[0][0] <= HASHES_MAX)

    async def page(
        self, conditions: Sequence[Condition], descending: bool, after: tuple[int, str] | None, limit: int
    ) -> list[InteractionRow] | None:
        """A page of interactions by start; None when the conditions are on time alone, or roll-ups cannot tell them."""
        if all(map(is_of_time, conditions)):
            return None
        bound = [number_condition("start_unix_nano", "lte" if descending else "gte", after[0])] if after else []
        live_hour = after[0] // HOUR_NS if after else None
        question = await self.question([*conditions, *bound], LISTED_LIVE_MAX, live_hour=live_hour)
        if question is None:
            return None
        start, event_id = after or (None, None)
        statement, parameters = _statement(SQL.page, question, _DESCENDING if descending else _ASCENDING)
        parameters |= {"project_id": self.project_id, "limit": limit, "after_start": start, "after_id": event_id}
        async with self.connection.cursor(row_factory=class_row(InteractionRow)) as cursor:
            await cursor.execute(statement, parameters)
            return await cursor.fetchall()

    async def count(self, question: Question) -> int:
        """How many interactions."""
        return int((await self._ask(SQL.count, question))[0][0])

    async def count_distinct(self, question: Question, count_by: str) -> int:
        """How many users or conversations: one of HASHES."""
        return int((await self._ask(SQL.count_distinct, question, _hashes(count_by)))[0][0])

    async def timeseries(self, question: Question, interval: str) -> list[tuple[datetime, int]]:
        """Interactions per step of an hour or more, oldest first, without empty steps."""
        return [(row[0], row[1]) for row in await self._ask(SQL.timeseries, question, interval=interval)]

    async def timeseries_distinct(self, question: Question, interval: str, count_by: str) -> list[tuple[datetime, int]]:
        """The same of users or conversations."""
        rows = await self._ask(SQL.timeseries_distinct, question, _hashes(count_by), interval=interval)
        return [(row[0], row[1]) for row in rows]

    async def facets(self, question: Question, facet: str, limit: int) -> list[tuple[str, int]]:
        """The values of one of FACETS but signals that most interactions have."""
        statement = SQL.facets_of_tools if facet == "tool" else SQL.facets
        rows = await self._ask(statement, question, {"column": facet}, facet=facet, limit=limit)
        return [(row[0], row[1]) for row in rows]

    async def facets_of_signals(self, question: Question) -> dict[tuple[str, str], int]:
        """How many interactions have each signal, by kind and name."""
        return {(row[0], row[1]): row[2] for row in await self._ask(SQL.facets_of_signals, question)}

    async def _ask(
        self, statement: bytes, question: Question, named: dict[str, str] | None = None, **given: Any
    ) -> list[tuple[Any, ...]]:
        text, parameters = _statement(statement, question, named or {})
        return await self._fetch(text, parameters | given)

    async def _fetch(self, statement: bytes, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        cursor = await self.connection.execute(statement, {"project_id": self.project_id} | parameters)
        return await cursor.fetchall()


def _statement(statement: bytes, question: Question, named: dict[str, str]) -> tuple[bytes, dict[str, Any]]:
    """A statement for a question with its parameters; `named` are words of this module."""
    meeting, of_bits = _meeting(question.selections)
    text, of_rows = filled(statement, {"meeting": meeting} | named, question.conditions)
    positive = sum(not selection.condition.negated for selection in question.selections)
    return text, question.parameters | of_bits | of_rows | {"positive_count": 1 + positive}


def _meeting(selections: Sequence[Selection]) -> tuple[str, dict[str, Any]]:
    """A part of the statement for each selection, and its parameters."""
    text = ""
    parameters: dict[str, Any] = {}
    for number, selection in enumerate(selections):
        condition, values = fragment_of(selection.condition, f"rolled_{number}")
        words = {"is_negated": str(selection.condition.negated).lower(), "dimension": selection.dimension}
        part = SQL.meeting.decode()
        for name, word in (words | {"condition": condition}).items():
            part = part.replace(f"{{{name}}}", word)
        text += f" {part}"
        parameters |= values
    return text, parameters


def _hashes(count_by: str) -> dict[str, str]:
    hash_column, column = HASHES[count_by]
    return {"hash_column": hash_column, "column": column}


def _live_parts(within: Range, hours: tuple[int, int], live_hours: Iterable[int]) -> list[Range]:
    """What is read as rows: these hours, and what the range has before its first whole hour and after its last."""
    parts = [Range(within.since, hours[0] * HOUR_NS)] if within.since > -UNBOUNDED_NS else []
    parts += [Range(hour * HOUR_NS, (hour + 1) * HOUR_NS) for hour in live_hours]
    parts += [Range(hours[1] * HOUR_NS, within.until)] if within.until < UNBOUNDED_NS else []
    merged: list[Range] = []
    for part in parts:
        if part.since < part.until and merged and merged[-1].until == part.since:
            merged[-1] = Range(merged[-1].since, part.until)
        elif part.since < part.until:
            merged.append(part)
    return merged
