"""Reads one trace out of the store for a page or an answer: the derived contract, and the rows of the tree."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
from tool_errors.loop.asked_again import TRACES_LOOKED_AT, first_asked_again
from tool_errors.normalise_spans import judge_stored
from tool_errors.rows_read import derived_trace, loop
from trace_store.assembly import SpanNode
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.dialects import BUILT_IN
from trace_store.dialects.registry import DialectRegistry
from trace_store.interactions.conversation_reads import GroupPlace
from trace_store.model import LogRecord
from trace_store.opened_trace import OpenedTrace
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
    if not following or following[0].trace_id != row.trace_id:  # it went elsewhere meanwhile
        return None
    return first_asked_again([derived_trace(other, (), ()) for other in following])


async def read_contract_page(
    reader: TraceReader, trace: TraceKey, registry: DialectRegistry, spans_offset: int, spans_limit: int
) -> bytes | None:
    """The JSON contract with a page of its spans, and where that page lies; None for an unknown trace."""
    opened = await reader.opened(trace)
    return await contract_page(reader, trace, opened, registry, spans_offset, spans_limit)


async def contract_page(
    reader: TraceReader,
    trace: TraceKey,
    opened: OpenedTrace,
    registry: DialectRegistry,
    spans_offset: int,
    spans_limit: int,
) -> bytes | None:
    """The same for a trace that is read already."""
    found = await _contract_of(reader, trace, opened, registry)
    if found is None:
        return None
    spans = found["spans"]
    found["spans"] = spans[spans_offset : spans_offset + spans_limit]
    return orjson.dumps(found | {"spans_offset": spans_offset, "spans_total": len(spans)})


async def read_contract(reader: TraceReader, trace: TraceKey, registry: DialectRegistry) -> dict[str, Any] | None:
    """The JSON contract of a trace, derived now from its bytes and so with whole payloads; None for an unknown one.

    `derived_at` says when the processor derived the rows that lists and pages show; null before it has.
    """
    return await _contract_of(reader, trace, await reader.opened(trace), registry)


async def _contract_of(
    reader: TraceReader, trace: TraceKey, opened: OpenedTrace, registry: DialectRegistry
) -> dict[str, Any] | None:
    derived = _derive_now(opened, registry)
    if derived is None:
        return None
    before = opened.derived
    if before is not None and before.group_id is not None:
        derived = await _as_its_group_tells(reader, trace, derived, registry)
        row = await reader.trace_row(trace)
        derived = replace(derived, asked_again=None if row is None else await _asked_again(reader, row))
    if before is not None:  # its events may know what its spans do not name
        user_id = derived.user_id or before.user_id
        derived = replace(derived, user_id=user_id, conversation_id=derived.conversation_id or before.conversation_id)
    derived_at = None if before is None else before.derived_at
    return contract(derived, project=opened.project) | {"derived_at": derived_at}


def _derive_now(opened: OpenedTrace, registry: DialectRegistry) -> DerivedTrace | None:
    """A trace by itself, derived from its bytes; None for an unknown one."""
    spans, before = opened.spans, opened.derived
    if not spans:
        return None
    judged = judge_all(spans, opened.logs, registry)
    return derive(nodes_of(spans), judged.values(), live=before is None or before.live)


def nodes_of(spans: Iterable[StoredSpan]) -> list[SpanNode]:
    """What derivation reads of stored spans besides their facts."""
    return [span_node(span.row, span.resource.service_name, span.resource.release) for span in spans]


async def _as_its_group_tells(
    reader: TraceReader, trace: TraceKey, derived: DerivedTrace, registry: DialectRegistry
) -> DerivedTrace:
    rows = {row.call_key: row for row in await reader.own_tool_calls(trace)}
    sources = {source for row in rows.values() for source in (row.group_says or {}).get(PAYLOADS_FROM, ())}
    values: dict[bytes, Any] = {}
    for source in sorted(sources):
        key = TraceKey(trace.project_id, bytes.fromhex(source))
        other = _derive_now(await reader.opened(key), registry)
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
