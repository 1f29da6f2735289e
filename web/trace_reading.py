"""Reads one trace out of the store for a page or an answer: the derived contract, and the rows of the tree."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import orjson

from tool_errors.contract import contract
from tool_errors.derive import derive
from tool_errors.derive_traces import span_node
from tool_errors.judged import JudgedFacts
from tool_errors.normalise_spans import judge_stored
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.derived_rows import LoopRow, ToolCallRow, TraceRow
from trace_store.model import LogRecord
from trace_store.reader import TraceReader
from trace_store.spans import read_log
from trace_store.stored import Link, StoredLog, StoredSpan, TraceKey, TreeRow


@dataclass(frozen=True, slots=True)
class TreeRecords:
    """What the tree of a trace is made of; no payloads."""

    trace: TraceRow | None  # None until the processor has seen the trace
    spans: list[TreeRow]
    tool_calls: list[ToolCallRow]
    loops: list[LoopRow]
    links: list[Link] = field(default_factory=list)  # that its spans carry
    incoming: list[Link] = field(default_factory=list)  # of other traces, up to 1,000


async def read_tree_records(reader: TraceReader, trace: TraceKey) -> TreeRecords | None:
    """The rows of a trace; None for an unknown one."""
    spans = await reader.tree_rows(trace)
    if not spans:
        return None
    row = await reader.trace_row(trace)
    return TreeRecords(
        row, spans, await reader.tool_calls(trace), await reader.loops(trace), *await reader.links(trace)
    )


async def read_contract_page(reader: TraceReader, trace: TraceKey, spans_offset: int, spans_limit: int) -> bytes | None:
    """The JSON contract with a page of its spans, and where that page lies; None for an unknown trace."""
    found = await read_contract(reader, trace)
    if found is None:
        return None
    spans = found["spans"]
    found["spans"] = spans[spans_offset : spans_offset + spans_limit]
    return orjson.dumps(found | {"spans_offset": spans_offset, "spans_total": len(spans)})


async def read_contract(reader: TraceReader, trace: TraceKey) -> dict[str, Any] | None:
    """The JSON contract of a trace, derived now from its bytes and so with whole payloads; None for an unknown one.

    `derived_at` says when the processor derived the rows that lists and pages show; null before it has.
    """
    stored = await reader.stored_spans(trace)
    if not stored:
        return None
    row = await reader.trace_row(trace)
    projects = await reader.projects()
    judged = judge_all(stored, await reader.logs(trace))
    nodes = [span_node(row_of_tree) for row_of_tree in await reader.tree_rows(trace)]
    known = {span.row.span_id for span in stored}
    derived = derive([node for node in nodes if node.span_id in known], judged.values(), live=row is None or row.live)
    derived_at = row.derived_at if row is not None else None
    return contract(derived, project=projects.get(trace.project_id, "")) | {"derived_at": derived_at}


def judge_all(spans: list[StoredSpan], logs: list[StoredLog]) -> dict[bytes, JudgedFacts]:
    """The judged facts of stored spans by span id, payloads included; spans that no dialect claims are left out."""
    envelopes = DecodedEnvelopes()
    logs_of_span: dict[bytes, list[LogRecord]] = defaultdict(list)
    for record in logs:
        logs_of_span[record.span_id].append(read_log(record.otlp, envelopes.scope(record.scope.otlp)))
    judged = ((span.row.span_id, judge_stored(span, logs_of_span[span.row.span_id], envelopes)) for span in spans)
    return {span_id: facts for span_id, facts in judged if facts is not None}
