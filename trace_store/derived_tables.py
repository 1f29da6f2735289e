"""Replaces derived rows by difference: rows that did not change are not written, rows that went are deleted.

docs/decisions/rows_by_difference.md says why a row that changed is updated.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Generic, TypeVar

import psycopg

from trace_store.alerts.signals import SQL as SIGNAL_SQL
from trace_store.alerts.signals import SignalMatchRow, match_key
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.finding_rows import FindingRow
from trace_store.interactions.interaction_rows import ConversationRow, InteractionRow, InteractionTraceRow, UserRow
from trace_store.json_columns import json_text
from trace_store.queries import load
from trace_store.rows import VISIBLE_NUL
from trace_store.stored import TraceKey

SQL = load("derived")
VERDICT_SQL = load("verdicts")
INTERACTION_SQL = load("interactions")
_Row = TypeVar(
    "_Row",
    TraceRow,
    LlmCallRow,
    ToolCallRow,
    LoopRow,
    FindingRow,
    SignalMatchRow,
    InteractionRow,
    InteractionTraceRow,
    UserRow,
    ConversationRow,
)
_Key = tuple[Any, ...]  # project, unit, and the columns of the table's key
RIGHT = "right"  # the one verdict that leaves a finding where it is


@dataclass(frozen=True, slots=True)
class DerivedTable(Generic[_Row]):
    """One derived table: its rows, its key after project and unit, and its statements."""

    row: type[_Row]
    key: tuple[str, ...]
    read_query: bytes
    delete_query: bytes
    insert_query: bytes
    update_query: bytes | None = None  # None: a row that changed is deleted and inserted, since indexes tell when
    unit: str = "trace_id"  # the column by which rows are read and replaced, within a project

    async def read(self, connection: psycopg.AsyncConnection[Any], units: Collection[tuple[int, Any]]) -> list[_Row]:
        """The rows of these units, each a project and an id."""
        if not units:
            return []
        parameters = {"project_ids": [unit[0] for unit in units], f"{self.unit}s": [unit[1] for unit in units]}
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(self.read_query, parameters, prepare=True)
            columns = [column.name for column in cursor.description or ()]
            # by place: to make thousands of rows by name, as class_row does, takes several times as long
            in_order = itemgetter(*(columns.index(field.name) for field in fields(self.row)))
            return [self.row(*in_order(values)) for values in await cursor.fetchall()]

    async def replace(
        self, connection: psycopg.AsyncConnection[Any], units: Collection[tuple[int, Any]], rows: Sequence[_Row]
    ) -> list[_Row]:
        """Makes the rows of these units equal to `rows`; the caller holds the locks of the units.

        Returns the rows that had to be written.
        """
        return (await self.exchange(connection, units, rows))[1]

    async def exchange(
        self, connection: psycopg.AsyncConnection[Any], units: Collection[tuple[int, Any]], rows: Sequence[_Row]
    ) -> tuple[list[_Row], list[_Row]]:
        """The same; returns the rows that went and the rows that were written, of which a changed one is both."""
        old: dict[_Key, _Row] = {self._key_of(row): row for row in await self.read(connection, units)}
        new: dict[_Key, _Row] = {self._key_of(row): row for row in rows}
        changed: list[_Key] = [key for key, row in old.items() if key in new and new[key] != row]
        gone: list[_Key] = [key for key in old if key not in new]
        added: list[_Key] = [key for key in new if key not in old]
        replaced: Sequence[_Key] = () if self.update_query else changed
        if gone or replaced:
            columns = zip(*(*gone, *replaced), strict=True)
            names = ("project_id", self.unit, *self.key)
            parameters = {name: list(column) for name, column in zip(names, columns, strict=True)}
            await connection.execute(self.delete_query, parameters)
        if self.update_query and changed:
            await connection.execute(self.update_query, {"rows": rows_json([new[key] for key in changed])})
        if added or replaced:
            await connection.execute(self.insert_query, {"rows": rows_json([new[key] for key in (*added, *replaced)])})
        return [old[key] for key in (*gone, *changed)], [new[key] for key in (*added, *changed)]

    def _key_of(self, row: _Row) -> tuple[Any, ...]:
        return (row.project_id, getattr(row, self.unit), *(getattr(row, name) for name in self.key))


TRACES = DerivedTable(TraceRow, (), SQL.read_traces, SQL.delete_traces, SQL.insert_traces, SQL.update_traces)
LLM_CALLS = DerivedTable(
    LlmCallRow,
    ("span_id", "turn"),
    SQL.read_llm_calls,
    SQL.delete_llm_calls,
    SQL.insert_llm_calls,
    SQL.update_llm_calls,
)
TOOL_CALLS = DerivedTable(
    ToolCallRow,
    ("call_key",),
    SQL.read_tool_calls,
    SQL.delete_tool_calls,
    SQL.insert_tool_calls,
    SQL.update_tool_calls,
)
LOOPS = DerivedTable(LoopRow, ("loop_id",), SQL.read_loops, SQL.delete_loops, SQL.insert_loops)
FINDINGS = DerivedTable(FindingRow, ("finding_key",), SQL.read_findings, SQL.delete_findings, SQL.insert_findings)
DISMISSED = DerivedTable(
    FindingRow, ("finding_key",), VERDICT_SQL.read_dismissed, VERDICT_SQL.delete_dismissed, VERDICT_SQL.insert_dismissed
)
SIGNAL_MATCHES = DerivedTable(
    SignalMatchRow, ("signal_id",), SIGNAL_SQL.read_matches, SIGNAL_SQL.delete_matches, SIGNAL_SQL.insert_matches
)
TRACE_LINKS = DerivedTable(
    InteractionTraceRow,
    ("event_id",),
    INTERACTION_SQL.read_trace_links,
    INTERACTION_SQL.delete_trace_links,
    INTERACTION_SQL.insert_links,
    INTERACTION_SQL.update_interaction_traces,
)
FindingKey = tuple[int, bytes, str]  # project, trace, finding_key


async def replace_derived(
    connection: psycopg.AsyncConnection[Any],
    traces: Collection[TraceKey],
    trace_rows: Sequence[TraceRow],
    llm_calls: Sequence[LlmCallRow],
    tool_calls: Sequence[ToolCallRow],
    loops: Sequence[LoopRow],
    findings: Sequence[FindingRow] = (),
    signal_matches: Sequence[SignalMatchRow] = (),
    links: Sequence[InteractionTraceRow] = (),
) -> set[FindingKey]:
    """Makes everything derived of `traces` equal to these rows; a trace without a row disappears from the lists.

    Interactions are marked where their traces, or what these say of them, have changed.
    Returns the findings that verdicts have taken out.
    """
    now = datetime.now(UTC)
    written = await TRACES.replace(connection, traces, [replace(row, derived_at=now) for row in trace_rows])
    await _note_releases(connection, written)
    await LLM_CALLS.replace(connection, traces, llm_calls)
    await TOOL_CALLS.replace(connection, traces, tool_calls)
    await LOOPS.replace(connection, traces, loops)
    await SIGNAL_MATCHES.replace(connection, traces, await _judged(connection, signal_matches, now))
    await _replace_links(connection, traces, links, {(row.project_id, row.trace_id) for row in written})
    return await replace_findings(connection, traces, findings)


async def _judged(
    connection: psycopg.AsyncConnection[Any], matches: Sequence[SignalMatchRow], now: datetime
) -> list[SignalMatchRow]:
    """The matches with what people said of them."""
    keys = {(row.project_id, row.trace_id, match_key(row.signal_id)) for row in matches}
    wrong = {key for key, verdict in (await _said(connection, keys)).items() if verdict != RIGHT}
    return [
        replace(row, is_wrong=(row.project_id, row.trace_id, match_key(row.signal_id)) in wrong, found_at=now)
        for row in matches
    ]


async def _replace_links(
    connection: psycopg.AsyncConnection[Any],
    traces: Collection[TraceKey],
    links: Sequence[InteractionTraceRow],
    changed_traces: Collection[tuple[int, bytes]],
) -> None:
    gone, new = await TRACE_LINKS.exchange(connection, traces, links)
    events = {(link.project_id, link.event_id) for link in (*gone, *new)}
    events |= {(link.project_id, link.event_id) for link in links if (link.project_id, link.trace_id) in changed_traces}
    if events:
        project_ids, event_ids = zip(*sorted(events), strict=True)
        parameters = {"project_ids": list(project_ids), "event_ids": list(event_ids)}
        await connection.execute(INTERACTION_SQL.mark_interactions, parameters)


async def _note_releases(connection: psycopg.AsyncConnection[Any], written: Sequence[TraceRow]) -> None:
    seen: dict[tuple[int, str], int] = {}
    for row in written:
        key = (row.project_id, row.release.replace("\0", VISIBLE_NUL))
        if row.release and row.start_unix_nano < seen.get(key, row.start_unix_nano + 1):
            seen[key] = row.start_unix_nano
    if seen:
        projects, releases = zip(*seen, strict=True)
        parameters = {"project_ids": list(projects), "releases": list(releases), "starts": list(seen.values())}
        await connection.execute(SQL.note_releases, parameters)


async def replace_findings(
    connection: psycopg.AsyncConnection[Any], traces: Collection[TraceKey], findings: Sequence[FindingRow]
) -> set[FindingKey]:
    """Makes the findings of `traces` equal to these, without those that people said are none; returns which these are.

    An issue that is new gets its state.
    """
    now = datetime.now(UTC)
    findings = [replace(row, found_at=now) for row in findings]
    dismissed = await _dismissed(connection, findings)
    kept = [row for row in findings if _key(row) not in dismissed]
    written = await FINDINGS.replace(connection, traces, kept)
    await DISMISSED.replace(connection, traces, [row for row in findings if _key(row) in dismissed])
    if written:
        await connection.execute(SQL.note_issues, {"rows": rows_json(written)})
    return dismissed


async def _dismissed(connection: psycopg.AsyncConnection[Any], findings: Sequence[FindingRow]) -> set[FindingKey]:
    """Those with a verdict against them; a verdict on a finding goes before one on its issue."""
    said = await _said(connection, {key for row in findings for key in (_said_of(row), _said_of_issue(row))})
    return {_key(row) for row in findings if said.get(_said_of(row), said.get(_said_of_issue(row), RIGHT)) != RIGHT}


async def _said(connection: psycopg.AsyncConnection[Any], wanted: Collection[FindingKey]) -> dict[FindingKey, str]:
    """The verdicts on these findings and issues."""
    if not wanted:
        return {}
    projects, traces, keys = zip(*wanted, strict=True)
    parameters = {"project_ids": list(projects), "trace_ids": list(traces), "finding_keys": list(keys)}
    rows = await (await connection.execute(VERDICT_SQL.read_verdicts, parameters)).fetchall()
    return {(project_id, bytes(trace_id), key): verdict for project_id, trace_id, key, verdict in rows}


def _key(row: FindingRow) -> FindingKey:
    return (row.project_id, row.trace_id, row.finding_key)


def _said_of(row: FindingRow) -> FindingKey:
    return (row.project_id, row.trace_id, row.finding_key.replace("\0", VISIBLE_NUL))


def _said_of_issue(row: FindingRow) -> FindingKey:
    return (row.project_id, b"", f"issue:{row.fingerprint}")


def rows_json(rows: Iterable[Any]) -> str:
    """Dataclass rows as the JSON that `jsonb_populate_recordset` reads."""
    return json_text(list(rows))
