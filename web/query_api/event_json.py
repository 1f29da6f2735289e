"""Events as the query API tells them, each with its signals, tool calls and failed spans."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tool_errors.findings import UNSUCCESSFUL
from trace_store.interactions.interaction_reads import CallRead, InteractionReads
from trace_store.interactions.interaction_rows import InteractionRow
from web.query_api.answers import iso, iso_of
from web.query_api.signal_ids import name_signals


async def events_json(reads: InteractionReads, rows: Sequence[InteractionRow]) -> list[dict[str, Any]]:
    """The events of a page, in its order."""
    signals: dict[str, list[dict[str, Any]]] = defaultdict(list)
    met = await reads.signals_of([row.event_id for row in rows])
    names = await name_signals(reads, met)
    for one in met:
        if known := names.get((one.kind, one.key)):
            signals[one.event_id].append(known._asdict())
    trace_ids = sorted({trace_id for row in rows for trace_id in row.trace_ids})
    calls = _by_trace(await reads.calls_of(trace_ids))
    models = _by_trace(await reads.failed_model_calls_of(trace_ids))
    return [event_json(row, signals[row.event_id], _own(row, calls), _own(row, models)) for row in rows]


def event_json(
    row: InteractionRow, signals: list[dict[str, Any]], calls: Sequence[CallRead], failed_models: Sequence[CallRead]
) -> dict[str, Any]:
    """One event with its tool calls and its model calls that failed."""
    failed = [_failed_json(call, "TOOL_CALL") for call in calls if call.status in UNSUCCESSFUL and call.span_id]
    failed += [_failed_json(call, "LLM_GENERATION") for call in failed_models]
    return {
        "id": row.event_id,
        "event_name": row.event_name,
        "user_id": row.user_id,
        "convo_id": row.conversation_id,
        "timestamp": iso(row.start_unix_nano),
        "user_input": row.input,
        "assistant_output": row.output,
        "received_at": iso_of(row.received_at),
        **({"model": row.model} if row.model else {}),
        "topics": [],
        "input_attachments": _attachments(row, ("input", "context", "")),
        "output_attachments": _attachments(row, ("output",)),
        "signals": signals,
        "error_spans": sorted(failed, key=lambda span: str(span["started_at"])),
        "tool_calls": [_call_json(call) for call in calls],
        "feature_flags": row.feature_flags,
        "properties": row.properties,
        "is_pending": row.is_pending,
        "trace_ids": [trace_id.hex() for trace_id in row.trace_ids],
        "loop_count": row.loop_count,
        "error_count": row.error_count,
        "soft_error_count": row.soft_error_count,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost_usd": row.cost_usd,
        "duration_ms": row.duration_ns / 1e6,
        "release": row.release or None,
        "environment": row.environment,
    }


def _by_trace(calls: Iterable[CallRead]) -> dict[bytes, list[CallRead]]:
    found: dict[bytes, list[CallRead]] = defaultdict(list)
    for call in calls:
        found[call.trace_id].append(call)
    return found


def _own(row: InteractionRow, calls: Mapping[bytes, Sequence[CallRead]]) -> list[CallRead]:
    """Those of its traces that no other event has."""
    of_traces = (call for trace_id in row.trace_ids for call in calls.get(trace_id, ()))
    return [call for call in of_traces if call.interaction_id in (None, row.event_id)]


def _call_json(call: CallRead) -> dict[str, Any]:
    return {
        "tool_name": call.name,
        "status": "ERROR" if call.status in UNSUCCESSFUL else "OK" if call.status == "ok" else call.status.upper(),
        "derived_status": call.status,
        "duration_ms": max(0, call.end_unix_nano - call.start_unix_nano) / 1e6,
        "started_at": iso(call.start_unix_nano),
        **({"span_id": call.span_id.hex()} if call.span_id else {}),
    }


def _failed_json(call: CallRead, span_type: str) -> dict[str, Any]:
    found = _call_json(call)
    del found["tool_name"]
    return found | {"span_type": span_type, "span_name": call.name, "output_payload": call.error_message or ""}


def _attachments(row: InteractionRow, roles: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "attachment_id": one.get("attachment_id") or f"{row.event_id}:{position}",
            "attachment_type": one.get("type"),
            "name": one.get("name"),
            "value": one.get("value"),
        }
        for position, one in enumerate(row.attachments)
        if (one.get("role") or "") in roles
    ]
