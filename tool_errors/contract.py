"""The JSON contract of a derived trace: what `inspect --json` and `GET /api/traces/{trace_id}` print.

Every field is always there; ids are lower-case hex, nanoseconds are strings of digits (JSON's numbers end at 2^53).
Fields are only ever added.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from tool_errors.findings import FAILED, DerivedSpan, DerivedTrace, LlmCall, Loop, SchemaViolation, ToolCall
from tool_errors.prices.cost import total_nano_usd, unpriced_models, usd
from tool_errors.schema.schema_violations import telling
from trace_store.facts import UNREAD, Payload

_STATUS = {0: "unset", 1: "ok", 2: "error"}


def contract(
    derived: DerivedTrace,
    *,
    project: str,
    values: Mapping[str, tuple[Any, Any]] | None = None,
) -> dict[str, Any]:
    """The object for one trace.

    `values` has the full arguments and result of calls by call key; without it, payloads that were read back from
    rows are shown as their previews.
    """
    values = values or {}
    interactions = derived.interaction_ids
    return {
        "trace_id": derived.trace_id.hex(),
        "project": project,
        "live": derived.live,
        "interaction_id": interactions[0] if interactions else None,
        "interaction_ids": list(interactions),
        "conversation_id": derived.conversation_id,
        "user_id": derived.user_id,
        "release": derived.release or None,
        "environment": derived.environment,
        "input": derived.input,
        "output": derived.output,
        "start_unix_nano": str(derived.start_unix_nano),
        "end_unix_nano": str(derived.end_unix_nano),
        "span_count": len(derived.spans),
        "roots": [span_id.hex() for span_id in derived.roots],
        "agents": list(derived.agents),
        "input_tokens": derived.input_tokens,
        "output_tokens": derived.output_tokens,
        "cached_tokens": derived.cached_tokens,
        "reasoning_tokens": derived.reasoning_tokens,
        "cost_usd": usd(total_nano_usd(derived.counted_llm_calls)),
        "unpriced_models": list(unpriced_models(derived.counted_llm_calls)),
        "llm_calls": [_llm_call(call) for call in derived.counted_llm_calls],
        "tool_calls": [_tool_call(call, values.get(call.call_key)) for call in derived.tool_calls],
        "loops": [_loop(loop) for loop in derived.loops],
        "told_elsewhere": [
            {"span_id": call.span_id.hex(), "told_in": call.told_in.hex()}
            for call in derived.llm_calls
            if call.told_in is not None
        ],
        "run_ended_well": derived.run_ended_well,
        "asked_again": None if derived.asked_again is None else derived.asked_again.hex(),
        "spans": [_span(span) for span in derived.spans],
    }


def _llm_call(call: LlmCall) -> dict[str, Any]:
    error = None
    if call.error_message is not None:
        error = {"type": call.error_type or None, "message": call.error_message}
    return {
        "span_id": call.span_id.hex(),
        "model": call.model,
        "provider": call.provider,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "interaction_id": call.interaction_id,
        "error": error,
        "finish_reason": call.finish_reason,
        "time_to_first_token_ms": None if call.time_to_first_token_ns is None else call.time_to_first_token_ns / 1e6,
        "cached_tokens": call.cached_tokens,
        "reasoning_tokens": call.reasoning_tokens,
        "cost_usd": usd(call.cost_nano_usd),
        "price": call.price or None,
        "tool_definitions": [
            {"digest": each.digest.hex(), "name": each.name or None} for each in call.tool_definitions
        ],
        "tool_definition_count": call.tool_definition_count,
        "turn": call.turn or None,
    }


def _tool_call(call: ToolCall, values: tuple[Any, Any] | None) -> dict[str, Any]:
    verdict = call.verdict
    error = None
    if verdict.status in FAILED:
        error = {
            "type": verdict.error_type or None,
            "message": verdict.message,
            "fingerprint": verdict.fingerprint,
            "recovered": call.recovered,
        }
    arguments, result = values or (_value(call.arguments), _value(call.result))
    return {
        "span_id": None if call.span_id is None else call.span_id.hex(),
        "call_id": call.call_id,
        "name": call.name,
        "arguments": arguments,
        "result": result,
        "asked_by": None if call.asked_by is None else call.asked_by.hex(),
        "asked_in": None if call.asked_in is None else call.asked_in.hex(),
        "interaction_id": call.interaction_id,
        "status": verdict.status,
        "evidence": {"rule": verdict.rule, "path": verdict.path},
        "error": error,
        "call_key": call.call_key,
        "propagated_from": None if call.propagated_from is None else call.propagated_from.hex(),
        "violation": _violation(call),
    }


def _violation(call: ToolCall) -> list[dict[str, str]] | None:
    """What of the arguments breaks the tool's schema, as far as it is worth telling; None when nothing is."""
    verdict = call.verdict
    found = telling(call.violations, verdict.status, verdict.error_type, verdict.message)
    return [violation_object(each) for each in found] or None


def violation_object(found: SchemaViolation) -> dict[str, str]:
    """A violation as programs read it."""
    return {"path": found.path, "expected": found.expected, "got": found.got, "rule": found.rule}


def _value(payload: Payload | None) -> Any:
    """The full value where it is known, else the preview: as JSON when nothing was cut off, else as text."""
    if payload is None:
        return None
    if payload.value is not UNREAD:
        return payload.value
    try:
        return orjson.loads(payload.preview)
    except ValueError:
        return payload.preview


def _loop(loop: Loop) -> dict[str, Any]:
    return {
        "id": loop.loop_id,
        "kind": loop.kind,
        "tools": list(loop.tools),
        "iterations": loop.iterations,
        "failures": loop.failures,
        "span_ids": [call.span_id.hex() for call in loop.calls if call.span_id is not None],
        "calls": [
            {
                "trace_id": call.trace_id.hex(),
                "span_id": None if call.span_id is None else call.span_id.hex(),
                "call_id": call.call_id,
            }
            for call in loop.calls
        ],
        "tokens": loop.tokens,
        "cost_usd": usd(loop.cost_nano_usd),
        "seconds": loop.wasted_ns / 1e9,
        "wasted_calls": loop.wasted_calls,
        "fingerprint": loop.fingerprint,
        "ended": loop.ended,
    }


def _span(span: DerivedSpan) -> dict[str, Any]:
    return {
        "span_id": span.span_id.hex(),
        "parent_span_id": span.parent_span_id.hex(),
        "name": span.name,
        "type": span.type,
        "dialect": span.dialect,
        "status": _STATUS.get(span.status_code, "unset"),
        "start_unix_nano": str(span.start_unix_nano),
        "end_unix_nano": str(span.end_unix_nano),
        "depth": span.depth,
        "agent": span.agent,
        "node": span.node,
        "from_log": span.from_log,
    }
