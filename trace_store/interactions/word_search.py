"""Keyword search: the newest interactions first, a slice of their time after the other, until a page is full.

The index of words knows the hours of a project, so that a slice reads only the words that meet the search in it,
however many others do; whole interactions are read for the page alone. The statements must see the same moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from trace_store.interactions.interaction_filters import Condition, filled, is_of_time
from trace_store.interactions.interaction_rows import InteractionRow
from trace_store.queries import load
from trace_store.rollups.rollup_conditions import UNBOUNDED_NS, range_of
from trace_store.rollups.rollups import HOUR_NS

SQL = load("word_search")
SLICES = (1000, 8000, 64_000)  # interactions that they look at; the last one looks at all the others
HOURS_MAX = 1000  # by which the index is asked; a longer slice is told apart by the time of its words


@dataclass(frozen=True, slots=True)
class WordSearch:
    """A search of one project over one connection; the caller translates errors."""

    connection: psycopg.AsyncConnection[Any]
    project_id: int
    tsquery: str  # search_words.py
    sides: Sequence[int]

    async def page(
        self, conditions: Sequence[Condition], after: tuple[int, str] | None, limit: int
    ) -> list[InteractionRow]:
        """At most `limit` interactions with the words that meet the conditions, newest first, after a start and id."""
        within, others = range_of(conditions), conditions
        since, until = -UNBOUNDED_NS, UNBOUNDED_NS
        if within:
            since, until = within.since, within.until
            others = [one for one in conditions if not is_of_time(one)]
        if after:
            until = min(until, after[0] + 1)
        found: list[InteractionRow] = []
        for size in (*SLICES, None):
            begin = await self._start_of_slice(since, until, size)
            found += await self._slice(others, (begin, until), after, limit - len(found))
            if begin == since or len(found) == limit:
                break
            until = begin
        return found

    async def _start_of_slice(self, since: int, until: int, size: int | None) -> int:
        """Where so many newest interactions of a time begin; all of them begin where the time does."""
        if size is None:
            return since
        asked = {"project_id": self.project_id, "since": since, "until": until, "beyond": size}
        rows = await (await self.connection.execute(SQL.start_of_slice, asked)).fetchall()
        return int(rows[0][0]) if rows else since

    async def _slice(
        self, others: Sequence[Condition], time: tuple[int, int], after: tuple[int, str] | None, limit: int
    ) -> list[InteractionRow]:
        since, until = await self._stored(*time)
        if since >= until:
            return []
        keys = hour_keys(self.project_id, since, until)
        text, values = filled(
            SQL.page_of_some if others else SQL.page_of_all,
            {"of_hours": SQL.of_hours.decode() if keys else "true"},
            others,
        )
        asked = {"project_id": self.project_id, "words": self.tsquery, "sides": list(self.sides), "keys": keys}
        asked |= {"since": since, "until": until, "limit": limit}
        asked |= {"after_start": after and after[0], "after_id": after and after[1]}
        async with self.connection.cursor(row_factory=class_row(InteractionRow)) as cursor:
            await cursor.execute(text, asked | values)
            return await cursor.fetchall()

    async def _stored(self, since: int, until: int) -> tuple[int, int]:
        """The part of a time that has interactions at its ends."""
        asked = {"project_id": self.project_id, "since": since, "until": until}
        ((first, last),) = await (await self.connection.execute(SQL.stored_times, asked)).fetchall()
        return (until, until) if first is None else (first, last + 1)


def hour_keys(project_id: int, since: int, until: int) -> list[int]:
    """What the index of words has for the hours of a time; nothing for too many hours."""
    first, last = _hour(since), _hour(until - 1)
    if last - first >= HOURS_MAX:
        return []
    return [(project_id << 32) + hour for hour in range(first, last + 1)]


def _hour(unix_nano: int) -> int:
    """As PostgreSQL divides: towards 1970."""
    return unix_nano // HOUR_NS if unix_nano >= 0 else -(-unix_nano // HOUR_NS)
