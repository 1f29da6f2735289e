"""Reads one trace out of the store for a page or an answer: the derived contract, and the rows of the tree."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from tool_errors.contract import contract
from tool_errors.derive import derive
from tool_errors.derive_traces import span_node
from tool_errors.findings import DerivedTrace
from tool_errors.grouped.group_says import PAYLOADS_FROM, settled_call
from tool_errors.grouped.told_twice import without_told
from tool_errors.judged import JudgedFacts
from tool_errors.loop.asked_again import TRACES_LOOKED_AT, asked_again
from tool_errors.normalise_spans import judge_stored
from tool_errors.rows_read import derived_trace, loop
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.dialects import BUILT_IN
from trace_store.dialects.registry import DialectRegistry
from trace_store.interactions.conversation_reads import GroupPlace
from trace_store.model import LogRecord
from trace_store.outline import ModelCallOutline, OutlineRow
from trace_store.reader import TraceReader
from trace_store.spans import read_log
from trace_store.stored import Link, StoredLog, StoredSpan, TraceKey, TreeRow
from web.issues.verdict_view import is_dismissed, read_verdicts

ModelCallRow = LlmCallRow | ModelCallOutline


@dataclass(frozen=True, slots=True)
class TreeRecords:
    """What the tree of a trace is made of; no payloads."""

    trace: TraceRow | None  # None until the processor has seen the trace
    spans: Sequence[TreeRow | OutlineRow]
    tool_calls: list[ToolCallRow]
    loops: list[LoopRow]
    links: list[Link] = field(default_factory=list)  # that its spans carry
    incoming: list[Link] = field(default_factory=list)  # of other traces, up to 1,000
    place: GroupPlace | None = None  # among the traces it belongs to
    asked_again: bytes | None = None  # the later trace of its group in which the user asks for the same
    dismissed_loops: frozenset[str] = frozenset()  # ids of those that people say are none
    llm_calls: Sequence[ModelCallRow] = ()


async def read_tree_records(reader: TraceReader, trace: TraceKey) -> TreeRecords | None:
    """The rows of a trace; None for an unknown one."""
    spans = await reader.outline(trace)
    if not spans:
        return None
    row = await reader.trace_row(trace)
    place = None if row is None else await reader.place_in_group(row)
    calls, loops = await reader.tool_calls(trace), await reader.loops(trace)
    again = None if row is None else await _asked_again(reader, row)
    verdicts = await read_verdicts(reader, trace, None, loops)
    return TreeRecords(
        *(row, spans, calls, loops, *await reader.links(trace)),
        place=place,
        asked_again=again,
        dismissed_loops=frozenset(loop.loop_id for loop in loops if is_dismissed(loop, verdicts)),
        llm_calls=await reader.model_calls(trace),
    )


async def _asked_again(reader: TraceReader, row: TraceRow) -> bytes | None:
    if row.group_id is None:
        return None
    following = await reader.following_in_group(row, TRACES_LOOKED_AT)
    return asked_again([derived_trace(other, (), ()) for other in following]).get(row.trace_id)


async def read_contract_page(
    reader: TraceReader, trace: TraceKey, registry: DialectRegistry, spans_offset: int, spans_limit: int
) -> bytes | None:
    """The JSON contract with a page of its spans, and where that page lies; None for an unknown trace."""
    found = await read_contract(reader, trace, registry)
    if found is None:
        return None
    spans = found["spans"]
    found["spans"] = spans[spans_offset : spans_offset + spans_limit]
    return orjson.dumps(found | {"spans_offset": spans_offset, "spans_total": len(spans)})


async def read_contract(reader: TraceReader, trace: TraceKey, registry: DialectRegistry) -> dict[str, Any] | None:
    """The JSON contract of a trace, derived now from its bytes and so with whole payloads; None for an unknown one.

    `derived_at` says when the processor derived the rows that lists and pages show; null before it has.
    """
    row = await reader.trace_row(trace)
    derived = await derive_now(reader, trace, row, registry)
    if derived is None:
        return None
    projects = await reader.projects()
    if row is not None and row.group_id is not None:
        derived = await _as_its_group_tells(reader, trace, derived, registry)
        derived = replace(derived, asked_again=await _asked_again(reader, row))
    if row is not None:  # its events may know what its spans do not name
        user_id, named = derived.user_id or row.user_id, derived.conversation_id or row.conversation_id
        derived = replace(derived, user_id=user_id, conversation_id=named)
    derived_at = row.derived_at if row is not None else None
    return contract(derived, project=projects.get(trace.project_id, "")) | {"derived_at": derived_at}


async def derive_now(
    reader: TraceReader, trace: TraceKey, row: TraceRow | None, registry: DialectRegistry
) -> DerivedTrace | None:
    """A trace by itself, derived from its bytes; None for an unknown one. `row` is what was derived of it before."""
    stored = await reader.stored_spans(trace)
    if not stored:
        return None
    judged = judge_all(stored, await reader.logs(trace), registry)
    nodes = [span_node(row_of_tree) for row_of_tree in await reader.tree_rows(trace)]
    known = {span.row.span_id for span in stored}
    return derive([node for node in nodes if node.span_id in known], judged.values(), live=row is None or row.live)


async def _as_its_group_tells(
    reader: TraceReader, trace: TraceKey, derived: DerivedTrace, registry: DialectRegistry
) -> DerivedTrace:
    rows = {row.call_key: row for row in await reader.own_tool_calls(trace)}
    sources = {source for row in rows.values() for source in (row.group_says or {}).get(PAYLOADS_FROM, ())}
    values: dict[bytes, Any] = {}
    for source in sorted(sources):
        key = TraceKey(trace.project_id, bytes.fromhex(source))
        other = await derive_now(reader, key, await reader.trace_row(key), registry)
        for call in other.tool_calls if other is not None else ():
            values |= {held.digest: held.value for held in (call.arguments, call.result) if held is not None}
    told = [
        settled_call(call, rows[call.call_key], values) if call.call_key in rows else call
        for call in derived.tool_calls
    ]
    told_in = {
        (call.trace_id, call.span_id): call.told_in
        for call in await reader.llm_calls(trace)
        if call.told_in is not None
    }
    return replace(
        without_told(derived, told_in),
        tool_calls=tuple(call for call in told if call is not None),
        loops=tuple(loop(row) for row in await reader.loops(trace)),
    )


def judge_all(
    spans: list[StoredSpan], logs: list[StoredLog], registry: DialectRegistry = BUILT_IN
) -> dict[bytes, JudgedFacts]:
    """The judged facts of stored spans by span id, payloads included; spans that no dialect claims are left out."""
    envelopes = DecodedEnvelopes()
    logs_of_span: dict[bytes, list[LogRecord]] = defaultdict(list)
    for record in logs:
        logs_of_span[record.span_id].append(read_log(record.otlp, envelopes.scope(record.scope.otlp)))
    judged = (
        (span.row.span_id, judge_stored(span, logs_of_span[span.row.span_id], envelopes, registry)) for span in spans
    )
    return {span_id: facts for span_id, facts in judged if facts is not None}
