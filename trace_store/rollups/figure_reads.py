"""What is counted within a time: of whole days and hours from roll-ups, of the rest from the rows; exact at any moment.

An hour that is marked as changed and one of which a time has a part are read as rows. The statements of one time must
see the same moment (`TraceReader.at_one_moment`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from trace_store.rollups.figure_rollups import HOUR_NS, SORTS, SQL, numbers_of
from trace_store.rollups.figures import Figures
from trace_store.span_reads import plan_and_fetch

DAY_HOURS = 24
Found = dict[tuple[str, str, int], Figures]  # by sort, name and step


@dataclass(frozen=True, slots=True)
class Parts:
    """How a time is read: days and hours from roll-ups, the rest, in Unix nanoseconds, as rows."""

    days: list[int]  # first hours
    hours: list[tuple[int, int]]  # runs: the first, and the one after the last
    live: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class FigureReads:
    """Figures of one project within a time over one connection, at one moment; `until` is exclusive."""

    connection: psycopg.AsyncConnection[Any]
    project_id: int
    since_unix_nano: int
    until_unix_nano: int
    release: str | None = None
    environment: str | None = None
    _known: dict[bool, Parts] = field(default_factory=dict, init=False, compare=False)

    async def by_step(
        self, sorts: Collection[str], origin_unix_nano: int, step_ns: int, names: Sequence[str] | None = None
    ) -> Found:
        """The figures of each step; a step that is no whole number of hours is read as rows."""
        parts = await self._parts_of_steps(origin_unix_nano, step_ns)
        return await self.of_parts(sorts, parts, {"origin": origin_unix_nano, "step_ns": step_ns}, names)

    async def whole(self, sorts: Collection[str], names: Sequence[str] | None) -> Found:
        """The figures of the whole time as one step."""
        return await self.of_parts(sorts, await self._parts(with_days=True), self._whole(), names)

    async def sums(self, sorts: Collection[str], names: Sequence[str] | None = None) -> Found:
        """The sums of the whole time; callers are asked for by tools, issues by fingerprints."""
        return await self._sums(sorts, await self._parts(with_days=True), self._whole(), names)

    async def sums_by_step(
        self, sorts: Collection[str], origin_unix_nano: int, step_ns: int, names: Sequence[str] | None = None
    ) -> Found:
        """The sums of each step; a step that is no whole number of hours is read as rows."""
        parts = await self._parts_of_steps(origin_unix_nano, step_ns)
        return await self._sums(sorts, parts, {"origin": origin_unix_nano, "step_ns": step_ns}, names)

    async def _sums(
        self, sorts: Collection[str], parts: Parts, steps: Mapping[str, int], names: Sequence[str] | None
    ) -> Found:
        found: defaultdict[tuple[str, str, int], Figures] = defaultdict(Figures)
        for sort, name, step, sums, latest in await self._told(SQL.sums, sorts, parts, names, steps):
            found[sort, name, step].add_sums(sums)
            found[sort, name, step].add_latest(latest)
        await self._add_live(found, sorts, parts, names, steps)
        return found

    async def of_parts(
        self, sorts: Collection[str], parts: Parts, steps: Mapping[str, int], names: Sequence[str] | None = None
    ) -> Found:
        """The figures of these parts by steps of `step_ns` from `origin`."""
        found: defaultdict[tuple[str, str, int], Figures] = defaultdict(Figures)
        origin, step_ns = steps["origin"], steps["step_ns"]
        for hour, sort, name, *packed in await self._told(SQL.figures, sorts, parts, names, steps):
            found[sort, name, (hour * HOUR_NS - origin) // step_ns].add_packed(*packed)
        await self._add_live(found, sorts, parts, names, steps)
        return found

    def _whole(self) -> dict[str, int]:
        return {"origin": self.since_unix_nano, "step_ns": self.until_unix_nano - self.since_unix_nano}

    async def _parts_of_steps(self, origin_unix_nano: int, step_ns: int) -> Parts:
        if step_ns % HOUR_NS or origin_unix_nano % HOUR_NS:
            return Parts([], [], [(self.since_unix_nano, self.until_unix_nano)])
        day_ns = DAY_HOURS * HOUR_NS
        return await self._parts(with_days=not step_ns % day_ns and not origin_unix_nano % day_ns)

    async def _parts(self, *, with_days: bool) -> Parts:
        if with_days not in self._known:
            self._known[with_days] = await self._find_parts(with_days=with_days)
        return self._known[with_days]

    async def _find_parts(self, *, with_days: bool) -> Parts:
        first, end = -(-self.since_unix_nano // HOUR_NS), self.until_unix_nano // HOUR_NS
        if first >= end:
            return Parts([], [], [(self.since_unix_nano, self.until_unix_nano)])
        asked = {"project_id": self.project_id, "hour_since": first, "hour_until": end}
        changed = {hour for (hour,) in await plan_and_fetch(self.connection, SQL.changed_hours, asked)}
        days: list[int] = []
        if with_days:
            rows = await plan_and_fetch(self.connection, SQL.days_made, asked)
            days = [day for (day,) in rows if day + DAY_HOURS <= end and changed.isdisjoint(range(day, day + 24))]
        others = [(day, day + DAY_HOURS) for day in days] + [(hour, hour + 1) for hour in changed]
        hours = _between(first, end, sorted(others))
        live = [(self.since_unix_nano, first * HOUR_NS)]
        live += [(hour * HOUR_NS, (hour + 1) * HOUR_NS) for hour in sorted(changed)]
        live += [(end * HOUR_NS, self.until_unix_nano)]
        return Parts(days, hours, _merged(live))

    async def _told(
        self,
        query: bytes,
        sorts: Collection[str],
        parts: Parts,
        names: Sequence[str] | None,
        steps: Mapping[str, int],
    ) -> list[tuple[Any, ...]]:
        if not parts.days and not parts.hours:
            return []
        asked = self._asked(names) | dict(steps) | {"sorts": list(sorts), "days": parts.days}
        asked |= {"hours_since": [run[0] for run in parts.hours], "hours_until": [run[1] for run in parts.hours]}
        return await plan_and_fetch(self.connection, query, asked)

    async def _add_live(
        self, found: Found, sorts: Collection[str], parts: Parts, names: Sequence[str] | None, steps: Mapping[str, int]
    ) -> None:
        rows = []
        for since, until in parts.live:
            asked = self._asked(names) | dict(steps) | {"since": since, "until": until}
            for sort in sorts:
                rows += await plan_and_fetch(self.connection, SORTS[sort], asked)
        hashes = {user_hash for row in rows for user_hash in row[6] or ()}
        numbers = await numbers_of(self.connection, self.project_id, hashes)
        for step, sort, _, _, name, sums, users, affected, durations, latest in rows:
            part = found[sort, name, step]
            part.add_sums(sums)
            part.users.add(users or (), numbers)
            part.users_affected.add(affected or (), numbers)
            if durations:
                part.durations.append(durations)
            part.add_latest(latest)

    def _asked(self, names: Sequence[str] | None) -> dict[str, Any]:
        return {
            "project_id": self.project_id,
            "release": self.release,
            "environment": self.environment,
            "names": None if names is None else list(names),
        }


def _between(first: int, end: int, others: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs of hours of a range that lie between other runs, which are sorted."""
    runs = []
    for since, until in [*others, (end, end)]:
        if first < since:
            runs.append((first, since))
        first = max(first, until)
    return runs


def _merged(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for since, until in parts:
        if since < until and merged and merged[-1][1] == since:
            merged[-1] = (merged[-1][0], until)
        elif since < until:
            merged.append((since, until))
    return merged
