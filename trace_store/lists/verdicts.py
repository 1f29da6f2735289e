"""What people say of findings: kept as facts, and what it takes out of `findings` whenever these are derived.

A verdict is on one finding of one trace, or on all findings of an issue; what is said of the one goes before what is
said of all. Its key is that of the finding, which is the same whenever the trace is derived again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from trace_store.claim import AGAIN, NOT_YET_DERIVED, NOTHING_NEW
from trace_store.queries import load
from trace_store.stored import TraceKey

SQL = load("verdicts")
VERDICTS_MAX = 500  # of one list
Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row of `verdicts`."""

    project_id: int
    trace_id: bytes  # empty: of all findings of the issue
    finding_key: str  # else "issue:" and the fingerprint
    fingerprint: str
    kind: str  # of the finding when it was said
    tool: str
    title: str
    rule: str
    verdict: str  # right, not_an_error, not_a_loop, wrong_match
    note: str
    said_by: str
    created_at: datetime

    @property
    def is_of_issue(self) -> bool:
        """Whether it is said of all findings of the issue."""
        return not self.trace_id


@dataclass(frozen=True, slots=True)
class Precision:
    """Of the findings of a rule that somebody looked at, how many were right."""

    kind: str
    rule: str
    right: int
    looked_at: int


async def say(
    connection: Connection,
    trace: TraceKey,
    finding_key: str,
    verdict: str,
    *,
    note: str = "",
    said_by: str = "",
    is_of_issue: bool = False,
) -> bool:
    """Keeps a verdict, in place of an older one, and has what it changes derived again; False for no such finding.

    The caller holds a transaction.
    """
    parameters = trace._asdict() | {"finding_key": finding_key, "verdict": verdict, "note": note, "said_by": said_by}
    rows = await (await connection.execute(SQL.say, parameters)).fetchall()
    if not rows:
        return False
    if is_of_issue:
        await connection.execute(SQL.say_of_issue, parameters)
        await _mark_issue(connection, trace.project_id, rows[0][0])
    await _mark_trace(connection, trace)
    return True


async def take_back(connection: Connection, trace: TraceKey, finding_key: str, *, is_of_issue: bool = False) -> bool:
    """Forgets the verdict on a finding, with `is_of_issue` also the one on all of its issue; False when there is none.

    The caller holds a transaction.
    """
    found = await _delete(connection, trace, finding_key)
    if is_of_issue:
        rows = await (await connection.execute(SQL.issue_of, trace._asdict() | {"finding_key": finding_key})).fetchall()
        for (fingerprint,) in rows:
            found |= await _delete(connection, TraceKey(trace.project_id, b""), issue_key(fingerprint))
            await _mark_issue(connection, trace.project_id, fingerprint)
    if found:
        await _mark_trace(connection, trace)
    return found


async def verdicts_of_trace(connection: Connection, trace: TraceKey, fingerprints: Collection[str]) -> list[Verdict]:
    """The verdicts on findings of a trace, and on these issues."""
    issues = [issue_key(fingerprint) for fingerprint in fingerprints]
    return await _verdicts(connection, SQL.of_trace, trace._asdict() | {"issues": issues})


async def newest_verdicts(connection: Connection, project_id: int) -> tuple[list[Verdict], int]:
    """The newest 500 verdicts of a project, and how many there are."""
    parameters = {"project_id": project_id, "limit": VERDICTS_MAX}
    rows = await (await connection.execute(SQL.newest, parameters)).fetchall()
    return [Verdict(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


async def measured_precision(connection: Connection, project_id: int) -> list[Precision]:
    """By kind and rule; what is said of a whole issue counts as the one finding that was looked at."""
    rows = await (await connection.execute(SQL.precision, {"project_id": project_id})).fetchall()
    return [Precision(*row) for row in rows]


def issue_key(fingerprint: str) -> str:
    """The key of what is said of a whole issue."""
    return f"issue:{fingerprint}"


def verdict_that_counts(verdicts: Sequence[Verdict], finding_key: str, fingerprint: str | None) -> Verdict | None:
    """What is said of a finding: of itself before what is said of its issue."""
    said = {(verdict.is_of_issue, verdict.finding_key): verdict for verdict in verdicts}
    return said.get((False, finding_key)) or said.get((True, issue_key(fingerprint or "")))


async def _delete(connection: Connection, trace: TraceKey, finding_key: str) -> bool:
    parameters = trace._asdict() | {"finding_key": finding_key}
    return bool(await (await connection.execute(SQL.take_back, parameters)).fetchall())


async def _mark_trace(connection: Connection, trace: TraceKey) -> None:
    parameters = trace._asdict() | {"when_live": NOT_YET_DERIVED, "when_settled": NOTHING_NEW}
    await connection.execute(SQL.mark_trace, parameters)


async def _mark_issue(connection: Connection, project_id: int, fingerprint: str) -> None:
    parameters = {"project_id": project_id, "fingerprint": fingerprint, "again": AGAIN}
    await connection.execute(SQL.mark_issue, parameters)


async def _verdicts(connection: Connection, query: bytes, parameters: dict[str, Any]) -> list[Verdict]:
    async with connection.cursor(row_factory=class_row(Verdict)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()
