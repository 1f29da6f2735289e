"""What a group says of one trace, as it is kept beside the trace's own rows and put over them again."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tool_errors.findings import DerivedTrace, LlmCallKey, ToolCall
from tool_errors.grouped.told_twice import without_told
from tool_errors.prices.cost import total_nano_usd, unpriced_models
from tool_errors.rows_read import derived_trace, tool_call
from tool_errors.steps import steps
from tool_errors.table_rows import UNPRICED_MODELS_MAX, tool_call_row
from trace_store.derived_rows import TOLD_ELSEWHERE, LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.facts import Payload
from trace_store.stored import TraceKey
from trace_store.trace_groups import DerivedTraceRows

PAYLOADS_FROM = "payloads_from"  # trace ids in hex where the whole arguments and result stand


def says_of(
    own: Sequence[ToolCallRow], settled: Iterable[ToolCall], sources: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """By call key what the group knows better than a trace itself; nothing for calls that it tells alike.

    `own` are the rows of the trace, `settled` its calls after `settle_conversation`; `sources` is `payload_sources`.
    """
    after = {call.call_key: call for call in settled}
    found: dict[str, dict[str, Any]] = {}
    for row in own:
        call = after.get(row.call_key)
        if call is None:
            found[row.call_key] = {TOLD_ELSEWHERE: True}
            continue
        changed = _changed(dataclasses.replace(row, group_says=None), tool_call_row(row.project_id, call))
        if changed:
            digests = [changed[name] for name in ("arguments_digest", "result_digest") if changed.get(name)]
            if digests:
                changed[PAYLOADS_FROM] = sorted({trace_id for digest in digests for trace_id in sources[digest][:1]})
            found[row.call_key] = changed
    return found


def payload_sources(of_group: Iterable[ToolCallRow]) -> dict[str, list[str]]:
    """In which traces (ids in hex, sorted) a payload stands, by its digest in hex."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in of_group:
        for digest in (row.arguments_digest, row.result_digest):
            if digest is not None:
                found[digest.hex()].add(row.trace_id.hex())
    return {digest: sorted(traces) for digest, traces in found.items()}


def told_in_changed(stored: Iterable[LlmCallRow], settled: DerivedTrace) -> dict[bytes, bytes | None]:
    """By span id the trace that counts a model call, None for this one; only of calls whose row says otherwise."""
    told_in = {call.span_id: call.told_in for call in settled.llm_calls if not call.turn}
    return {row.span_id: told_in[row.span_id] for row in stored if not row.turn and told_in[row.span_id] != row.told_in}


def counts_of(trace: DerivedTrace) -> dict[str, Any]:
    """The columns of `traces` that depend on what a group says."""
    counted = trace.counted_llm_calls
    return {
        "llm_call_count": len(counted),
        "input_tokens": trace.input_tokens,
        "output_tokens": trace.output_tokens,
        "cached_tokens": trace.cached_tokens,
        "reasoning_tokens": trace.reasoning_tokens,
        "cost_nano_usd": total_nano_usd(counted),
        "unpriced_models": list(unpriced_models(counted)[:UNPRICED_MODELS_MAX]),
        "tool_call_count": len(trace.tool_calls),
        "error_count": trace.error_count,
        "soft_error_count": trace.soft_error_count,
        "unanswered_count": trace.unanswered_count,
        "loop_count": len(trace.loops),
    }


@dataclasses.dataclass(frozen=True, slots=True)
class GroupSaid:
    """What its group said of a trace so far."""

    group_id: bytes
    says: dict[str, dict[str, Any] | None]  # by call key
    loops: list[LoopRow]
    told_in: dict[LlmCallKey, bytes]  # which trace counts a model call, where it is another one


def said_so_far(rows: DerivedTraceRows) -> dict[TraceKey, GroupSaid]:
    """What the groups of these traces said of them; nothing for traces without a group."""
    found = {
        TraceKey(row.project_id, row.trace_id): GroupSaid(row.group_id, {}, [], {})
        for row in rows.traces
        if row.group_id is not None
    }
    for call in rows.tool_calls:
        if (said := found.get(TraceKey(call.project_id, call.trace_id))) is not None:
            said.says[call.call_key] = call.group_says
    for llm_call in rows.llm_calls:
        said = found.get(TraceKey(llm_call.project_id, llm_call.trace_id))
        if said is not None and llm_call.told_in is not None:
            said.told_in[llm_call.trace_id, llm_call.span_id] = llm_call.told_in
    for loop in rows.loops:
        if (said := found.get(TraceKey(loop.project_id, loop.trace_id))) is not None:
            said.loops.append(loop)
    return found


def carried_over(
    row: TraceRow, llm_calls: Sequence[LlmCallRow], tool_calls: Sequence[ToolCallRow], said: GroupSaid
) -> tuple[TraceRow, list[LlmCallRow], list[ToolCallRow]]:
    """Fresh own rows of a trace under what its group said so far, until the group has looked at them."""
    calls = [dataclasses.replace(call, group_says=said.says.get(call.call_key)) for call in tool_calls]
    own = derived_trace(row, llm_calls, [settled for call in calls if (settled := call.settled) is not None])
    seen = without_told(own, said.told_in)
    told_in = {(call.span_id, call.turn): call.told_in for call in seen.llm_calls}
    llm_calls = [dataclasses.replace(call, told_in=told_in[call.span_id, call.turn]) for call in llm_calls]
    counts: dict[str, Any] = counts_of(seen) | {"loop_count": len(said.loops)}
    looped = {key or "" for loop in said.loops for trace_id, key, *_ in loop.calls if trace_id == row.trace_id.hex()}
    strip = steps(seen.llm_calls, seen.tool_calls, looped)
    return dataclasses.replace(row, group_id=said.group_id, steps=strip, **counts), llm_calls, calls


def settled_call(call: ToolCall, row: ToolCallRow, values: Mapping[bytes, Any]) -> ToolCall | None:
    """A call derived from its bytes, as the group tells it; `row` is its stored row, `values` are whole payloads by
    digest. None when another trace tells the call."""
    settled = row.settled
    if row.group_says is None or settled is None:
        return call if settled is not None else None
    told = tool_call(settled)
    return dataclasses.replace(
        call,
        name=told.name,
        call_id=told.call_id,
        verdict=told.verdict,
        recovered=told.recovered,
        violations=told.violations,
        asked_by=told.asked_by,
        asked_in=told.asked_in,
        arguments=_whole(call.arguments, told.arguments, values),
        result=_whole(call.result, told.result, values),
    )


def _whole(own: Payload | None, told: Payload | None, values: Mapping[bytes, Any]) -> Payload | None:
    if told is None or (own is not None and own.digest == told.digest):
        return own
    return dataclasses.replace(told, value=values[told.digest]) if told.digest in values else told


def _changed(own: ToolCallRow, settled: ToolCallRow) -> dict[str, Any]:
    changed = {}
    for column in dataclasses.fields(ToolCallRow):
        value = getattr(settled, column.name)
        if value != getattr(own, column.name):
            changed[column.name] = value.hex() if isinstance(value, bytes) else value
    return changed
