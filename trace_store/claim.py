"""One claim of the processor: what is new in the locked units, and the writes that replace what was derived of them."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg

from trace_store.alerts.channels import SQL as CHANNEL_SQL
from trace_store.alerts.outbox import put_delivery
from trace_store.alerts.signals import Signal, SignalMatchRow, read_signals
from trace_store.database_errors import translate_errors
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.derived_tables import TRACES, FindingKey, replace_derived, replace_findings
from trace_store.fact_parts import NewPart
from trace_store.fact_rows import FactRow
from trace_store.fact_writer import drop_facts, merge_growing, merge_settled, put_facts
from trace_store.finding_rows import FindingRow
from trace_store.flush import UNIT_TRACE
from trace_store.interactions.interaction_rows import InteractionTraceRow
from trace_store.interactions.interaction_tables import InteractionTables
from trace_store.log_spans import LogSpanWriter
from trace_store.queries import load
from trace_store.quickly_made import quickly_made
from trace_store.span_reads import BlobKey, SpanReads, fetch, read_tree_rows
from trace_store.stored import StoredLog, StoredSpan, TraceKey, TreeRow
from trace_store.tombstones import SQL as TOMBSTONE_SQL
from trace_store.tombstones import Erased, Tombstones, put_tombstones
from trace_store.tool_definitions import ToolDefinitionWriter
from trace_store.trace_groups import Member, TraceGroups
from trace_store.upkeep.erase import erase_rows

SQL = load("work")
MAPPING_SQL = load("mappings")
TOOL_RULES_SQL = load("tool_rules")
UNITS_AGAIN_MAX = 16  # of `reprocess` in one claim: what arrives next waits for no more than these
UNIT_ID_BYTES_MAX = 1024  # an index entry has a size limit
NOTHING_NEW = 0  # blob id of a mark that only asks whether the unit has settled
NOT_YET_DERIVED = -1  # blob id of a mark whose records have facts already, while the unit waits for its turn
AGAIN = -2  # blob id of a mark of `reprocess`: look at the whole unit, when little else is due


class Unit(NamedTuple):
    """What is derived at once."""

    project_id: int
    kind: int  # UNIT_TRACE and the others of trace_store/flush.py
    unit_id: bytes  # trace id (also of a group); UTF-8 of an interaction or conversation id; blob id of a log batch

    @property
    def trace(self) -> TraceKey:
        """The trace that this unit is."""
        return TraceKey(self.project_id, self.unit_id)

    @classmethod
    def of_trace(cls, trace: TraceKey) -> "Unit":
        """The unit that a trace is."""
        return cls(trace.project_id, UNIT_TRACE, trace.trace_id)


class Mark(NamedTuple):
    """One dirty mark."""

    mark_id: int
    unit: Unit
    not_before: datetime  # in the future for a unit that waits to settle and became dirty before that
    bucket: date | None  # with blob_id: where the new records lie; both None: look at the whole unit again
    blob_id: int | None  # or NOTHING_NEW, NOT_YET_DERIVED, AGAIN


@quickly_made
@dataclass(frozen=True, slots=True)
class NewMark:
    """A mark to insert, due `delay_s` seconds from now."""

    unit: Unit
    delay_s: float = 0
    bucket: date | None = None
    blob_id: int | None = None


class Claim:
    """Locked units with their marks inside an open transaction; `WorkQueue.claim` makes it."""

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any],
        reads: SpanReads,
        log_spans: LogSpanWriter,
        tool_definitions: ToolDefinitionWriter,
        marks: Sequence[Mark],
    ) -> None:
        self.marks: dict[Unit, list[Mark]] = {}
        for mark in marks:
            self.marks.setdefault(mark.unit, []).append(mark)
        self._connection = connection
        self._reads = reads
        self._log_spans = log_spans
        self._tool_definitions = tool_definitions
        self.groups = TraceGroups(connection)
        self.interactions = InteractionTables(connection)

    @property
    def traces(self) -> list[TraceKey]:
        """The claimed traces."""
        return [TraceKey(unit.project_id, unit.unit_id) for unit in self.marks if unit.kind == UNIT_TRACE]

    def leave(self, units: Iterable[Unit]) -> None:
        """Leaves these units with all of their marks to another claim."""
        for unit in units:
            del self.marks[unit]

    async def traces_longer_than(self, span_count: int, traces: Sequence[TraceKey]) -> set[TraceKey]:
        """Those of the traces that had more spans when they were derived last."""
        if not traces:
            return set()
        parameters = {"project_ids": [trace[0] for trace in traces], "trace_ids": [trace[1] for trace in traces]}
        with translate_errors():
            rows = await fetch(self._connection, SQL.longer_traces, parameters | {"span_count": span_count})
        return {TraceKey(*row) for row in rows}

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[None]:
        """What fails inside the block is undone by itself; the rest of the claim stays."""
        with translate_errors():
            async with self._connection.transaction():
                yield

    def marked_whole(self, units: Iterable[Unit]) -> set[TraceKey]:
        """Those of these traces of which a mark names no blob: all of their spans are normalised again."""
        return {
            unit.trace
            for unit in units
            for mark in (self.marks[unit] if unit.kind == UNIT_TRACE else ())
            if mark.blob_id not in (NOTHING_NEW, NOT_YET_DERIVED) and (mark.bucket is None or mark.blob_id is None)
        }

    async def new_spans(
        self, units: Iterable[Unit] | None = None, outdated: Collection[TraceKey] = ()
    ) -> list[StoredSpan]:
        """The spans of these traces (all claimed ones by default) that must be normalised (again), every version.

        Those in the blobs that marks name, those that the log records in such blobs belong to, and the whole trace
        where a mark names no blob or the trace is `outdated`.
        """
        units = list(self.marks if units is None else units)
        whole = self.marked_whole(units) | set(outdated)
        blobs: list[BlobKey] = [
            (*unit.trace, mark.bucket, mark.blob_id)
            for unit in units
            if unit.kind == UNIT_TRACE and unit.trace not in whole
            for mark in self.marks[unit]
            if mark.bucket is not None and mark.blob_id is not None
        ]
        found: list[StoredSpan] = []
        with translate_errors():
            if blobs:
                found += await self._reads.stored_spans_of_blobs(self._connection, blobs)
                found += await self._reads.stored_spans_of_log_blobs(self._connection, blobs)
            if whole:
                found += await self._reads.stored_spans(self._connection, whole)
        return list({span.row: span for span in found}.values())

    async def logs(self, spans: Iterable[StoredSpan]) -> list[StoredLog]:
        """All log records that belong to these spans."""
        keys = [span.row[:3] for span in spans]
        if not keys:
            return []
        traces = {TraceKey(project_id, trace_id) for project_id, trace_id, _ in keys}
        with translate_errors():
            return await self._reads.stored_logs(self._connection, traces, [span_id for *_, span_id in keys])

    async def new_logs(
        self, units: Iterable[Unit], outdated: Collection[TraceKey] = ()
    ) -> tuple[list[StoredLog], list[StoredLog]]:
        """The log records of these traces and log batches that may be steps by themselves: as `new_spans` for spans.

        First those that arrived, then those that are read again, of which there may be spans already.
        """
        blobs: list[BlobKey] = []
        again: list[BlobKey] = []
        whole: set[TraceKey] = set(outdated)
        for unit in units:
            for mark in self.marks[unit]:
                if mark.blob_id in (NOTHING_NEW, NOT_YET_DERIVED):
                    continue
                if mark.blob_id == AGAIN and mark.bucket is not None:
                    again.append((unit.project_id, b"", mark.bucket, int.from_bytes(unit.unit_id, "big")))
                elif mark.bucket is not None and mark.blob_id is not None:
                    trace_id = unit.unit_id if unit.kind == UNIT_TRACE else b""
                    blobs.append((unit.project_id, trace_id, mark.bucket, mark.blob_id))
                elif unit.kind == UNIT_TRACE:
                    whole.add(unit.trace)
        with translate_errors():
            arrived = await self._reads.logs_of_blobs(self._connection, blobs) if blobs else []
            read_again = await self._reads.logs_of_blobs(self._connection, again) if again else []
            if whole:
                read_again += await self._reads.stored_logs(self._connection, whole)
        return arrived, read_again

    async def put_log_spans(
        self, spans: Sequence[StoredSpan], gone: Sequence[StoredSpan], read_again: Sequence[StoredLog] = ()
    ) -> None:
        """Adds spans that stand for log records and marks their traces; removes the others.

        Of the records that were `read_again`, spans that are made in another way now are made anew.
        """
        with translate_errors():
            outdated = await self._log_spans.outdated(self._connection, self._reads, read_again, spans)
            await self._log_spans.remove(self._connection, outdated)
            places = await self._log_spans.put(self._connection, spans)
            await self._log_spans.remove(self._connection, gone)
        await self.add_marks([NewMark(Unit.of_trace(trace)) for trace in {span.row.trace for span in outdated}])
        await self.add_marks([NewMark(Unit.of_trace(trace), 0, bucket, blob) for trace, bucket, blob in places])

    async def put_facts(self, rows: Sequence[FactRow]) -> list[NewPart]:
        """Writes the facts of span versions of claimed traces; they never cover those of a newer version or mapping.

        Returns what was written.
        """
        if not rows:
            return []
        with translate_errors():
            parts = await put_facts(self._connection, rows)
        for row in rows:
            if row.tool_definitions:
                release = str(row.facts.get("release", ""))
                self._tool_definitions.add(row.row.project_id, row.row.bucket, release, row.tool_definitions)
        return parts

    async def drop_facts(self, traces: Collection[TraceKey], mapping_version: int, detector_version: int) -> None:
        """Removes the facts of claimed traces, of which all are made anew; those of newer rules stay."""
        with translate_errors():
            await drop_facts(self._connection, traces, mapping_version, detector_version)

    async def merge_settled_facts(self, traces: Collection[TraceKey]) -> None:
        """Packs the facts of claimed traces that have settled as tightly as they can be."""
        with translate_errors():
            await merge_settled(self._connection, traces)

    async def derived_by(self, traces: Sequence[TraceKey]) -> dict[TraceKey, str]:
        """Which rules derived those of these traces that were derived before."""
        parameters = {"project_ids": [trace[0] for trace in traces], "trace_ids": [trace[1] for trace in traces]}
        with translate_errors():
            rows = await fetch(self._connection, SQL.derived_by, parameters) if traces else []
        return {TraceKey(*row[:2]): row[2] for row in rows}

    async def settle_unchanged(self, rules_of: Mapping[TraceKey, str]) -> list[tuple[Member, bool]]:
        """Settles those of these live traces of which nothing else changes: neither a call without an answer, nor a
        loop, nor the rules, whose names are given. Returns them, and whether a loop of their group is running."""
        if not rules_of:
            return []
        parameters = {
            "project_ids": [trace.project_id for trace in rules_of],
            "trace_ids": [trace.trace_id for trace in rules_of],
            "derived_by": list(rules_of.values()),
        }
        with translate_errors():
            rows = await fetch(self._connection, SQL.settle_unchanged, parameters)
        return [(Member(*row[:4]), row[4]) for row in rows]

    async def mappings(self, known: Mapping[int, int]) -> dict[int, tuple[int, str]]:
        """Number and text of the mappings that projects saved since they had the `known` numbers."""
        with translate_errors():
            numbers: dict[int, int] = dict(await fetch(self._connection, MAPPING_SQL.mapping_numbers))
            changed = [project_id for project_id, number in numbers.items() if known.get(project_id) != number]
            found = {}
            for project_id in changed:
                ((number, text, _),) = await fetch(
                    self._connection, MAPPING_SQL.newest_mapping, {"project_id": project_id}
                )
                found[project_id] = (number, text)
        return found

    async def saved_tool_rules(self, known: int) -> tuple[int, str] | None:
        """Number and text of the newest tool rules; None when they are the `known` ones (0: none)."""
        with translate_errors():
            rows = await fetch(self._connection, TOOL_RULES_SQL.tool_rules_since, {"known": known})
        return (rows[0][0], rows[0][1]) if rows else None

    async def project_ids(self) -> list[int]:
        """All projects that there are."""
        with translate_errors():
            return [row[0] for row in await fetch(self._connection, MAPPING_SQL.project_ids)]

    async def put_rules_in_force(self, project_id: int, derived_by: str) -> None:
        """Says which rules this project is derived with from now on."""
        parameters = {"project_id": project_id, "derived_by": derived_by}
        with translate_errors():
            await self._connection.execute(MAPPING_SQL.put_rules_in_force, parameters)

    async def tree_rows(self) -> list[TreeRow]:
        """Every span version of the claimed traces with its facts, no bytes."""
        with translate_errors():
            return (await read_tree_rows(self._connection, self.traces))[0]

    async def tree_rows_by_trace(self, traces: Collection[TraceKey]) -> dict[TraceKey, list[TreeRow]]:
        """The same of some claimed traces, by trace; where their facts lie in many small parts, they are merged."""
        found: dict[TraceKey, list[TreeRow]] = {}
        if not traces:
            return found
        with translate_errors():
            rows, parts = await read_tree_rows(self._connection, traces)
            await merge_growing(self._connection, parts, rows)
        for tree_row in rows:
            found.setdefault(tree_row.row.trace, []).append(tree_row)
        return found

    async def stored_spans(
        self, traces: Collection[TraceKey], span_ids: Collection[bytes] | None = None
    ) -> list[StoredSpan]:
        """Every span version of these traces with its bytes; with `span_ids` only of those spans."""
        with translate_errors():
            return await self._reads.stored_spans(self._connection, traces, span_ids)

    async def trace_rows(self, traces: Collection[TraceKey] | None = None) -> list[TraceRow]:
        """What `traces` holds of these traces now."""
        with translate_errors():
            return await TRACES.read(self._connection, self.traces if traces is None else traces)

    async def read_tombstones(self, into: Tombstones) -> None:
        """Adds what was erased since `into` was read last."""
        await into.read(self._connection)

    async def erase(self, traces: Collection[TraceKey]) -> bool:
        """Erases these traces and keeps them away, as part of the claim; their bytes go with the next repacking.

        False, and nothing is done, while a user is being erased: tombstones are written by one at a time.
        """
        with translate_errors():
            ((is_free,),) = await fetch(self._connection, TOMBSTONE_SQL.try_lock_erasures)
            for trace in traces if is_free else ():
                await put_tombstones(self._connection, trace.project_id, Erased.TRACE, [trace.trace_id])
                await erase_rows(self._connection, trace)
        return bool(is_free)

    async def replace(
        self,
        traces: Collection[TraceKey],
        trace_rows: Sequence[TraceRow],
        llm_calls: Sequence[LlmCallRow],
        tool_calls: Sequence[ToolCallRow],
        loops: Sequence[LoopRow],
        findings: Sequence[FindingRow] = (),
        signal_matches: Sequence[SignalMatchRow] = (),
        links: Sequence[InteractionTraceRow] = (),
    ) -> set[FindingKey]:
        """Makes everything derived of `traces` equal to these rows; a trace without a row leaves the lists.

        Returns the findings that verdicts have taken out.
        """
        with translate_errors():
            return await replace_derived(
                self._connection, traces, trace_rows, llm_calls, tool_calls, loops, findings, signal_matches, links
            )

    async def replace_findings(self, traces: Collection[TraceKey], findings: Sequence[FindingRow]) -> set[FindingKey]:
        """Makes the findings of `traces` equal to these, after their group has changed what their rows say.

        Returns the findings that verdicts have taken out.
        """
        with translate_errors():
            return await replace_findings(self._connection, traces, findings)

    async def signals(self) -> list[Signal]:
        """The signals of all projects, as they are now."""
        with translate_errors():
            return await read_signals(self._connection)

    async def breaker_channels(self, project_ids: Collection[int]) -> list[tuple[int, int, int]]:
        """Project, channel and number of repeats of the channels that are told of loops while they run."""
        with translate_errors():
            return await fetch(self._connection, CHANNEL_SQL.breaker_channels, {"project_ids": list(project_ids)})

    async def put_delivery(self, project_id: int, channel_id: int, dedup_key: str, subject: Mapping[str, Any]) -> None:
        """Writes a message as part of the claim."""
        with translate_errors():
            await put_delivery(self._connection, project_id, channel_id, dedup_key, subject)

    async def add_marks(self, marks: Sequence[NewMark]) -> None:
        """Marks units dirty, as part of the claim; for settling, for a retry, for a unit that depends on this one."""
        with translate_errors():
            await insert_marks(self._connection, marks)

    async def delete_marks(self) -> None:
        """Deletes exactly the marks that the claim read; `WorkQueue.claim` does it on the way out."""
        marks = [mark for marks in self.marks.values() for mark in marks]
        if marks:
            parameters = _unit_columns([mark.unit for mark in marks])
            parameters["mark_ids"] = [mark.mark_id for mark in marks]
            await self._connection.execute(SQL.delete_marks, parameters)


async def take_unit(connection: psycopg.AsyncConnection[Any], unit: Unit) -> list[Mark]:
    """Locks one unit for the rest of the transaction; all of its marks, none when somebody else has it."""
    ((is_ours,),) = await fetch(connection, SQL.try_lock_unit, unit._asdict())
    return await _marks_of(connection, [unit]) if is_ours else []


async def take_units(
    connection: psycopg.AsyncConnection[Any],
    units_max: int,
    marks_max: int,
    kinds: Sequence[int],
    without: Collection[Unit] = (),
) -> list[Mark]:
    """Locks due units for the rest of the transaction; all marks of each, read after the lock."""
    parameters: dict[str, Any] = {"units_max": units_max, "marks_max": marks_max, "kinds": list(kinds)}
    parameters["without"] = [unit.unit_id for unit in without]
    units = [Unit(*row) for row in await fetch(connection, SQL.claim_units, parameters)]
    if len(units) < max(1, units_max // 4):
        again = parameters | {"units_max": UNITS_AGAIN_MAX}
        units += [Unit(*row) for row in await fetch(connection, SQL.claim_units_again, again)]
        units = list(dict.fromkeys(units))
    return await _marks_of(connection, units) if units else []


async def _marks_of(connection: psycopg.AsyncConnection[Any], units: Sequence[Unit]) -> list[Mark]:
    rows = await fetch(connection, SQL.marks_of_units, _unit_columns(units))
    return [Mark(row[0], Unit(*row[1:4]), *row[4:]) for row in rows]


async def insert_marks(connection: psycopg.AsyncConnection[Any], marks: Sequence[NewMark]) -> None:
    """Inserts marks; ValueError for a unit id of more than 1,024 bytes."""
    if not marks:
        return
    if any(len(mark.unit.unit_id) > UNIT_ID_BYTES_MAX for mark in marks):
        raise ValueError(f"a unit id has more than {UNIT_ID_BYTES_MAX} bytes")
    parameters = _unit_columns([mark.unit for mark in marks])
    parameters["delays_s"] = [float(mark.delay_s) for mark in marks]
    parameters["buckets"] = [mark.bucket for mark in marks]
    parameters["blob_ids"] = [mark.blob_id for mark in marks]
    await connection.execute(SQL.insert_marks, parameters)


def _unit_columns(units: Sequence[Unit]) -> dict[str, list[Any]]:
    project_ids, unit_kinds, unit_ids = zip(*units, strict=True)
    return {"project_ids": list(project_ids), "unit_kinds": list(unit_kinds), "unit_ids": list(unit_ids)}
