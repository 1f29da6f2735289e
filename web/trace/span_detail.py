"""The pane of one span: everything it carries, read from its bytes and normalised on the spot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import orjson

from tool_errors.finding_rows import told_violations
from tool_errors.judged import JudgedFacts
from tool_errors.normalise_spans import judge_stored
from tool_errors.prices.prices_in_use import prices_in_use
from trace_store.attributes import json_safe
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.derived_rows import LlmCallRow, LoopRow, ToolCallRow
from trace_store.dialects import BUILT_IN
from trace_store.dialects.explain import Explanation, explain
from trace_store.dialects.registry import DialectRegistry
from trace_store.export import span_json
from trace_store.facts import Payload
from trace_store.lists.verdicts import Verdict
from trace_store.model import STATUS_ERROR, LogRecord, Span
from trace_store.reader import TraceReader
from trace_store.spans import Scope, read_log, read_span
from trace_store.stored import Link, StoredSpan, TraceKey
from trace_store.tool_definitions import ToolDefinitionRow
from web.filters import duration
from web.issues.verdict_view import read_verdicts
from web.pages.repeat_models import RepeatChanges
from web.pages.view_models import EventView, KeyValue, RowStatus, SpanDetail
from web.rules.price_view import explained
from web.trace.argument_form import FormField, argument_form
from web.trace.call_view import STATUS_LABELS, call_view
from web.trace.link_view import link_views
from web.trace.previous_call import PreviousCall, read_previous_call, repeat_changes
from web.trace.tool_definition_view import offered_tools, offered_tools_view, read_definition
from web.trace.transcript_view import transcript_view
from web.trace.value_links import linked, list_url

VALUE_BYTES_MAX = 20_000  # what the pane shows of one value until all is asked for
ATTRIBUTES_MAX = 200  # how many attributes until then
EVENTS_MAX = 100  # how many events, how many log records, and how many values of each
FACT_LABELS = {
    "model": "Model",
    "provider": "Provider",
    "input_tokens": "Input tokens",
    "output_tokens": "Output tokens",
    "cached_tokens": "Cached tokens",
    "reasoning_tokens": "Reasoning tokens",
    "cache_write_tokens": "Cache write tokens",
    "cache_write_1h_tokens": "1 h cache write tokens",
    "finish_reason": "Finish reason",
    "time_to_first_token_ns": "Time to first token",
    "response_id": "Response",
    "tool_name": "Tool",
    "tool_call_id": "Call id",
    "agent_name": "Agent",
    "node": "Node",
    "user_id": "User",
    "conversation_id": "Conversation",
    "interaction_id": "Interaction",
    "service_name": "Service",
    "release": "Release",
    "environment": "Environment",
}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SpanRecords:
    """What the pane of one span is made of."""

    stored: StoredSpan
    span: Span
    judged: JudgedFacts | None
    resource: Mapping[str, Any]
    scope: Scope
    logs: list[LogRecord]
    call: ToolCallRow | None  # the tool call that this span is
    definition: ToolDefinitionRow | None  # of the tool that it calls, as its model was told or as last seen
    loops: list[LoopRow]  # of the whole trace
    links: list[Link]  # from this span
    incoming: list[Link]  # to this span, up to 1,000
    llm_call: LlmCallRow | None = None  # the model call whose outermost span this is
    explanation: Explanation | None = None  # None when no dialect could read it
    registry: DialectRegistry = BUILT_IN
    verdicts: list[Verdict] = field(default_factory=list)  # on findings of the trace
    previous: PreviousCall | None = None  # of the same tool


async def read_span_records(
    reader: TraceReader, trace: TraceKey, span_id: bytes, registry: DialectRegistry = BUILT_IN
) -> SpanRecords | None:
    """Reads a span with its bytes; None for an unknown one."""
    stored = await reader.stored_span(trace, span_id)
    if stored is None:
        return None
    envelopes = DecodedEnvelopes()
    resource, scope = envelopes.resource(stored.resource.otlp), envelopes.scope(stored.scope.otlp)
    logs = [read_log(record.otlp, envelopes.scope(record.scope.otlp)) for record in await reader.logs(trace, [span_id])]
    links, incoming = await reader.links(trace, span_id)
    span = read_span(stored.otlp, resource, scope)
    judged = judge_stored(stored, logs, envelopes, registry)
    call = await reader.tool_call_of_span(trace, span_id)
    loops = await reader.loops(trace)
    return SpanRecords(
        stored=stored,
        span=span,
        judged=judged,
        explanation=None if judged is None else explain(span, logs, registry),
        registry=registry,
        resource=resource,
        scope=scope,
        logs=logs,
        llm_call=await reader.llm_call_of_span(trace, span_id),
        call=call,
        definition=None if call is None else await read_definition(reader, trace, call),
        loops=loops,
        links=links,
        incoming=incoming,
        verdicts=[] if call is None else await read_verdicts(reader, trace, call, loops),
        previous=None if call is None else await read_previous_call(reader, trace, call, loops, registry),
    )


def build_detail(records: SpanRecords, path: str, *, full: bool) -> SpanDetail:
    """The pane; `path` is the URL of the trace page, `full` shows long values whole."""
    span, row = records.span, records.stored.row
    facts = records.judged.facts if records.judged is not None else None
    cut = _Cutter(None if full else VALUE_BYTES_MAX)
    call = None if records.call is None else call_view(records.call, records.loops, path, records.verdicts)
    if call is not None:
        status: RowStatus = call.status
        label = call.status_label
    else:
        status = "error" if span.status_code == STATUS_ERROR else ""
        label = STATUS_LABELS.get(status, "")
    unmapped = frozenset(facts.unmapped if facts is not None else span.attributes)
    inputs, outputs = _inputs(records, cut), _outputs(records, cut)
    otlp = cut.pair("OTLP JSON", orjson.dumps(span_json(records.stored.otlp), option=orjson.OPT_INDENT_2).decode())
    return SpanDetail(
        trace_id=row.trace_id.hex(),
        span_id=row.span_id.hex(),
        name=span.name or "(no name)",
        type="other" if facts is None else facts.type,
        dialect="" if facts is None else facts.dialect,
        mark="" if records.explanation is None else records.explanation.mark,
        type_source="" if records.explanation is None else records.explanation.type_source,
        status=status,
        status_label=label,
        status_message=span.status_message,
        start_unix_nano=span.start_unix_nano,
        end_unix_nano=span.end_unix_nano,
        duration_ns=max(0, span.end_unix_nano - span.start_unix_nano) if span.end_unix_nano else None,
        call=call,
        facts=tuple(_facts(records)),
        inputs=inputs,
        outputs=outputs,
        transcript=transcript_view(records.registry.transcript(span, records.logs), cut.pair, full=full),
        **_lists(records, unmapped, cut),
        form=() if records.call is None else _form(records, records.call),
        changes=_changes(records),
        tools=offered_tools_view(facts, records.definition, cut.pair, full=full),
        links=link_views(records.links, records.incoming),
        resource=tuple(
            linked(cut.pair(key, value), records.explanation, is_resource=True)
            for key, value in cut.first(sorted(records.resource.items()), ATTRIBUTES_MAX)
        ),
        scope=(
            KeyValue("name", records.scope.name),
            KeyValue("version", records.scope.version),
            *(
                cut.pair(key, value)
                for key, value in cut.first(sorted(records.scope.attributes.items()), ATTRIBUTES_MAX)
            ),
        ),
        otlp_json=otlp,
        has_cut_values=cut.has_cut,
        told_in=records.llm_call.told_in.hex() if records.llm_call is not None and records.llm_call.told_in else "",
    )


def _form(records: SpanRecords, call: ToolCallRow) -> tuple[FormField, ...]:
    """The arguments of a call after the schema that its model was told, or that was seen last."""
    facts = None if records.judged is None else records.judged.facts
    arguments = None if facts is None or facts.arguments is None else facts.arguments.value
    schema = next((each.schema for each in offered_tools(facts, records.definition) if each.schema), None)
    return argument_form(schema, arguments, told_violations(call))


def _changes(records: SpanRecords) -> RepeatChanges | None:
    if records.call is None or records.previous is None:
        return None
    facts = None if records.judged is None else records.judged.facts
    return repeat_changes(records.call, facts, records.previous)


def _lists(records: SpanRecords, unmapped: frozenset[str], cut: "_Cutter") -> dict[str, Any]:
    """Attributes, events and log records, the first of many, and how many there are."""
    span = records.span
    ordered = sorted(span.attributes.items(), key=lambda pair: (pair[0] in unmapped, pair[0]))
    attributes = tuple(
        linked(cut.pair(key, value, is_unmapped=key in unmapped), records.explanation)
        for key, value in cut.first(ordered, ATTRIBUTES_MAX)
    )
    events = tuple(
        _event(event.name, event.time_unix_nano, event.attributes, span, cut)
        for event in cut.first(span.events, EVENTS_MAX)
    )
    logs = tuple(
        _event(log.event_name or "log", log.time_unix_nano, log.attributes, span, cut, body=log.body)
        for log in cut.first(records.logs, EVENTS_MAX)
    )
    return {
        "attributes": attributes,
        "attribute_count": len(span.attributes),
        "unmapped_count": len(unmapped & span.attributes.keys()),
        "events": events,
        "event_count": len(span.events),
        "logs": logs,
        "log_count": len(records.logs),
    }


class _Cutter:
    """Prints values; the long ones only in part, and remembers that it did."""

    def __init__(self, bytes_max: int | None) -> None:
        self._bytes_max = bytes_max
        self.has_cut = False

    def first(self, items: Sequence[T], count_max: int) -> Sequence[T]:
        """The first of many."""
        if self._bytes_max is None or len(items) <= count_max:
            return items
        self.has_cut = True
        return items[:count_max]

    def pair(self, key: str, value: Any, *, is_unmapped: bool = False) -> KeyValue:
        """A labelled value: text as it is, everything else as indented JSON."""
        is_json = not isinstance(value, str)
        text = orjson.dumps(json_safe(value), option=orjson.OPT_INDENT_2).decode() if is_json else str(value)
        text = text.encode("utf-8", "replace").decode()
        size = len(text.encode())
        is_cut = self._bytes_max is not None and size > self._bytes_max
        if is_cut:
            self.has_cut = True
            text = text.encode()[: self._bytes_max].decode(errors="ignore")
        return KeyValue(key, text, size, is_cut, is_unmapped, is_json)


def _inputs(records: SpanRecords, cut: _Cutter) -> tuple[KeyValue, ...]:
    if records.judged is None:
        return ()
    facts = records.judged.facts
    found = [_sourced(records, "input_text", cut.pair("Input", facts.input_text))] if facts.input_text else []
    if facts.arguments is not None:
        found.append(_sourced(records, "arguments", _payload("Arguments", facts.arguments, cut)))
    found += [
        _payload(f"Result of {call.name or call.call_id or 'a tool'}", call.result, cut)
        for call in facts.answered_calls
        if call.result is not None
    ]
    return tuple(found)


def _outputs(records: SpanRecords, cut: _Cutter) -> tuple[KeyValue, ...]:
    if records.judged is None:
        return ()
    facts = records.judged.facts
    found = [_sourced(records, "output_text", cut.pair("Output", facts.output_text))] if facts.output_text else []
    if facts.result is not None:
        found.append(_sourced(records, "result", _payload("Result", facts.result, cut)))
    for call in facts.requested_calls:
        arguments = call.arguments
        name = f"Asks for {call.name or 'a tool'}"
        found.append(cut.pair(name, "") if arguments is None else _payload(name, arguments, cut))
    return tuple(found)


def _sourced(records: SpanRecords, fact: str, shown: KeyValue) -> KeyValue:
    """The value with the place that says it."""
    found = records.explanation.source_of(fact) if records.explanation else None
    return shown if found is None else replace(shown, source=found.source, rule=found.rule)


def _payload(key: str, payload: Payload, cut: _Cutter) -> KeyValue:
    return cut.pair(key, payload.value)


def _event(
    name: str, unix_nano: int, values: Mapping[str, Any], span: Span, cut: _Cutter, body: Any = None
) -> EventView:
    pairs = [cut.pair(key, value) for key, value in cut.first(list(values.items()), EVENTS_MAX)]
    if body is not None:
        pairs.append(cut.pair("body", body))
    return EventView(name, unix_nano, unix_nano - span.start_unix_nano, tuple(pairs), is_exception=name == "exception")


def _cost(call: LlmCallRow | None) -> Iterable[tuple[str, str]]:
    """What the call cost and which price says so."""
    if call is None or call.price is None:
        return
    if call.cost_nano_usd is not None:
        yield "Cost", f"{call.cost_nano_usd / 1e9:.9f} USD"
    yield "Price", explained(call.price, prices_in_use())


def _facts(records: SpanRecords) -> Iterable[KeyValue]:
    """The short facts above the payloads, those that are known."""
    span = records.span
    if span.end_unix_nano:
        yield KeyValue("Duration", duration(max(0, span.end_unix_nano - span.start_unix_nano)))
    if records.judged is None:
        return
    facts = records.judged.facts
    for name, label in FACT_LABELS.items():
        value = getattr(facts, name)
        if value is not None and value != "":
            text = duration(value) if name == "time_to_first_token_ns" else str(value)
            yield _sourced(records, name, KeyValue(label, text, list_url=list_url(name, text)))
    yield from (KeyValue(label, text) for label, text in _cost(records.llm_call))
