"""A derived trace as rows of the derived tables."""

from collections.abc import Sequence
from datetime import datetime

from tool_errors.findings import DerivedTrace, LlmCall, Loop, ToolCall
from tool_errors.prices.cost import total_nano_usd, unpriced_models
from tool_errors.schema.schema_violations import violations_json
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.stored import SpanRow

UNPRICED_MODELS_MAX = 50  # that a trace's row lists


def trace_row(derived: DerivedTrace, rows: Sequence[SpanRow], settle_at: datetime | None, derived_by: str) -> TraceRow:
    """The row of `traces`; `rows` are all stored versions of the trace's spans, `derived_by` names the rules."""
    return TraceRow(
        project_id=rows[0].project_id,
        trace_id=derived.trace_id,
        start_unix_nano=derived.start_unix_nano,
        end_unix_nano=derived.end_unix_nano,
        bucket_min=min(row.bucket for row in rows),
        bucket_max=max(row.bucket for row in rows),
        live=derived.live,
        settle_at=settle_at,
        root_name=derived.root_name,
        service_name=derived.service_name,
        release=derived.release,
        span_count=len(derived.spans),
        root_count=len(derived.roots),
        llm_call_count=len(derived.counted_llm_calls),
        tool_call_count=len(derived.tool_calls),
        error_count=derived.error_count,
        soft_error_count=derived.soft_error_count,
        unanswered_count=derived.unanswered_count,
        failed_span_count=derived.failed_span_count,
        loop_count=len(derived.loops),
        input_tokens=derived.input_tokens,
        output_tokens=derived.output_tokens,
        cached_tokens=derived.cached_tokens,
        reasoning_tokens=derived.reasoning_tokens,
        cost_nano_usd=total_nano_usd(derived.counted_llm_calls),
        unpriced_models=list(unpriced_models(derived.counted_llm_calls)[:UNPRICED_MODELS_MAX]),
        agents=list(derived.agents),
        tools=list(derived.tools),
        models=list(derived.models),
        providers=list(derived.providers),
        dialects=list(derived.dialects),
        interaction_ids=list(derived.interaction_ids),
        conversation_id=derived.conversation_id,
        user_id=derived.user_id,
        input_preview=derived.input_preview,
        output_preview=derived.output_preview,
        steps=derived.steps,
        search_text=derived.search_text,
        environment=derived.environment,
        derived_by=derived_by,
    )


def llm_call_row(project_id: int, trace_id: bytes, call: LlmCall) -> LlmCallRow:
    """A row of `llm_calls`."""
    return LlmCallRow(
        project_id=project_id,
        trace_id=trace_id,
        span_id=call.span_id,
        start_unix_nano=call.start_unix_nano,
        end_unix_nano=call.end_unix_nano,
        model=call.model,
        provider=call.provider,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        interaction_id=call.interaction_id,
        error_type=call.error_type,
        error_message=call.error_message,
        finish_reason=call.finish_reason,
        time_to_first_token_ns=call.time_to_first_token_ns,
        cached_tokens=call.cached_tokens,
        reasoning_tokens=call.reasoning_tokens,
        cost_nano_usd=call.cost_nano_usd,
        price=call.price if call.price or call.is_unpriced else None,
        tool_definition_digests=[each.digest for each in call.tool_definitions],
        tool_definition_count=call.tool_definition_count,
        turn=call.turn,
        response_key=call.response_key,
        told_by=call.told_by or None,
        told_in=call.told_in,
    )


def tool_call_row(project_id: int, call: ToolCall) -> ToolCallRow:
    """A row of `tool_calls`."""
    verdict = call.verdict
    return ToolCallRow(
        project_id=project_id,
        trace_id=call.trace_id,
        call_key=call.call_key,
        span_id=call.span_id,
        call_id=call.call_id,
        asked_by=call.asked_by,
        start_unix_nano=call.start_unix_nano,
        end_unix_nano=call.end_unix_nano,
        name=call.name,
        status=verdict.status,
        rule=verdict.rule,
        path=verdict.path,
        recovered=call.recovered,
        error_type=verdict.error_type or None,
        error_message=verdict.message or None,
        fingerprint=verdict.fingerprint or None,
        arguments_digest=None if call.arguments is None else call.arguments.digest,
        result_digest=None if call.result is None else call.result.digest,
        arguments_preview=None if call.arguments is None else call.arguments.preview,
        result_preview=None if call.result is None else call.result.preview,
        interaction_id=call.interaction_id,
        propagated_from=call.propagated_from,
        scope=call.scope,
        asked_turn=call.asked_turn,
        violations=violations_json(call.violations) or None,
        asked_in=call.asked_in,
    )


def loop_row(project_id: int, loop: Loop) -> LoopRow:
    """A row of `loops`."""
    return LoopRow(
        project_id=project_id,
        trace_id=loop.trace_id,
        loop_id=loop.loop_id,
        kind=loop.kind,
        tools=list(loop.tools),
        iterations=loop.iterations,
        failures=loop.failures,
        call_keys=[call.call_key for call in loop.calls],
        start_unix_nano=loop.start_unix_nano,
        end_unix_nano=loop.end_unix_nano,
        tokens=loop.tokens,
        fingerprint=loop.fingerprint,
        ended=loop.ended,
        calls=[
            [call.trace_id.hex(), call.call_key, None if call.span_id is None else call.span_id.hex(), call.call_id]
            for call in loop.calls
        ],
        cost_nano_usd=loop.cost_nano_usd,
        wasted_calls=loop.wasted_calls,
        wasted_ns=loop.wasted_ns,
    )
