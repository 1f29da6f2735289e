"""The spans of an event as the query API tells them, read from their bytes."""

from collections.abc import Sequence
from typing import Any

import orjson

from tool_errors.judged import JudgedFacts
from tool_errors.normalise_spans import judge_stored
from trace_store.attributes import json_safe
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.dialects.registry import DialectRegistry
from trace_store.facts import Payload, SpanFacts
from trace_store.model import STATUS_ERROR, STATUS_OK, Span
from trace_store.reader import TraceReader
from trace_store.spans import read_span
from trace_store.stored import StoredSpan, TraceKey

STATUS = {STATUS_OK: "OK", STATUS_ERROR: "ERROR"}
TYPES = {"llm": "LLM_GENERATION", "tool": "TOOL_CALL"}


async def spans_json(
    reader: TraceReader,
    traces: Sequence[TraceKey],
    event_id: str,
    registry: DialectRegistry,
    limit: int,
    text_length_max: int | None,
) -> tuple[list[dict[str, Any]], int]:
    """Up to `limit` spans of an event's traces by start, and how many there are.

    Spans of these traces that name another event are left out. Inputs and outputs have at most `text_length_max`
    characters.
    """
    envelopes = DecodedEnvelopes()
    found = []
    for trace in traces:
        for stored in await reader.stored_spans(trace):
            judged = judge_stored(stored, (), envelopes, registry)
            if judged is None or judged.facts.interaction_id in (None, event_id):
                found.append((stored, judged))
    found.sort(key=lambda pair: (pair[0].row.start_unix_nano, pair[0].row.span_id))
    shown = [_span_json(*pair, envelopes, registry, text_length_max) for pair in found[:limit]]
    return shown, len(found)


def _span_json(
    stored: StoredSpan,
    judged: JudgedFacts | None,
    envelopes: DecodedEnvelopes,
    registry: DialectRegistry,
    text_length_max: int | None,
) -> dict[str, Any]:
    row = stored.row
    span = read_span(stored.otlp, envelopes.resource(stored.resource.otlp), envelopes.scope(stored.scope.otlp))
    facts = None if judged is None else judged.facts
    given, got = (None, None) if facts is None else _texts(facts, span, registry)
    return {
        "trace_id": row.trace_id.hex(),
        "span_id": row.span_id.hex(),
        "parent_span_id": row.parent_span_id.hex() or None,
        "span_name": row.name,
        "span_type": _type(facts, span),
        "status": STATUS.get(row.status_code, "UNSET"),
        "start_time_ns": row.start_unix_nano,
        "end_time_ns": row.end_unix_nano,
        "duration_ns": max(0, row.end_unix_nano - row.start_unix_nano) if row.end_unix_nano else 0,
        "input": given and given[:text_length_max],
        "output": got and got[:text_length_max],
        "input_tokens": facts and facts.input_tokens,
        "output_tokens": facts and facts.output_tokens,
        "model": facts and facts.model,
        "provider": facts and facts.provider,
        "attributes": _attributes(span),
    }


def _type(facts: SpanFacts | None, span: Span) -> str:
    if facts is None:
        return "INTERNAL"
    if facts.type == "llm" and facts.is_aggregate:  # repeats what the spans below it say
        return "INTERNAL"
    if facts.type == "llm" and (facts.time_to_first_token_ns is not None or _is_streamed(span)):
        return "LLM_GENERATION_STREAM"
    return TYPES.get(facts.type, "INTERNAL")


def _is_streamed(span: Span) -> bool:
    operation = span.attributes.get("ai.operationId")
    return isinstance(operation, str) and "stream" in operation.lower()


def _texts(facts: SpanFacts, span: Span, registry: DialectRegistry) -> tuple[str | None, str | None]:
    """Input and output; of a step that is no call and holds no words, the values as they were sent."""
    given, got = _input(facts), _output(facts)
    if (given and got) or facts.type in TYPES or (explained := registry.explain(span)) is None:
        return given, got
    reading = explained[1]
    return given or _as_text(reading.value("input")), got or _as_text(reading.value("output"))


def _input(facts: SpanFacts) -> str | None:
    return _text(facts.arguments) if facts.type == "tool" else facts.input_text


def _output(facts: SpanFacts) -> str | None:
    if facts.type == "tool":
        return _text(facts.result)
    if facts.output_text or not facts.requested_calls:
        return facts.output_text
    calls = [
        {"name": call.name, "arguments": json_safe(call.arguments and call.arguments.value)}
        for call in facts.requested_calls
    ]
    return orjson.dumps(calls).decode()


def _text(payload: Payload | None) -> str | None:
    return None if payload is None else _as_text(payload.value)


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(json_safe(value)).decode()


def _attributes(span: Span) -> dict[str, str | int | float]:
    """The attributes; what is neither text nor number as JSON."""
    found: dict[str, str | int | float] = {}
    for key, value in span.attributes.items():
        safe = json_safe(value)
        found[key] = (
            safe if isinstance(safe, str | int | float) and not isinstance(safe, bool) else orjson.dumps(safe).decode()
        )
    return found
