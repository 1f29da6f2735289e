"""Derives one interaction from what was posted of it and from its traces: a pure function of both.

What was posted goes before what spans say. Without anything posted the spans alone make the interaction, unless another
interaction has their trace.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tool_errors.bounded_facts import text_preview
from tool_errors.interactions.fold import FoldedInteraction, unix_nano
from tool_errors.interactions.trace_ids import trace_id_of
from tool_errors.prices.cost import usd
from trace_store.interactions.interaction_rows import SAID_BY_EVENT, InteractionRow, InteractionTraceRow
from trace_store.interactions.linked_rows import LinkedLlmCall, LinkedLoop, LinkedToolCall, LinkedTraceRow

MADE_FROM_SPANS = "ai_generation"  # the name of an event that nobody posted, as Raindrop calls it
FAILED, SOFT = "error", "soft_error"
_INPUT_TOKENS = ("ai.usage.prompt_tokens", "prompt_tokens")  # properties of events without traces
_OUTPUT_TOKENS = ("ai.usage.completion_tokens", "completion_tokens")
_COST_USD, _DURATION_MS, _MODEL = "total_cost", "duration_ms", "model"  # as OpenRouter's Broadcast names them
NUMBER_MAX = 1e9  # a larger or negative count or cost is none
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class LinkedTrace:
    """A trace of an interaction."""

    row: LinkedTraceRow
    says: InteractionTraceRow  # what the trace says of the interaction
    is_whole: bool  # it belongs to this interaction alone
    llm_calls: list[LinkedLlmCall] = field(default_factory=list)
    tool_calls: list[LinkedToolCall] = field(default_factory=list)  # as its group tells them
    loops: list[LinkedLoop] = field(default_factory=list)
    input: str | None = None  # the whole text where what the trace says is only its beginning
    output: str | None = None


@dataclass(slots=True)
class _Sums:
    tools: list[str] = field(default_factory=list)
    tool_call_count: int = 0
    error_count: int = 0
    soft_error_count: int = 0
    loop_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int | None = None
    models: list[str] = field(default_factory=list)


def derive_interaction(
    project_id: int, event_id: str, posted: FoldedInteraction | None, traces: Collection[LinkedTrace]
) -> InteractionRow | None:
    """The row of one interaction; None when neither an event nor a trace knows it."""
    linked = _in_order(traces)
    if posted is None and not linked:
        return None
    start, end = _times(posted, linked)
    sums = _sums(event_id, linked)
    said = [trace.says for trace in linked]
    texts = _texts(posted, linked)
    properties = {} if posted is None else posted.properties
    _add_told(sums, properties)
    buckets = [trace.row.bucket_max for trace in linked]
    return InteractionRow(
        project_id=project_id,
        event_id=event_id,
        event_name=_event_name(posted, said),
        user_id=(posted and posted.user_id) or next((link.user_id for link in said if link.user_id), None),
        conversation_id=(posted and posted.conversation_id)
        or next((link.conversation_id for link in said if link.conversation_id), None),
        start_unix_nano=start,
        end_unix_nano=end,
        received_at=_EPOCH + timedelta(microseconds=end // 1000) if posted is None else posted.first_received,
        is_ai=posted is None or posted.is_ai or bool(linked),
        is_pending=any(trace.row.live for trace in linked) if posted is None else posted.is_pending,
        is_from_spans=posted is None,
        last_bucket=max(buckets if posted is None else [posted.last_bucket, *buckets]),
        model=(posted and posted.model) or next(iter(sums.models), None) or _told_model(properties),
        input=texts[0],
        output=texts[1],
        input_preview=texts[0] and text_preview(texts[0]),
        output_preview=texts[1] and text_preview(texts[1]),
        properties=properties,
        feature_flags={} if posted is None else posted.feature_flags,
        attachments=[] if posted is None else posted.attachments,
        trace_ids=[trace.row.trace_id for trace in linked],
        tools=sums.tools,
        tool_call_count=sums.tool_call_count,
        error_count=sums.error_count,
        soft_error_count=sums.soft_error_count,
        loop_count=sums.loop_count,
        input_tokens=sums.input_tokens,
        output_tokens=sums.output_tokens,
        cost_usd=usd(sums.cost_nano_usd),
        duration_ns=max(map(_end, linked)) - min(map(_start, linked))
        if linked
        else end - start or _told_ns(properties),
        release=next((trace.row.release for trace in linked if trace.row.release), ""),
        environment=next((trace.row.environment for trace in linked if trace.row.environment), None),
    )


def text_tellers(
    posted: FoldedInteraction | None, traces: Collection[LinkedTrace]
) -> tuple[LinkedTrace | None, LinkedTrace | None]:
    """The traces that tell the question and the answer: the first and the last that do; none of what was posted."""
    linked = _in_order(traces)
    asked = next((trace for trace in linked if trace.says.input_preview), None)
    answered = next((trace for trace in reversed(linked) if trace.says.output_preview), None)
    return None if posted and posted.input else asked, None if posted and posted.output else answered


def event_links(
    project_id: int, event_id: str, posted: FoldedInteraction | None, said: Sequence[InteractionTraceRow]
) -> list[InteractionTraceRow]:
    """What the posted event says of traces: those that it names, and whose they are where spans do not say it.

    `said` are the words of traces on this interaction.
    """
    if posted is None:
        return []
    own_id = trace_id_of(event_id) if len(event_id) == 32 else None
    named = [*posted.trace_ids, *([own_id] if own_id and own_id not in posted.trace_ids else [])]
    wanting = [
        link.trace_id
        for link in said
        if link.is_named
        and link.trace_id not in named
        and ((not link.user_id and posted.user_id) or (not link.conversation_id and posted.conversation_id))
    ]
    return [
        InteractionTraceRow(
            project_id,
            event_id,
            trace_id,
            SAID_BY_EVENT,
            trace_id in named,
            posted.user_id,
            posted.conversation_id,
        )
        for trace_id in (*named, *sorted(wanting))
    ]


def _event_name(posted: FoldedInteraction | None, said: Sequence[InteractionTraceRow]) -> str:
    """What was posted, else what spans say."""
    named = (posted and posted.event_name) or next((link.told_name for link in said if link.told_name), None)
    return named or (MADE_FROM_SPANS if posted is None else "")


def _texts(posted: FoldedInteraction | None, linked: Sequence[LinkedTrace]) -> tuple[str | None, str | None]:
    """The question and the answer."""
    asked, answered = text_tellers(posted, linked)
    question = posted.input if posted is not None else None
    answer = posted.output if posted is not None else None
    if asked is not None:
        question = asked.input or asked.says.input_preview
    if answered is not None:
        answer = answered.output or answered.says.output_preview
    return question, answer


def _times(posted: FoldedInteraction | None, linked: Sequence[LinkedTrace]) -> tuple[int, int]:
    """The sender's own times, else those of the traces, else the receipt."""
    if posted is not None and posted.start_unix_nano is not None and posted.end_unix_nano is not None:
        return posted.start_unix_nano, posted.end_unix_nano
    if linked:
        return min(map(_start, linked)), max(map(_end, linked))
    assert posted is not None
    received = unix_nano(posted.first_received)
    return received, received


def _in_order(traces: Collection[LinkedTrace]) -> list[LinkedTrace]:
    return sorted(traces, key=lambda trace: (_start(trace), trace.row.trace_id))


def _start(trace: LinkedTrace) -> int:
    return trace.row.start_unix_nano if trace.says.start_unix_nano is None else trace.says.start_unix_nano


def _end(trace: LinkedTrace) -> int:
    return max(_start(trace), trace.row.end_unix_nano if trace.says.end_unix_nano is None else trace.says.end_unix_nano)


def _sums(event_id: str, linked: Iterable[LinkedTrace]) -> _Sums:
    """Over whole traces, and over the calls that name the interaction where a trace has several."""
    sums = _Sums()
    for trace in linked:
        row = trace.row
        calls = [call for call in trace.tool_calls if trace.is_whole or call.interaction_id == event_id]
        models = [call for call in trace.llm_calls if trace.is_whole or call.interaction_id == event_id]
        counted = [call for call in models if call.told_in is None]
        failed = [call for call in calls if call.propagated_from is None]
        sums.tools += [call.name for call in calls]
        sums.models += [call.model for call in models if call.model]
        sums.tool_call_count += len(calls)
        sums.error_count += sum(call.status == FAILED for call in failed)
        sums.soft_error_count += sum(call.status == SOFT for call in failed)
        keys = {call.call_key for call in calls}
        sums.loop_count += sum(trace.is_whole or not keys.isdisjoint(loop.call_keys) for loop in trace.loops)
        sums.input_tokens += row.input_tokens if trace.is_whole else sum(call.input_tokens or 0 for call in counted)
        sums.output_tokens += row.output_tokens if trace.is_whole else sum(call.output_tokens or 0 for call in counted)
        costs = [call.cost_nano_usd for call in counted if call.cost_nano_usd is not None]
        if costs:
            sums.cost_nano_usd = (sums.cost_nano_usd or 0) + sum(costs)
    sums.tools = list(dict.fromkeys(sums.tools))
    return sums


def _add_told(sums: _Sums, properties: dict[str, Any]) -> None:
    """What the event itself says that it used, as OpenRouter and Raindrop's AI SDK do; where its traces say nothing."""
    if not sums.input_tokens and not sums.output_tokens:
        sums.input_tokens = int(_number(properties, _INPUT_TOKENS) or 0)
        sums.output_tokens = int(_number(properties, _OUTPUT_TOKENS) or 0)
    if sums.cost_nano_usd is None and (cost := _number(properties, (_COST_USD,))) is not None:
        sums.cost_nano_usd = round(cost * 1e9)


def _told_ns(properties: dict[str, Any]) -> int:
    """How long the event says that it took; 0 when it does not say."""
    return round((_number(properties, (_DURATION_MS,)) or 0.0) * 1e6)


def _told_model(properties: dict[str, Any]) -> str | None:
    model = properties.get(_MODEL)
    return model if isinstance(model, str) and model else None


def _number(properties: dict[str, Any], keys: Iterable[str]) -> float | None:
    """The first that is a number, or a number written as text."""
    for key in keys:
        try:
            value = float(properties.get(key, ""))
        except (TypeError, ValueError):
            continue
        if 0 <= value <= NUMBER_MAX:
            return value
    return None
