"""Roll-ups of what the start page counts: the rows of an hour, made with those of its interactions, and of days.

Triggers on the derived tables mark hours as changed (sql/migrations/0034_time_figures.sql); `rollups.py` has the rest
of how marked hours are replaced. A day is put together of its hours once it is over and none of them is marked.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from trace_store.queries import load
from trace_store.rollups.figures import Figures
from trace_store.rollups.user_sets import packed_users
from trace_store.span_reads import plan_and_fetch

SQL = load("figure_rollups")
ROWS_SQL = load("figures")
SORTS = {
    "traces": ROWS_SQL.traces,
    "interactions": ROWS_SQL.interactions,
    "findings": ROWS_SQL.findings,
    "loops": ROWS_SQL.loops,
    "tools": ROWS_SQL.tools,
    "callers": ROWS_SQL.callers,
    "issues": ROWS_SQL.issues,
}
HOUR_NS = 3_600_000_000_000
DAYS_MAX = 4  # that are made in one step
UNFILTERED: Mapping[str, Any] = {"release": None, "environment": None, "names": None}
Connection = psycopg.AsyncConnection[Any]


async def roll_up_figures(connection: Connection, project_id: int, hour: int) -> None:
    """Replaces the rows of an hour and removes those of its day; the caller has the lock of the hour."""
    since, until = hour * HOUR_NS, (hour + 1) * HOUR_NS
    asked = {**UNFILTERED, "project_id": project_id, "since": since, "until": until}
    asked |= {"origin": since, "step_ns": HOUR_NS}
    found = [row[1:] for query in SORTS.values() for row in await plan_and_fetch(connection, query, asked)]
    numbers = await _numbered(connection, project_id, {user for row in found for user in row[5] or ()})
    rows = []
    for sort, release, environment, name, sums, users, affected, durations, latest in found:
        sets = [packed_users(numbers[user] for user in part or ()) for part in (users, affected)]
        packed = array("q", durations or ()).tobytes()
        rows.append((sort, release, environment, name, list(sums), *sets, packed, latest))
    await connection.execute(SQL.lock_day, {"project_id": project_id, "hour": hour})
    await connection.execute(SQL.delete_figures, {"project_id": project_id, "hour": hour, "sorts": list(SORTS)})
    await _insert(connection, project_id, 1, hour, rows)


async def make_days(connection: Connection, now_unix_nano: int) -> int:
    """Makes the rows of some days that are over and have none; returns how many."""
    before = now_unix_nano // HOUR_NS // 24 * 24
    days = await plan_and_fetch(connection, SQL.days_to_make, {"before": before, "limit": DAYS_MAX})
    for project_id, hour in days:
        async with connection.transaction():
            asked = {"project_id": project_id, "hour": hour, "sorts": list(SORTS)}
            await connection.execute(SQL.lock_day, asked)
            parts: defaultdict[tuple[str, str, str, str], Figures] = defaultdict(Figures)
            for row in await plan_and_fetch(connection, SQL.read_hours, asked):
                parts[row[:4]].add_packed(*row[4:])
            rows = [
                (*key, part.sums, *sets, part.packed_durations(), part.latest_unix_nano)
                for key, part in sorted(parts.items())
                for sets in [(part.users.packed(), part.users_affected.packed())]
            ]
            await connection.execute(SQL.delete_day, asked)
            await _insert(connection, project_id, 24, hour, rows)
    return len(days)


async def numbers_of(connection: Connection, project_id: int, hashes: Iterable[int]) -> dict[int, int]:
    """The numbers of users, of those that have one."""
    asked = {"project_id": project_id, "hashes": list(hashes)}
    return dict(await plan_and_fetch(connection, SQL.numbers_of_users, asked)) if asked["hashes"] else {}


async def _numbered(connection: Connection, project_id: int, hashes: set[int]) -> dict[int, int]:
    """The numbers of users; those that have none get one."""
    known = await numbers_of(connection, project_id, hashes)
    if missing := sorted(hashes - known.keys()):
        await connection.execute(SQL.number_users, {"project_id": project_id, "hashes": missing})
        known |= await numbers_of(connection, project_id, missing)
    return known


async def _insert(
    connection: Connection, project_id: int, hours: int, hour: int, rows: Iterable[tuple[Any, ...]]
) -> None:
    names = (
        "sort",
        "release",
        "environment",
        "name",
        "sums",
        "users",
        "users_affected",
        "durations",
        "latest_unix_nano",
    )
    key = {"project_id": project_id, "hours": hours, "hour": hour}
    new = [{**key, "number": number, **dict(zip(names, row, strict=True))} for number, row in enumerate(rows)]
    if new:
        async with connection.cursor() as cursor:
            await cursor.executemany(SQL.insert_figure, new)
