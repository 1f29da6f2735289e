"""Builds the facts of a claimed span from its reading: one function per kind of span."""

from collections.abc import Callable, Sequence
from typing import Any

from trace_store.attributes import payload, unwrap
from trace_store.dialects.dialect import Field, Kind
from trace_store.dialects.envelopes import model_in, response_id_in
from trace_store.dialects.events import EventContent, add_listed, event_content
from trace_store.dialects.failures import clean_message, read_failure
from trace_store.dialects.finish_reason import finish_reason
from trace_store.dialects.first_token import time_to_first_token_ns
from trace_store.dialects.flattened import FlatMessages
from trace_store.dialects.identity import identity
from trace_store.dialects.messages import raw_messages, result_in
from trace_store.dialects.provider import vendor
from trace_store.dialects.reading import Reading, as_text
from trace_store.dialects.records import told_by_records
from trace_store.dialects.table import Table
from trace_store.dialects.texts import (
    answered,
    arguments_payload,
    last_text,
    plain,
    read_all,
    requested,
    text_in,
    whole_run,
    without_plugins,
)
from trace_store.dialects.tool_definitions import tool_definitions
from trace_store.dialects.transcript import Part, RoleMessage, Transcript, role_messages
from trace_store.dialects.usage import Counts, counts_in, counts_of
from trace_store.facts import Failure, SpanFacts
from trace_store.model import LogRecord, Span

_NAME_SUFFIXES = (".tool", ".__call__", ".run")
_NAME_PREFIXES = ("execute_tool ", "running tool: ", "MCP send tools/call ", "tools/call ")
_EMPTY: tuple[Any, ...] = (None, "", {}, [])


def build(span: Span, logs: Sequence[LogRecord], table: Table) -> SpanFacts:
    """The facts of a span that the table's dialect claims."""
    return build_reading(span, logs, table)[0]


def build_reading(span: Span, logs: Sequence[LogRecord], table: Table) -> tuple[SpanFacts, Reading]:
    """`build`, and the reading behind it: it knows which key gave which field."""
    reading, content, kind = _read(span, logs, table)
    if kind.type == "llm" and not kind.is_aggregate:
        own = _llm(span, reading, content)
        if _is_no_call(reading, own):
            kind = Kind("chain", is_aggregate=True)
    elif kind.type == "tool":
        own = _tool(span, reading, content)
    else:
        own = _step(span, reading, content, kind)
    separator = table.dialect.tool_name_separator
    if separator:
        own = without_plugins(own, separator)
    resource = span.resource_attributes
    tokens = _tokens(reading, kind)
    tools = tool_definitions(reading, kind, own.get("tool_name"), separator)
    facts = SpanFacts(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        start_unix_nano=span.start_unix_nano,
        end_unix_nano=span.end_unix_nano,
        name=span.name,
        status_code=span.status_code,
        type=kind.type,
        dialect=table.dialect.name,
        is_aggregate=kind.is_aggregate,
        provider=vendor(reading.text("provider") or (_provider_aside(reading) if kind.type == "llm" else None)),
        input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens,
        cached_tokens=tokens.cached_tokens,
        reasoning_tokens=tokens.reasoning_tokens,
        cache_write_tokens=tokens.cache_write_tokens,
        cache_write_1h_tokens=tokens.cache_write_1h_tokens,
        sent_cost_nano_usd=reading.nano_usd("cost"),
        service_name=as_text(resource.get("service.name")),
        release=as_text(resource.get("service.version")),
        tool_definitions=tools,
        tool_definition_count=len(tools),
        unmapped=tuple(reading.layout.unmapped),
        **identity(span, reading),
        **own,
    )
    return facts, reading


def build_transcript(span: Span, logs: Sequence[LogRecord], table: Table) -> Transcript:
    """The messages of a claimed span; a tool call has none: its arguments and its result are facts."""
    reading, content, kind = _read(span, logs, table)
    if kind.type == "tool":
        return Transcript()
    outputs = next((found for source in _output_sources(reading, content) if (found := role_messages(source()))), ())
    inputs = role_messages(_input_messages(reading, content))
    return Transcript(
        inputs or _one_text(reading, "input", "user"), outputs or _one_text(reading, "output", "assistant")
    )


def _one_text(reading: Reading, field: Field, role: str) -> tuple[RoleMessage, ...]:
    text = text_in(reading.value(field), role)
    return (RoleMessage(role, (Part("text", text=text),)),) if text else ()


def _read(span: Span, logs: Sequence[LogRecord], table: Table) -> tuple[Reading, EventContent, Kind]:
    """A span through its table, with what stands in its events and log records, and its kind."""
    content = event_content(span, logs) if span.events or logs else EventContent()
    attributes = {**content.attributes, **span.attributes} if content.attributes else span.attributes
    if table.dialect.rewrite is not None:
        attributes = {**attributes, **table.dialect.rewrite(span, attributes)}
    reading = Reading(table, attributes)
    if (listed := reading.value("events")) is not None:
        add_listed(content, listed)
    kind = reading.kind()
    if (span.events or logs) and table.records:
        told, kind = told_by_records(span, logs, table.records, kind)
        if told:
            reading = Reading(table, {**told, **attributes})
    return reading, content, kind or Kind("other")


def _tokens(reading: Reading, kind: Kind) -> Counts:
    """Token counts in attributes of their own; for a model call without any, those in its raw response."""
    counts = Counts(
        reading.count("input_tokens"),
        reading.count("output_tokens"),
        reading.count("cached_tokens"),
        reading.count("reasoning_tokens"),
        reading.count("cache_write_tokens"),
        reading.count("cache_write_1h_tokens"),
    ).with_1h_apart()
    counts = counts.with_cache_inside(
        reading.count("total_tokens"), excludes_cache=reading.table.dialect.input_excludes_cache
    )
    usage = reading.value("usage")
    if usage is not None:
        counts = counts.or_else(counts_of(usage))
    if kind.type == "llm" and counts.input_tokens is None and counts.output_tokens is None:
        return counts_in(reading.value("output"))
    return counts


def _llm(span: Span, reading: Reading, content: EventContent) -> dict[str, Any]:
    """A model call: messages in, text and requested calls out."""
    inputs = _input_messages(reading, content)
    text, calls = _model_output(reading, content)
    response = reading.value("output")
    response_id = reading.text("response_id") or response_id_in(response)
    return {
        "model": (model_in(response) if response_id else None) or _model(reading),
        "response_id": response_id,
        "input_text": last_text(inputs, "user") if inputs else text_in(_first(reading, "input"), "user"),
        "output_text": text,
        "requested_calls": calls,
        "answered_calls": answered(inputs),
        "failure": read_failure(span, reading, has_output=bool(text or calls)),
        "finish_reason": finish_reason(reading, content.outputs),
        "time_to_first_token_ns": time_to_first_token_ns(span, reading),
        "agent_name": reading.text("agent_name"),
    }


def _model(reading: Reading) -> str | None:
    """The model that answered; else the one asked for, also when only the raw request names it."""
    named = reading.text("model") or reading.text("request_model")
    named = named or model_in(reading.value("request")) or model_in(reading.value("input"))
    return named or _vendor_and_model(reading)[1]


def _provider_aside(reading: Reading) -> str | None:
    """Who answered a model call that has no attribute for it: LangChain's metadata say it, or the name of the step."""
    metadata = unwrap(reading.value("metadata"))
    told = as_text(metadata.get("ls_provider")) if isinstance(metadata, dict) else None
    return told or _vendor_and_model(reading)[0]


def _vendor_and_model(reading: Reading) -> tuple[str | None, str | None]:
    """Vendor and model of a model call whose step is named `vendor/model`."""
    vendor_name, slash, model = (reading.text("entity_name") or "").partition("/")
    return (vendor_name, model) if slash and vendor_name and model else (None, None)


def _is_no_call(reading: Reading, own: dict[str, Any]) -> bool:
    """Whether a span marked as a model call only prepares one: an output, but no answer, tokens or failure."""
    return (
        reading.value("output") is not None
        and not (own["output_text"] or own["requested_calls"] or own["failure"] or own["response_id"])
        and not (reading.flat_input or reading.flat_output)
        and reading.count("input_tokens") is None
        and reading.count("output_tokens") is None
    )


def _input_messages(reading: Reading, content: EventContent) -> Sequence[Any]:
    """The raw messages that a model call was given, from the first place that holds any."""
    found: Sequence[Any] = raw_messages(reading.value("input_messages"))
    if not found and reading.flat_input:
        found = _flat(reading, is_input=True)
    if not found:
        found = raw_messages(content.inputs)
    return found or raw_messages(reading.value("input"))


def _flat(reading: Reading, is_input: bool) -> Sequence[Any]:
    """Flattened messages; a message without a role is the user's or the assistant's by its direction."""
    if is_input:
        return FlatMessages(reading.attributes, reading.flat_input, "user")
    return FlatMessages(reading.attributes, reading.flat_output, "assistant")


def _model_output(reading: Reading, content: EventContent) -> tuple[str | None, tuple[Any, ...]]:
    """The assistant's text and the calls it asks for, from the first place that holds either."""
    for source in _output_sources(reading, content):
        items = source()
        if not items:
            continue
        messages = read_all(items)
        calls = requested(messages)
        text = "\n".join(message.text for message in messages if message.role == "assistant" and message.text)
        if text or calls:
            if not calls and reading.flat_output:
                calls = requested(read_all(_flat(reading, is_input=False)))
            return text or None, calls
    value = _first(reading, "output_messages", "output")
    return text_in(value, "assistant"), ()


def _output_sources(reading: Reading, content: EventContent) -> tuple[Callable[[], Sequence[Any]], ...]:
    """Where an answer may stand, in the order in which the places are believed."""
    return (
        lambda: raw_messages(reading.value("output_messages")),
        lambda: _flat(reading, is_input=False) if reading.flat_output else [],
        lambda: _separate_output(reading),
        lambda: raw_messages(content.outputs),
        lambda: raw_messages(reading.value("output")),
    )


def _separate_output(reading: Reading) -> list[Any]:
    """Text and tool calls in attributes of their own, as one assistant message."""
    text, calls = reading.value("output_text"), reading.value("output_calls")
    if text is None and calls is None:
        return []
    if isinstance(text, str):
        listed = unwrap(text) if text[:2] == '["' else text
        text = "\n".join(map(str, listed)) if isinstance(listed, list) else text
    return [{"role": "assistant", "content": text, "tool_calls": calls}]


def _tool(span: Span, reading: Reading, content: EventContent) -> dict[str, Any]:
    """A tool call: name, arguments, result, failure."""
    arguments = _first(reading, "arguments", "input")
    result = unwrap(plain(_first(reading, "result", "output")))
    call_id = reading.text("tool_call_id")
    if call_id and call_id[0] == "<":  # "<not specified>"
        call_id = None
    name = reading.text("tool_name")
    flagged = None
    message = result_in(result)
    if message is not None:
        call_id = call_id or message.call_id or None
        name = message.name or name
        result = unwrap(plain(message.value))
        if message.flag:
            text, type_ = clean_message(result if isinstance(result, str) else "", "")
            flagged = Failure("tool_message", f"result.{message.flag}", type_, text)
    held = None if result is None else payload(result)
    failure = read_failure(span, reading, has_output=result not in _EMPTY)
    return {
        "tool_name": name or reading.text("entity_name") or _name_of_span(span, reading),
        "tool_call_id": call_id,
        "arguments": arguments_payload(arguments),
        "result": held,
        "failure": failure or flagged,
        "agent_name": reading.text("agent_name"),
    }


def _name_of_span(span: Span, reading: Reading) -> str | None:
    return tool_name_in(span.name) if reading.table.dialect.span_names_name_tools else None


def tool_name_in(span_name: str) -> str:
    """The tool's name when only the span's name has it."""
    for prefix in _NAME_PREFIXES:
        span_name = span_name.removeprefix(prefix)
    for suffix in _NAME_SUFFIXES:
        span_name = span_name.removesuffix(suffix)
    return span_name


def _step(span: Span, reading: Reading, content: EventContent, kind: Kind) -> dict[str, Any]:
    """An agent, a chain, a retrieval or anything else: the user's text in, the final text out."""
    text = text_in(_first(reading, "input", "input_messages"), "user")
    if text is None and reading.flat_input:
        text = last_text(_flat(reading, is_input=True), "user")
    if text is None and content.inputs:
        text = last_text(raw_messages(content.inputs), "user")
    output = text_in(_first(reading, "output_text", "output", "output_messages", "result"), "assistant")
    if output is None:
        output = _model_output(reading, content)[0]
    agent_name = reading.text("agent_name")
    if kind.type == "agent":
        agent_name = agent_name or reading.text("entity_name") or span.name
    told = _told_calls(reading) if reading.table.dialect.steps_tell_calls else {}
    return {
        **told,
        "model": reading.text("model") or reading.text("request_model"),
        "response_id": reading.text("response_id"),
        "input_text": text,
        "output_text": output,
        "failure": read_failure(span, reading, has_output=output is not None),
        "agent_name": agent_name,
    }


def _told_calls(reading: Reading) -> dict[str, Any]:
    """All calls and results in the messages of a step that no model call repeats."""
    inputs, outputs = (raw_messages(reading.value(field)) for field in ("input_messages", "output_messages"))
    messages = read_all(outputs if len(outputs) > len(inputs) else [*inputs, *outputs])
    calls, answers = whole_run(messages)
    return {"requested_calls": calls, "answered_calls": answers}


def _first(reading: Reading, *fields: Any) -> Any:
    """The value of the first field that has one."""
    for field in fields:
        value = reading.value(field)
        if value is not None:
            return value
    return None
