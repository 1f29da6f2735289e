"""Hourly roll-ups of interactions: who has changed an hour marks it, and its rows are made again of what is stored.

A mark is part of the transaction that changes an interaction, and goes in the transaction that replaces the rows of
its hour. So an hour without a mark is rolled up as it stands; of marked hours readers take the interactions themselves
(`rollup_reads.py`), and their answers are exact at any moment. What traces and feedback say of an interaction counts
in its hour once the interaction has been derived again.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.queries import load
from trace_store.rollups.figure_rollups import make_days, roll_up_figures

SQL = load("rollups")
HOUR_NS = 3_600_000_000_000
VALUES_MAX = 256  # of a dimension in one hour; each costs a bit per interaction
HOURS_MAX = 64  # of one look at the marks
ALL, UNLISTED = "all", "unlisted"  # dimensions: every interaction; dimensions that have more than VALUES_MAX values
Connection = psycopg.AsyncConnection[Any]


async def mark_hours(connection: Connection, starts: Collection[tuple[int, int]]) -> None:
    """Marks the hours of interactions by project and start, as part of the transaction that changes them."""
    if starts:
        project_ids, unix_nanos = zip(*starts, strict=True)
        await connection.execute(SQL.mark_hours, {"project_ids": list(project_ids), "starts": list(unix_nanos)})


class RollupWork:
    """Makes the roll-ups of marked hours over one connection; any number may work on one database."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: Connection | None = None

    async def step(self, delay_s: float, delay_s_max: float = 0) -> int:
        """Rolls up hours and days; returns how many. StoreUnavailable.

        An hour is due when nothing has changed in it for `delay_s`, or when it was marked `delay_s_max` ago.
        """
        with translate_errors():
            if self._connection is None:
                self._connection = await connect(self._conninfo, "rainbarrel roll-ups")
            parameters = {"delay_s": delay_s, "delay_s_max": max(delay_s, delay_s_max), "limit": HOURS_MAX}
            try:
                due = await (await self._connection.execute(SQL.due_hours, parameters)).fetchall()
                for project_id, hour in due:
                    await roll_up(self._connection, project_id, hour)
                made = await make_days(self._connection, time.time_ns())
            except psycopg.Error:
                await self.close()
                raise
        return len(due) + made

    async def close(self) -> None:
        """Closes the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def roll_up(connection: Connection, project_id: int, hour: int) -> None:
    """Replaces the rows of one hour, unless somebody else does it right now or has done it since it was found due;
    `connection` is in autocommit mode."""
    key: dict[str, Any] = {"project_id": project_id, "hour": hour}
    async with connection.transaction():
        ((is_ours,),) = await _fetch(connection, SQL.try_lock_hour, key)
        if not is_ours:
            return
        marks = [mark_id for (mark_id,) in await _fetch(connection, SQL.marks_of_hour, key)]
        if not marks:
            return  # to do it again would take the rows of its day away for a while
        rows = _rows(await _fetch(connection, SQL.read_hour, key))
        await connection.execute(SQL.delete_hour, key)
        if rows.values:
            columns = {"dimensions": rows.dimensions, "numbers": rows.numbers, "values": rows.values}
            columns |= {"members": rows.members, "users": rows.users, "conversations": rows.conversations}
            await connection.execute(SQL.insert_hour, key | columns)
        await roll_up_figures(connection, project_id, hour)
        await connection.execute(SQL.delete_marks, {"mark_ids": marks})


@dataclass(slots=True)
class _Rows:
    """The rows of one hour by column."""

    dimensions: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    users: list[int | None] = field(default_factory=list)
    conversations: list[int | None] = field(default_factory=list)

    def add(self, dimension: str, number: int, value: str, members: str) -> None:
        self.dimensions.append(dimension)
        self.numbers.append(number)
        self.values.append(value)
        self.members.append(members)


def _rows(found: Iterable[tuple[str, str, list[int], list[int | None] | None, list[int | None] | None]]) -> _Rows:
    """What `read_hour` found, as rows; a dimension with too many values is named in place of them."""
    rows, count = _Rows(), 0
    places: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for dimension, value, of_value, users, conversations in found:
        places[dimension][value] = of_value
        if dimension == ALL:
            count, rows.users, rows.conversations = len(of_value), users or [], conversations or []
    unlisted = sorted(dimension for dimension, values in places.items() if len(values) > VALUES_MAX)
    for number, dimension in enumerate(unlisted):
        del places[dimension]
        rows.add(UNLISTED, number, dimension, "0" * count)
    for dimension, values in places.items():
        for number, value in enumerate(sorted(values)):
            rows.add(dimension, number, value, _bits(values[value], count))
    return rows


def _bits(places: Iterable[int], count: int) -> str:
    """A bit string of PostgreSQL of so many bits, those at `places` set."""
    bits = bytearray(b"0" * count)
    for place in places:
        bits[place] = 49  # "1"
    return bits.decode()


async def _fetch(connection: Connection, query: bytes, parameters: dict[str, Any]) -> list[Any]:
    return await (await connection.execute(query, parameters)).fetchall()
