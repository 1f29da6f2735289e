"""Why a span became what it is: the mark that claimed it, and for each fact the attribute and the dialect behind it.

Made on demand for people (span pane, `inspect --explain`, the page that tests mappings), never stored.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trace_store.dialects.reading import Reading, as_count, as_text
from trace_store.dialects.registry import DialectRegistry
from trace_store.facts import Payload, SpanFacts
from trace_store.model import LogRecord, Span

# The fields that a fact may come from, in the order in which `build` asks for them.
FACT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "request_model", "request", "output", "input", "entity_name"),
    "provider": ("provider", "entity_name", "metadata"),
    "input_tokens": ("input_tokens", "usage", "output"),
    "output_tokens": ("output_tokens", "usage", "output"),
    "cached_tokens": ("cached_tokens", "usage", "output"),
    "reasoning_tokens": ("reasoning_tokens", "usage", "output"),
    "cache_write_tokens": ("cache_write_tokens", "usage", "output"),
    "cache_write_1h_tokens": ("cache_write_1h_tokens", "usage", "output"),
    "response_id": ("response_id", "output"),
    "tool_name": ("tool_name", "result", "output", "entity_name"),
    "tool_call_id": ("tool_call_id", "result", "output"),
    "arguments": ("arguments", "input"),
    "result": ("result", "output"),
    "agent_name": ("agent_name", "entity_name"),
    "node": ("node", "metadata"),
    "environment": ("environment",),
    "finish_reason": ("finish_reason", "output_messages", "output"),
    "time_to_first_token_ns": ("first_token_ms", "first_token_s", "first_token_at"),
    "user_id": ("user_id", "metadata"),
    "conversation_id": ("conversation_id", "metadata"),
    "interaction_id": ("interaction_id",),
    "event_name": ("event_name",),
    "input_text": ("input_messages", "input", "events"),
    "output_text": ("output_messages", "output_text", "output", "result", "events"),
    "requested_calls": ("output_messages", "output_calls", "output", "events"),
    "answered_calls": ("input_messages", "input", "events"),
}
RESOURCE_FACTS = {"service_name": "service.name", "release": "service.version"}
NAME_FACTS = ("tool_name", "agent_name", "model", "provider")


@dataclass(frozen=True, slots=True)
class FactSource:
    """One fact and where it comes from."""

    fact: str  # a field of SpanFacts
    value: Any  # a text, a number, the value of a payload, or how many calls
    source: str  # an attribute key, "resource service.name", "span name", "messages in llm.input_messages.*" ...
    rule: str  # the dialect whose table names the key; "" where no table does


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one span became what it is."""

    dialect: str  # "" when no dialect knows the span
    mark: str  # what claimed it, such as "scope ai" or "attribute gen_ai.system"
    type: str
    type_source: str  # "gen_ai.operation.name = chat"; "" when the type follows from no single key
    facts: tuple[FactSource, ...]
    unmapped: tuple[str, ...]  # attribute keys that no rule reads

    def source_of(self, fact: str) -> FactSource | None:
        """Where one fact comes from; None when the span does not state it."""
        return next((found for found in self.facts if found.fact == fact), None)


def explain(span: Span, logs: Sequence[LogRecord], registry: DialectRegistry) -> Explanation:
    """Normalise a span once more and say why."""
    found = registry.explain(span, logs)
    if found is None:
        return Explanation("", "", "other", "", (), tuple(span.attributes))
    facts, reading, claim = found
    sources = tuple(_fact_sources(span, facts, reading))
    return Explanation(facts.dialect, claim.mark, facts.type, _type_source(reading), sources, facts.unmapped)


def _fact_sources(span: Span, facts: SpanFacts, reading: Reading) -> Iterator[FactSource]:
    for fact in FACT_FIELDS:
        value = getattr(facts, fact)
        if value is None or value == ():
            continue
        shown = value.value if isinstance(value, Payload) else len(value) if isinstance(value, tuple) else value
        yield _source(span, reading, fact, shown)
    if facts.failure is not None:
        failure = facts.failure
        told = ": ".join(part for part in (failure.type, failure.message) if part) or "failed"
        yield FactSource("failure", told, failure.path, facts.dialect if failure.rule == failure.path else "")
    for fact, key in RESOURCE_FACTS.items():
        if (value := getattr(facts, fact)) is not None:
            yield FactSource(fact, value, f"resource {key}", "")


def _source(span: Span, reading: Reading, fact: str, value: Any) -> FactSource:
    """The most believed key that was read for the fact; one that holds exactly its value goes before."""
    read = [(field, reading.sources[field]) for field in FACT_FIELDS[fact] if field in reading.sources]
    exact = [(field, key) for field, key in read if _holds(reading.attributes[key], value)]
    if exact or read:
        field, key = (exact or read)[0]
        # An event, a log record or the inside of another attribute may say it in the key's place.
        source = key if key in span.attributes else f"{key} (not an attribute of its own)"
        return FactSource(fact, value, source, _rule(reading, field, key))
    is_input = fact in ("input_text", "answered_calls")
    if fact in NAME_FACTS:
        return FactSource(fact, value, "span name", "")
    if fact == "environment":
        return FactSource(fact, value, "resource", "")
    prefixes = [d.input_prefix if is_input else d.output_prefix for d in reading.layout.table.dialects]
    flat = reading.layout.flat_input if is_input else reading.layout.flat_output
    if flat:
        keys = {key for message in flat for _, key in message.parts}
        key = next(key for key in reading.attributes if key in keys)
        prefix = next((prefix for prefix in prefixes if prefix and key.startswith(prefix)), key)
        return FactSource(fact, value, f"{prefix}*", reading.dialect.name)
    return FactSource(fact, value, "events or log records", "")


def _holds(raw: Any, value: Any) -> bool:
    if isinstance(value, int):
        return as_count(raw) == value
    return isinstance(value, str) and as_text(raw) == value


def _rule(reading: Reading, field: str, key: str) -> str:
    """The first dialect, in the order of the table, that names the key for the field."""
    for dialect in reading.layout.table.dialects:
        if key in dialect.fields.get(field, ()):  # type: ignore[call-overload]
            return dialect.name
        if dialect is reading.dialect and key in dialect.own_fields.get(field, ()):  # type: ignore[call-overload]
            return dialect.name
    return ""


def _type_source(reading: Reading) -> str:
    for key, values in reading.layout.kinds:
        value = reading.attributes[key]
        if isinstance(value, str) and value.strip('"').lower() in values:
            return f"{key} = {value}"
    return next((key for key in reading.layout.table.name_kinds if key in reading.attributes), "")
