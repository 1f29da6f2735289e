"""What findings come to within a time, from their roll-ups: events, users and trends of issues and of derived signals.

All statements must see the same moment. Roll-ups do not tell the findings of one user: those are read as rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from trace_store.lists.issue_rows import IssueFilter, Trend
from trace_store.queries import load
from trace_store.rollups.figure_reads import FigureReads, Found
from trace_store.rollups.figure_rollups import HOUR_NS
from trace_store.rollups.figures import Figures
from trace_store.span_reads import plan_and_fetch

SQL = load("issues")
SORT = ("issues",)
DAY_NS = 24 * HOUR_NS
NANOSECONDS = 1_000_000_000
STEP_S_MIN = 60
STEPS_MIN = 24  # of a trend; with longer ones it has at most twice as many, and one

Connection = psycopg.AsyncConnection[Any]
Met = dict[str, tuple[int, int, int]]  # by issue: events, the start of the newest, users


@dataclass(frozen=True, slots=True)
class FindingName:
    """What a roll-up of findings is about."""

    fingerprint: str
    sort: str  # tool_error, loop, schema_violation
    tool: str

    @property
    def signal(self) -> str:
        """The name of the derived signal; arguments of calls that worked are none."""
        return f"{self.sort}:{self.tool}"


class IssueFigures:
    """What the issues of a filter come to, over one connection."""

    def __init__(self, connection: Connection, wanted: IssueFilter) -> None:
        self.connection, self.wanted = connection, wanted
        self._reads: FigureReads | None = None

    async def reads(self) -> FigureReads | None:
        """Reads of the time of the filter, of all that is stored where it has no end; None where nothing is."""
        if self._reads is None:
            wanted = self.wanted
            ((first, newest),) = await plan_and_fetch(
                self.connection, SQL.finding_times, {"project_id": wanted.project_id}
            )
            if first is None:
                return None
            since, until = wanted.since_unix_nano, wanted.until_unix_nano
            since = first // HOUR_NS * HOUR_NS if since is None else since
            until = (newest // HOUR_NS + 1) * HOUR_NS if until is None else until
            if since >= until:
                return None
            times = (since, until, wanted.release, wanted.environment)
            self._reads = FigureReads(self.connection, wanted.project_id, *times)
        return self._reads

    async def met(self, names: Sequence[str] | None = None, *, with_users: bool) -> Met:
        """Events, the newest of them and users (else 0) of the issues, or of those of these fingerprints."""
        if self.wanted.user_id is not None:
            return await issues_of_rows(self.connection, self.wanted, names)
        reads = await self.reads()
        if reads is None:
            return {}
        found = await (reads.whole(SORT, names) if with_users else reads.sums(SORT, names))
        return {
            name: (part.sums[0], part.latest_unix_nano or 0, len(part.users))
            for name, part in together(found, lambda name: name.fingerprint).items()
        }

    async def trends(self, names: Sequence[str], until_unix_nano: int) -> dict[str, Trend]:
        """The events of issues in 24 to 49 steps of the time; one without a start begins with the first event."""
        reads = await self.reads()
        since = until_unix_nano if reads is None else min(reads.since_unix_nano, until_unix_nano)
        origin, step_s = steps_of(since, until_unix_nano)
        steps = max(1, -(-(until_unix_nano - origin) // (step_s * NANOSECONDS)))
        counts = {name: [0] * steps for name in names}
        for name, step, events in await self._events_by_step(reads, names, origin, step_s * NANOSECONDS):
            counts[name][min(max(step, 0), steps - 1)] += events
        return {name: Trend(origin, step_s, tuple(found)) for name, found in counts.items()}

    async def _events_by_step(
        self, reads: FigureReads | None, names: Sequence[str], origin: int, step_ns: int
    ) -> Sequence[Sequence[Any]]:
        if self.wanted.user_id is not None:
            of_steps = {"fingerprints": list(names), "origin": origin, "step_ns": step_ns}
            return await plan_and_fetch(self.connection, SQL.trends_of_user, window_parameters(self.wanted) | of_steps)
        found = await reads.sums_by_step(SORT, origin, step_ns, names) if reads else {}
        return [(finding_name(name).fingerprint, step, part.sums[0]) for (_, name, step), part in found.items()]


async def issues_of_rows(connection: Connection, wanted: IssueFilter, names: Sequence[str] | None) -> Met:
    """The same as `met` of the rows themselves; users are counted where only one is asked for."""
    rows = await plan_and_fetch(connection, SQL.issues_of_rows, window_parameters(wanted) | {"fingerprints": names})
    users = int(wanted.user_id is not None)
    return {fingerprint: (events, newest, users) for fingerprint, events, newest in rows}


def steps_of(since_unix_nano: int, until_unix_nano: int) -> tuple[int, int]:
    """Where the first of 24 to 49 steps of a time begins, and their seconds.

    Steps of an hour or more are whole hours, of a day or more whole days, and begin at a multiple of their length.
    """
    length = until_unix_nano - since_unix_nano
    for unit in (DAY_NS, HOUR_NS):
        if length >= STEPS_MIN * unit:
            step = length // (STEPS_MIN * unit) * unit
            return since_unix_nano // step * step, step // NANOSECONDS
    step_s = max(STEP_S_MIN, -(-length // (STEPS_MIN * NANOSECONDS)))
    return until_unix_nano - STEPS_MIN * step_s * NANOSECONDS, step_s


def together(found: Found, key: Callable[[FindingName], str | None]) -> dict[str, Figures]:
    """The figures of findings by what they are about, which are added to each other; None leaves out."""
    parts: dict[str, Figures] = {}
    for (_, name, _), part in found.items():
        about = key(finding_name(name))
        if about in parts:
            parts[about].add(part)
        elif about is not None:
            parts[about] = part
    return parts


def finding_name(name: str) -> FindingName:
    """The name of a roll-up of findings, as sql/figures.sql joins it."""
    return FindingName(*name.split("\x1f", 2))


def window_parameters(wanted: IssueFilter) -> dict[str, Any]:
    """What statements on the rows of a window ask for."""
    return {
        "project_id": wanted.project_id,
        "since": wanted.since_unix_nano,
        "until": wanted.until_unix_nano,
        "release": wanted.release,
        "environment": wanted.environment,
        "user_id": wanted.user_id,
    }
