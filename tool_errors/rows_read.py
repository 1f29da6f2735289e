"""Rows of the derived tables as findings again: the other way round than tool_errors/table_rows.py.

What rows do not keep is empty: whole payloads and texts, the spans, and all but the first span of a call.
"""

from collections.abc import Sequence
from dataclasses import replace

from tool_errors.findings import CallReference, DerivedTrace, LlmCall, Loop, ToolCall, Verdict
from tool_errors.grouped.told_twice import with_told
from tool_errors.schema.schema_violations import violations_read
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow, TraceRow
from trace_store.facts import Payload, ToolDefinition


def derived_trace(row: TraceRow, llm_calls: Sequence[LlmCallRow], tool_calls: Sequence[ToolCallRow]) -> DerivedTrace:
    """A trace without its spans and loops, with all its model calls, also those that another trace counts.

    `tool_calls` are as its own derivation or its group tells them.
    """
    told = [llm_call(call) for call in llm_calls if call.told_in is not None]
    own = [replace(call, told_in=None) for call in llm_calls] if told else llm_calls
    return with_told(_derived_trace(row, own, tool_calls), told)


def _derived_trace(row: TraceRow, llm_calls: Sequence[LlmCallRow], tool_calls: Sequence[ToolCallRow]) -> DerivedTrace:
    return DerivedTrace(
        trace_id=row.trace_id,
        live=row.live,
        start_unix_nano=row.start_unix_nano,
        end_unix_nano=row.end_unix_nano,
        root_name=row.root_name,
        service_name=row.service_name,
        release=row.release,
        environment=row.environment,
        interaction_ids=tuple(row.interaction_ids),
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        input=row.input_preview,
        output=row.output_preview,
        input_preview=row.input_preview,
        output_preview=row.output_preview,
        roots=(),
        agents=tuple(row.agents),
        tools=tuple(row.tools),
        models=tuple(row.models),
        providers=tuple(row.providers or ()),
        dialects=tuple(row.dialects or ()),
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cached_tokens=row.cached_tokens,
        reasoning_tokens=row.reasoning_tokens,
        failed_span_count=row.failed_span_count,
        steps=row.steps,
        search_text=row.search_text,
        llm_calls=tuple(llm_call(call) for call in llm_calls),
        tool_calls=tuple(tool_call(call) for call in tool_calls),
    )


def llm_call(row: LlmCallRow) -> LlmCall:
    """A call of a model."""
    return LlmCall(
        span_id=row.span_id,
        span_ids=(row.span_id,),
        start_unix_nano=row.start_unix_nano,
        end_unix_nano=row.start_unix_nano if row.end_unix_nano is None else row.end_unix_nano,
        model=row.model,
        provider=row.provider,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cached_tokens=row.cached_tokens,
        reasoning_tokens=row.reasoning_tokens,
        interaction_id=row.interaction_id,
        error_type=row.error_type,
        error_message=row.error_message,
        finish_reason=row.finish_reason,
        time_to_first_token_ns=row.time_to_first_token_ns,
        cost_nano_usd=row.cost_nano_usd,
        price=row.price or "",
        tool_definitions=tuple(ToolDefinition(digest) for digest in row.tool_definition_digests),
        tool_definition_count=row.tool_definition_count,
        turn=row.turn,
        response_key=row.response_key,
        told_by=row.told_by or "",
        told_in=row.told_in,
    )


def tool_call(row: ToolCallRow) -> ToolCall:
    """A call of a tool."""
    verdict = Verdict(
        row.status,  # type: ignore[arg-type]  # the column holds a CallStatus
        row.rule,
        row.path,
        row.error_type or "",
        row.error_message or "",
        row.fingerprint or "",
    )
    return ToolCall(
        trace_id=row.trace_id,
        call_key=row.call_key,
        span_id=row.span_id,
        span_ids=() if row.span_id is None else (row.span_id,),
        call_id=row.call_id,
        name=row.name,
        arguments=_payload(row.arguments_digest, row.arguments_preview),
        result=_payload(row.result_digest, row.result_preview),
        asked_by=row.asked_by,
        start_unix_nano=row.start_unix_nano,
        end_unix_nano=row.end_unix_nano,
        interaction_id=row.interaction_id,
        verdict=verdict,
        recovered=row.recovered,
        propagated_from=row.propagated_from,
        scope=row.scope,
        asked_turn=row.asked_turn,
        violations=violations_read(row.violations or ()),
        asked_in=row.asked_in,
    )


def loop(row: LoopRow) -> Loop:
    """A loop with the calls it is made of."""
    return Loop(
        trace_id=row.trace_id,
        loop_id=row.loop_id,
        kind=row.kind,
        tools=tuple(row.tools),
        iterations=row.iterations,
        failures=row.failures,
        calls=tuple(
            CallReference(
                bytes.fromhex(trace_id or ""),
                call_key or "",
                None if span_id is None else bytes.fromhex(span_id),
                call_id,
            )
            for trace_id, call_key, span_id, call_id in row.calls
        ),
        start_unix_nano=row.start_unix_nano,
        end_unix_nano=row.end_unix_nano,
        tokens=row.tokens,
        fingerprint=row.fingerprint,
        ended=row.ended,
        cost_nano_usd=row.cost_nano_usd,
        wasted_calls=row.wasted_calls,
        wasted_ns=row.wasted_ns,
    )


def _payload(digest: bytes | None, preview: str | None) -> Payload | None:
    return None if digest is None else Payload(digest, preview or "")
