"""Signals of one's own, and where they were found."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from trace_store.lists.issue_figures import SORT, FindingName, IssueFigures, finding_name, together
from trace_store.queries import load

SQL = load("signals")
DERIVED_MAX = 200  # of one list
MATCHES_MAX = 50
NANOSECONDS = 1_000_000_000
Connection = psycopg.AsyncConnection[Any]
StepCounts = dict[str, dict[int, int]]  # by signal: the steps that have any, and how many


@dataclass(frozen=True, slots=True)
class Signal:
    """A row of `signals`."""

    project_id: int
    signal_id: str
    name: str
    kind: str  # keyword, regex
    pattern: str
    search_in: str  # input, output, both
    sentiment: str  # negative, neutral, positive
    is_enabled: bool
    created_at: datetime
    group_name: str | None = None  # a group of one's own


@dataclass(frozen=True, slots=True)
class SignalMatchRow:
    """A row of `signal_matches`: the first place of a trace where a signal was found."""

    project_id: int
    trace_id: bytes
    signal_id: str
    start_unix_nano: int  # of the span
    span_id: bytes
    side: str  # input, output
    excerpt: str
    user_id: str | None
    conversation_id: str | None
    interaction_id: str | None
    end_unix_nano: int  # of the span; not before its start
    release: str
    environment: str
    is_wrong: bool = False  # a person said so: counted nowhere; set when the row is written
    found_at: datetime | None = field(default=None, compare=False)  # when the row was written


@dataclass(frozen=True, slots=True)
class SignalCount:
    """How often a signal was met within a window."""

    signal: str  # its id; of derived ones tool_error:<tool> or loop:<tools>
    events: int
    users: int
    last_unix_nano: int  # 0: never
    wrong: int = 0  # matches that people called wrong, which are not among the events


def match_key(signal_id: str) -> str:
    """The key of what a signal found in a trace, among the findings of that trace."""
    return f"signal:{signal_id}"


async def read_signals(connection: Connection, project_id: int | None = None) -> list[Signal]:
    """The signals of a project, of all projects without one; oldest first."""
    rows = await (await connection.execute(SQL.signals, {"project_id": project_id})).fetchall()
    return [Signal(*row) for row in rows]


async def add_signal(
    connection: Connection,
    project_id: int,
    name: str,
    kind: str,
    pattern: str,
    search_in: str,
    sentiment: str,
    signal_id: str | None = None,
    group_name: str | None = None,
) -> str | None:
    """The id of a new signal; None when another has its name or this id. Traces under way are looked at again."""
    parameters = {"project_id": project_id, "name": name, "kind": kind, "pattern": pattern}
    parameters |= {"search_in": search_in, "sentiment": sentiment, "signal_id": signal_id}
    parameters["group_name"] = group_name
    rows = await (await connection.execute(SQL.add_signal, parameters)).fetchall()
    return str(rows[0][0]) if rows else None


async def mark_under_way(connection: Connection, project_id: int) -> None:
    """Has traces looked at again that are derived right now; after the commit of what they must see."""
    await connection.execute(SQL.mark_traces_under_way, {"project_id": project_id})


async def switch_signal(connection: Connection, project_id: int, signal_id: str, *, is_enabled: bool) -> bool:
    """Switches a signal on or off; False when there is none. What it found stays."""
    parameters = {"project_id": project_id, "signal_id": signal_id, "is_enabled": is_enabled}
    return bool(await (await connection.execute(SQL.switch_signal, parameters)).fetchall())


async def remove_signal(connection: Connection, project_id: int, signal_id: str) -> bool:
    """Removes a signal with its matches; False when there is none."""
    parameters = {"project_id": project_id, "signal_id": signal_id}
    found = await (await connection.execute(SQL.remove_signal, parameters)).fetchall()
    await connection.execute(SQL.remove_matches, parameters)
    return bool(found)


async def count_own(connection: Connection, project_id: int, since_unix_nano: int) -> dict[str, SignalCount]:
    """The counts of own signals that were met since then, by id."""
    parameters = {"project_id": project_id, "since": since_unix_nano}
    rows = await (await connection.execute(SQL.count_own, parameters)).fetchall()
    return {row[0]: SignalCount(*row) for row in rows}


async def count_derived(figures: IssueFigures) -> tuple[list[SignalCount], int]:
    """The 200 derived signals that were met most within a time, and how many there are."""
    reads = await figures.reads()
    met = together(await reads.whole(SORT, None), _signal_of) if reads else {}
    counts = [
        SignalCount(name, part.sums[0], len(part.users), part.latest_unix_nano or 0) for name, part in met.items()
    ]
    return sorted(counts, key=lambda count: (-count.events, count.signal))[:DERIVED_MAX], len(counts)


async def own_trends(
    connection: Connection, project_id: int, since_unix_nano: int, origin_unix_nano: int, step_s: int
) -> StepCounts:
    """How often each signal was met since then, by its id, in steps from an origin on."""
    parameters = {"project_id": project_id, "since": since_unix_nano, "origin": origin_unix_nano}
    rows = await (await connection.execute(SQL.own_trends, parameters | {"step_ns": step_s * NANOSECONDS})).fetchall()
    return _steps(rows)


async def derived_trends(figures: IssueFigures, origin_unix_nano: int, step_s: int) -> StepCounts:
    """The same of derived signals, by their names."""
    reads = await figures.reads()
    found = await reads.sums_by_step(SORT, origin_unix_nano, step_s * NANOSECONDS) if reads else {}
    steps: StepCounts = defaultdict(lambda: defaultdict(int))
    for (_, name, step), part in found.items():
        if signal := _signal_of(finding_name(name)):
            steps[signal][step] += part.sums[0]
    return steps


def _signal_of(name: FindingName) -> str | None:
    """Arguments that break a schema are no signal: their calls worked, or failed for that."""
    return None if name.sort == "schema_violation" else name.signal


async def newest_matches(
    connection: Connection, project_id: int, signal_id: str
) -> list[tuple[SignalMatchRow, str | None]]:
    """The newest 50 matches of a signal, each with the verdict on it."""
    parameters = {"project_id": project_id, "signal_id": signal_id, "limit": MATCHES_MAX}
    rows = await (await connection.execute(SQL.newest_matches, parameters)).fetchall()
    return [(SignalMatchRow(*row[:-1]), row[-1]) for row in rows]


def _steps(rows: Iterable[tuple[str, int, int]]) -> StepCounts:
    found: StepCounts = {}
    for signal, step, count in rows:
        found.setdefault(signal, {})[step] = count
    return found
