"""The call of the same tool before this one, and what changed since: arguments, result, error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tool_errors.normalise_spans import judge_stored
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.dialects.registry import DialectRegistry
from trace_store.facts import SpanFacts
from trace_store.reader import TraceReader
from trace_store.spans import read_log
from trace_store.stored import TraceKey
from web.pages.repeat_models import RepeatChanges
from web.trace.trace_url import trace_url
from web.trace.value_diff import diff_values


@dataclass(frozen=True, slots=True)
class PreviousCall:
    """The previous call with its payloads, those of its span."""

    call: ToolCallRow
    title: str
    arguments: Any
    result: Any


async def read_previous_call(
    reader: TraceReader, trace: TraceKey, call: ToolCallRow, loops: Sequence[LoopRow], registry: DialectRegistry
) -> PreviousCall | None:
    """The previous call of the tool; of a loop over several traces also one in another trace. None without a span."""
    title = f"the previous call of {call.name}"
    found = await reader.previous_call(call)
    loop = next((loop for loop in loops if call.call_key in loop.call_keys), None)
    if loop is not None:
        at = loop.call_keys.index(call.call_key)
        before = at - max(1, len(loop.tools))
        if found is None and 0 <= before < len(loop.calls):
            other, span = loop.calls[before][0], loop.calls[before][2]
            if other is not None and span is not None:
                elsewhere = TraceKey(trace.project_id, bytes.fromhex(other))
                found = await reader.tool_call_of_span(elsewhere, bytes.fromhex(span))
        if found is not None and found.call_key in loop.call_keys[:at]:
            title = f"repeat {loop.call_keys.index(found.call_key) + 1}"
    if found is None or found.span_id is None:
        return None
    key = TraceKey(found.project_id, found.trace_id)
    stored = await reader.stored_span(key, found.span_id)
    if stored is None:
        return None
    envelopes = DecodedEnvelopes()
    records = await reader.logs(key, [found.span_id])
    logs = [read_log(record.otlp, envelopes.scope(record.scope.otlp)) for record in records]
    judged = judge_stored(stored, logs, envelopes, registry)
    return PreviousCall(found, title, *_payloads(None if judged is None else judged.facts))


def repeat_changes(call: ToolCallRow, facts: SpanFacts | None, previous: PreviousCall) -> RepeatChanges:
    """What changed since the previous call; a value that neither has is left out."""
    arguments, result = _payloads(facts)
    pairs = (
        ("Arguments", previous.arguments, arguments),
        ("Result", previous.result, result),
        ("Error", _error(previous.call), _error(call)),
    )
    return RepeatChanges(
        title=previous.title,
        url=trace_url(previous.call.trace_id, previous.call.span_id),
        values=tuple(diff_values(*pair) for pair in pairs if pair[1] is not None or pair[2] is not None),
    )


def _payloads(facts: SpanFacts | None) -> tuple[Any, Any]:
    if facts is None:
        return None, None
    arguments, result = facts.arguments, facts.result
    return None if arguments is None else arguments.value, None if result is None else result.value


def _error(call: ToolCallRow) -> str | None:
    return ": ".join(part for part in (call.error_type, call.error_message) if part) or None
