"""Builds the facts of a claimed span from its reading: one function per kind of span."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trace_store.attributes import payload, unwrap
from trace_store.dialects.automatic_calls import automatic_run
from trace_store.dialects.dialect import Dialect, Field, Kind
from trace_store.dialects.envelopes import model_in, response_id_in
from trace_store.dialects.event_calls import add_event_calls
from trace_store.dialects.events import EventContent, add_listed, event_content
from trace_store.dialects.failures import clean_message, read_failure
from trace_store.dialects.finish_reason import finish_reason
from trace_store.dialects.first_token import time_to_first_token_ns
from trace_store.dialects.flattened import FlatMessages
from trace_store.dialects.identity import add_identity
from trace_store.dialects.messages import raw_messages, result_in
from trace_store.dialects.provider import vendor
from trace_store.dialects.reading import Reading, as_text
from trace_store.dialects.records import NamedRecord, known_records, told_by_records
from trace_store.dialects.table import Layout
from trace_store.dialects.texts import (
    answered,
    arguments_payload,
    drop_plugins,
    given,
    last_text,
    new_turns,
    plain,
    read_all,
    requested,
    text_in,
    whole_run,
)
from trace_store.dialects.tool_definitions import tool_definitions
from trace_store.dialects.transcript import Part, RoleMessage, Transcript, role_messages
from trace_store.dialects.usage import NO_COUNTS, Counts, counts_in, counts_of
from trace_store.facts import Failure, SpanFacts
from trace_store.model import LogRecord, Span

_NAME_SUFFIXES = (".tool", ".__call__", ".run")
_NAME_PREFIXES = ("execute_tool ", "running tool: ", "MCP send tools/call ", "tools/call ")
_EMPTY: tuple[Any, ...] = (None, "", {}, [])
_OUTPUTS_ELSEWHERE: frozenset[Field] = frozenset({"output_messages", "output_text", "output_calls"})  # than `output`
_OTHER = Kind("other")
_NO_CALL = Kind("chain", is_aggregate=True)
_NO_CONTENT = EventContent()  # of a span without events; nobody adds to it


def build_reading(span: Span, logs: Sequence[LogRecord], layout: Layout) -> tuple[SpanFacts, Reading]:
    """The facts of a claimed span, whose keys lead where the layout says, and the reading behind them: it knows which
    key gave which field."""
    reading, content, kind, known = _read(span, logs, layout)
    facts = SpanFacts(
        span.trace_id,
        span.span_id,
        span.parent_span_id,
        span.start_unix_nano,
        span.end_unix_nano,
        span.name,
        span.status_code,
        kind.type,
        reading.dialect.name,
    )
    if kind.type == "llm" and not kind.is_aggregate:
        _add_model_call(facts, span, reading, content)
        if _is_no_call(reading, facts):
            kind = _NO_CALL
            facts.type = kind.type
    elif kind.type == "tool":
        _add_tool_call(facts, span, reading)
    else:
        _add_step(facts, span, reading, content)
    facts.is_aggregate = kind.is_aggregate
    separator = reading.dialect.tool_name_separator
    if separator:
        drop_plugins(facts, separator)
    fields = reading.fields
    provider = reading.text("provider") if "provider" in fields else None
    facts.provider = vendor(provider or (_provider_aside(reading) if kind.type == "llm" else None))
    _add_tokens(facts, reading)
    if facts.model_turns:
        _add_sums(facts)
    if "cost" in fields:
        facts.sent_cost_nano_usd = reading.nano_usd("cost")
    tools = tool_definitions(reading, kind, facts.tool_name, separator)
    if tools:
        facts.tool_definitions = tools
        facts.tool_definition_count = len(tools)
    facts.unmapped = reading.layout.unmapped
    add_identity(facts, span, reading)
    if known and span.events:
        add_event_calls(facts, span, layout.table)
    return facts, reading


def build_transcript(span: Span, logs: Sequence[LogRecord], layout: Layout) -> Transcript:
    """The messages of a claimed span; a tool call has none: its arguments and its result are facts."""
    reading, content, kind, _ = _read(span, logs, layout)
    if kind.type == "tool":
        return Transcript()
    outputs = next((found for items in _outputs(reading, content) if (found := role_messages(items))), ())
    if reading.layout.flat_output and not any(part.kind == "tool_call" for said in outputs for part in said.parts):
        outputs += _calls_alone(role_messages(_flat(reading, is_input=False)))
    inputs = role_messages(_input_messages(reading, content))
    return Transcript(
        inputs or _one_text(reading, "input", "user"), outputs or _one_text(reading, "output", "assistant")
    )


def _calls_alone(messages: tuple[RoleMessage, ...]) -> tuple[RoleMessage, ...]:
    """The tool calls of messages whose texts stand elsewhere, as messages of their own (LiteLLM)."""
    calls = tuple((said.role, tuple(part for part in said.parts if part.kind == "tool_call")) for said in messages)
    return tuple(RoleMessage(role, parts) for role, parts in calls if parts)


def _one_text(reading: Reading, field: Field, role: str) -> tuple[RoleMessage, ...]:
    text = text_in(reading.value(field), role)
    return (RoleMessage(role, (Part("text", text=text),)),) if text else ()


def _read(
    span: Span, logs: Sequence[LogRecord], layout: Layout
) -> tuple[Reading, EventContent, Kind, Sequence[NamedRecord]]:
    """A span through its table, with what stands in its events and log records, its kind, and the records of these that
    a dialect knows."""
    if span.events or logs:
        return _read_with_records(span, logs, layout)
    attributes = span.attributes
    rewrite = layout.table.dialect.rewrite
    if rewrite is not None and (said := rewrite(span, attributes)):
        attributes = {**attributes, **said}
        if len(attributes) != len(span.attributes):  # else it gave known keys other values
            layout = layout.with_keys(said, attributes)
    reading = Reading(layout, attributes)
    content = _NO_CONTENT
    if "events" in layout.fields and (listed := reading.value("events")) is not None:
        content = EventContent()
        add_listed(content, listed)
    return reading, content, reading.kind() or _OTHER, ()


def _read_with_records(
    span: Span, logs: Sequence[LogRecord], layout: Layout
) -> tuple[Reading, EventContent, Kind, Sequence[NamedRecord]]:
    attributes = span.attributes
    content = event_content(span, logs)
    if content.attributes:
        attributes = {**content.attributes, **attributes}
    table = layout.table
    rewrite = table.dialect.rewrite
    said = rewrite(span, attributes) if rewrite is not None else None
    if said:
        attributes = {**attributes, **said}
    if content.attributes:
        layout = table.layout(attributes)
    elif said and len(attributes) != len(span.attributes):
        layout = layout.with_keys(said, attributes)
    reading = Reading(layout, attributes)
    if "events" in layout.fields and (listed := reading.value("events")) is not None:
        add_listed(content, listed)
    kind = reading.kind()
    known = known_records(span, logs, table.records) if table.records else ()
    if known:
        told, kind = told_by_records(known, kind)
        if told:
            attributes = _rewritten(table.dialect, span, {**told, **attributes})
            reading = Reading(table.layout(attributes), attributes)
    return reading, content, kind or _OTHER, known


def _rewritten(dialect: Dialect, span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes, with what the dialect says in others that its tables can read."""
    if dialect.rewrite is not None and (said := dialect.rewrite(span, attributes)):
        return {**attributes, **said}
    return attributes


def _add_tokens(facts: SpanFacts, reading: Reading) -> None:
    """Token counts in attributes of their own; for a model call without any, those in its raw response."""
    fields = reading.fields
    counts = NO_COUNTS
    if reading.layout.counts_have_parts or "usage" in fields:
        counts = _told_counts(reading)
        if "usage" in fields and (usage := reading.value("usage")) is not None:
            counts = counts.or_else(counts_of(usage))
        input_tokens, output_tokens = counts.input_tokens, counts.output_tokens
    else:
        input_tokens = reading.count("input_tokens") if "input_tokens" in fields else None
        output_tokens = reading.count("output_tokens") if "output_tokens" in fields else None
        facts.input_tokens, facts.output_tokens = input_tokens, output_tokens
    if input_tokens is None and output_tokens is None and facts.type == "llm":
        counts = counts_in(reading.value("output")) if "output" in fields else NO_COUNTS
    if counts is not NO_COUNTS:
        (
            facts.input_tokens,
            facts.output_tokens,
            facts.cached_tokens,
            facts.reasoning_tokens,
            facts.cache_write_tokens,
            facts.cache_write_1h_tokens,
        ) = counts


def _add_sums(facts: SpanFacts) -> None:
    """Of a run whose messages tell what each turn of the model took: the sums, and the model of the last."""
    turns = facts.model_turns
    facts.model = facts.model or turns[-1].model
    read = written = cached = thought = 0
    for _, input_tokens, output_tokens, cached_tokens, reasoning_tokens, _ in turns:
        read, written = read + (input_tokens or 0), written + (output_tokens or 0)
        cached, thought = cached + (cached_tokens or 0), thought + (reasoning_tokens or 0)
    facts.input_tokens, facts.output_tokens = read, written
    facts.cached_tokens, facts.reasoning_tokens = cached or None, thought or None


def _told_counts(reading: Reading) -> Counts:
    found = reading.counts()
    counts = tuple.__new__(Counts, found)
    if not (found[2] or found[3] or found[4] or found[5]):
        return counts
    if counts.cache_write_1h_tokens:
        counts = counts.with_1h_apart()
    total = reading.count("total_tokens") if "total_tokens" in reading.fields else None
    counts = counts.with_cache_inside(total, excludes_cache=reading.dialect.input_excludes_cache)
    return counts.with_reasoning_inside(total) if total and found[3] else counts


def _add_model_call(facts: SpanFacts, span: Span, reading: Reading, content: EventContent) -> None:
    """A model call: messages in, text and requested calls out."""
    fields = reading.fields
    inputs = _input_messages(reading, content)
    if inputs:
        facts.input_text, facts.answered_calls = given(inputs)
    elif "input" in fields:
        facts.input_text = text_in(reading.value("input"), "user")
    text, calls = _model_output(reading, content)
    facts.output_text, facts.requested_calls = text, calls
    response = reading.value("output") if "output" in fields else None
    if response is not None and (run := automatic_run(response)) is not None:
        facts.requested_calls, facts.answered_calls, _ = run
    response_id = reading.text("response_id") if "response_id" in fields else None
    if response is not None and response_id is None:
        response_id = response_id_in(response)
    facts.model = (model_in(response) if response is not None and response_id else None) or _model(reading)
    facts.response_id = response_id
    facts.failure = read_failure(span, reading, has_output=bool(text or calls))
    facts.finish_reason = finish_reason(reading, content.outputs)
    facts.time_to_first_token_ns = time_to_first_token_ns(span, reading)
    if "agent_name" in fields:
        facts.agent_name = reading.text("agent_name")


def _model(reading: Reading) -> str | None:
    """The model that answered; else the one asked for, also when only the raw request names it."""
    named = reading.text("model") or reading.text("request_model")
    if named:
        return named
    named = model_in(reading.value("request")) or model_in(reading.value("input"))
    return named or _vendor_and_model(reading)[1]


def _provider_aside(reading: Reading) -> str | None:
    """Who answered a model call that has no attribute for it: LangChain's metadata say it, or the name of the step."""
    metadata = unwrap(reading.value("metadata")) if "metadata" in reading.fields else None
    told = as_text(metadata.get("ls_provider")) if isinstance(metadata, dict) else None
    return told or _vendor_and_model(reading)[0]


def _vendor_and_model(reading: Reading) -> tuple[str | None, str | None]:
    """Vendor and model of a model call whose step is named `vendor/model`."""
    if "entity_name" not in reading.fields:
        return None, None
    vendor_name, slash, model = (reading.text("entity_name") or "").partition("/")
    return (vendor_name, model) if slash and vendor_name and model else (None, None)


def _is_no_call(reading: Reading, facts: SpanFacts) -> bool:
    """Whether a span marked as a model call only prepares one: an output, but no answer, tokens or failure."""
    return (
        not (facts.output_text or facts.requested_calls or facts.failure or facts.response_id)
        and reading.value("output") is not None
        and not (reading.layout.flat_input or reading.layout.flat_output)
        and reading.count("input_tokens") is None
        and reading.count("output_tokens") is None
    )


def _input_messages(reading: Reading, content: EventContent) -> Sequence[Any]:
    """The raw messages that a model call was given, from the first place that holds any."""
    fields = reading.fields
    found: Sequence[Any] = raw_messages(reading.value("input_messages")) if "input_messages" in fields else ()
    if not found and reading.layout.flat_input:
        found = _flat(reading, is_input=True)
    if not found and content.inputs:
        found = raw_messages(content.inputs)
    if not found and "input" in fields:
        found = raw_messages(reading.value("input"))
    return found


def _flat(reading: Reading, is_input: bool) -> Sequence[Any]:
    """Flattened messages; a message without a role is the user's or the assistant's by its direction."""
    if is_input:
        return FlatMessages(reading.attributes, reading.layout.flat_input, "user")
    return FlatMessages(reading.attributes, reading.layout.flat_output, "assistant")


def _model_output(reading: Reading, content: EventContent) -> tuple[str | None, tuple[Any, ...]]:
    """The assistant's text and the calls it asks for, from the first place that holds either."""
    for items in _outputs(reading, content):
        if not items:
            continue
        text, calls = answered(items)
        if text or calls:
            if not calls and reading.layout.flat_output:
                calls = requested(read_all(_flat(reading, is_input=False)))
            return text or None, calls
    value = reading.first("output_messages", "output")
    return None if value is None else text_in(value, "assistant"), ()


def _outputs(reading: Reading, content: EventContent) -> Iterator[Sequence[Any]]:
    """The messages of each place where an answer may stand, in the order in which the places are believed."""
    fields = reading.fields
    if "output_messages" in fields:
        yield raw_messages(reading.value("output_messages"))
    if reading.layout.flat_output:
        yield _flat(reading, is_input=False)
    if "output_text" in fields or "output_calls" in fields:
        yield _separate_output(reading)
    if content.outputs:
        yield raw_messages(content.outputs)
    if "output" in fields:
        yield raw_messages(reading.value("output"))


def _separate_output(reading: Reading) -> list[Any]:
    """Text and tool calls in attributes of their own, as one assistant message."""
    text, calls = reading.value("output_text"), reading.value("output_calls")
    if text is None and calls is None:
        return []
    if isinstance(text, str):
        listed = unwrap(text) if text[:2] == '["' else text
        text = "\n".join(map(str, listed)) if isinstance(listed, list) else text
    return [{"role": "assistant", "content": text, "tool_calls": calls}]


def _add_tool_call(facts: SpanFacts, span: Span, reading: Reading) -> None:
    """A tool call: name, arguments, result, failure."""
    arguments = reading.first("arguments", "input")
    result = reading.first("result", "output")
    call_id = reading.text("tool_call_id") if "tool_call_id" in reading.fields else None
    if call_id and call_id[0] == "<":  # "<not specified>"
        call_id = None
    name = reading.text("tool_name")
    flagged = None
    if result is not None:
        result = unwrap(plain(result))
        if isinstance(result, list):  # content blocks that were written as JSON
            result = unwrap(plain(result))
        message = result_in(result)
        if message is not None:
            call_id = call_id or message.call_id or None
            name = message.name or name
            result = unwrap(plain(message.value))
            if message.flag:
                text, type_ = clean_message(result if isinstance(result, str) else "", "")
                flagged = Failure("tool_message", f"result.{message.flag}", type_, text)
        facts.result = None if result is None else payload(result)
    facts.failure = read_failure(span, reading, has_output=result not in _EMPTY) or flagged
    facts.tool_name = name or reading.text("entity_name") or _name_of_span(span, reading)
    facts.tool_call_id = call_id
    facts.arguments = arguments_payload(arguments)
    if "agent_name" in reading.fields:
        facts.agent_name = reading.text("agent_name")


def _name_of_span(span: Span, reading: Reading) -> str | None:
    return tool_name_in(span.name) if reading.dialect.span_names_name_tools else None


def tool_name_in(span_name: str) -> str:
    """The tool's name when only the span's name has it."""
    for prefix in _NAME_PREFIXES:
        span_name = span_name.removeprefix(prefix)
    for suffix in _NAME_SUFFIXES:
        span_name = span_name.removesuffix(suffix)
    return span_name


def _add_step(facts: SpanFacts, span: Span, reading: Reading, content: EventContent) -> None:
    """An agent, a chain, a retrieval or anything else: the user's text in, the final text out."""
    text = text_in(reading.first("input", "input_messages"), "user")
    if text is None and reading.layout.flat_input:
        text = last_text(_flat(reading, is_input=True), "user")
    if text is None and content.inputs:
        text = last_text(raw_messages(content.inputs), "user")
    output = text_in(reading.first("output_text", "output", "output_messages", "result"), "assistant")
    fields = reading.fields
    if output is None and (content.outputs or reading.layout.flat_output or not _OUTPUTS_ELSEWHERE.isdisjoint(fields)):
        output = _model_output(reading, content)[0]
    agent_name = reading.text("agent_name") if "agent_name" in fields else None
    if facts.type == "agent":
        agent_name = agent_name or reading.text("entity_name") or span.name
    if reading.dialect.steps_tell_calls:
        _add_told_calls(facts, reading)
    if "model" in fields or "request_model" in fields:
        facts.model = reading.text("model") or reading.text("request_model")
    if "response_id" in fields:
        facts.response_id = reading.text("response_id")
    facts.input_text = text
    facts.output_text = output
    facts.failure = read_failure(span, reading, has_output=output is not None)
    facts.agent_name = agent_name


def _add_told_calls(facts: SpanFacts, reading: Reading) -> None:
    """All calls and results in the messages of a step that no model call repeats."""
    if "input_messages" not in reading.fields and "output_messages" not in reading.fields:
        return
    inputs, outputs = raw_messages(reading.value("input_messages")), raw_messages(reading.value("output_messages"))
    if inputs or outputs:
        is_all = len(outputs) > len(inputs)
        told = outputs if is_all else [*inputs, *outputs]
        facts.requested_calls, facts.answered_calls, turns = whole_run(told)
        if turns:
            facts.model_turns = new_turns(turns, inputs if is_all else [*inputs, *inputs])
