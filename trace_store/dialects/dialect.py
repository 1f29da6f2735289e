"""What a dialect is: data. Marks that claim a span, tables from attribute keys to canonical fields and span types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from trace_store.facts import SpanType
from trace_store.model import Span

Field = Literal[
    "model",
    "request_model",
    "provider",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "total_tokens",
    "reasoning_tokens",
    "cost",  # USD, as the sender computed it
    "response_id",
    "tool_name",
    "entity_name",  # name of the step; the tool's or the agent's, by span type
    "tool_call_id",
    "arguments",
    "result",
    "input",  # of any step: arguments of a tool, messages of a model call, the user's text of an agent
    "output",
    "input_messages",
    "output_messages",
    "output_text",  # the assistant's text alone
    "output_calls",  # the requested tool calls alone
    "tool_definitions",  # JSON: what the model may call
    "tool_description",  # of the tool that the span is
    "tool_schema",
    "error_type",
    "error_message",
    "agent_name",
    "user_id",
    "conversation_id",
    "interaction_id",
    "event_name",  # of the interaction, where the application calls it something
    "usage",  # a JSON object with token counts
    "finish_reason",  # a word or a list of them
    "first_token_s",  # seconds from the start of the span
    "first_token_ms",
    "first_token_at",  # ISO 8601
    "environment",
    "node",  # of a workflow or graph
    "events",  # a JSON list of GenAI events
    "request",  # a JSON object with the parameters of a model call
    "metadata",  # a JSON object that may hold ids
    "known",  # understood, of no use to the facts
]


class Kind(NamedTuple):
    """What a span is, as one marker says."""

    type: SpanType
    is_aggregate: bool = False  # repeats what spans below it say


class Record(NamedTuple):
    """A span event or log record that tells about its span what other libraries write into the span's attributes."""

    kind: Kind  # of the span it tells about; for a span of another type it is a step of its own
    keys: Mapping[str, str]  # key of the record -> key of a span attribute that says the same
    only: tuple[str, str] | None = None  # key and value that the record must have to tell anything
    needs: frozenset[str] = frozenset()  # it must have one of these keys
    says: Mapping[str, str] = {}  # what the record says by being there, in keys of span attributes
    opens: bool = False  # it begins the run: the steps of its run stand below it
    stands_alone: bool = True  # it is a step where it has no span
    title: str = ""  # key whose value names the step


# Says in the keys of `fields` what a table cannot: takes a span and its attributes, gives attributes that replace them.
Rewrite = Callable[[Span, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing spans. The first dialect of the registry whose mark a span bears claims it.

    Keys of a field stand in the order in which they are believed. Every dialect falls back to the keys and kinds of
    all the others, after its own: a span with mixed marks loses nothing.
    """

    name: str
    markers: frozenset[str] = frozenset()  # any of these attribute keys claims the span
    marker_prefixes: tuple[str, ...] = ()  # so does any key that begins like this
    scopes: frozenset[str] = frozenset()  # and so do these instrumentation scopes
    fields: Mapping[Field, tuple[str, ...]] = field(default_factory=dict)
    own_fields: Mapping[Field, tuple[str, ...]] = field(default_factory=dict)  # names too common to hold elsewhere
    known_prefixes: tuple[str, ...] = ()  # keys that are understood, of no use to the facts
    kinds: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)  # marker key -> value (lower case) -> kind
    name_kinds: Mapping[str, Kind] = field(default_factory=dict)  # a key whose mere presence tells the kind
    input_prefix: str = ""  # flattened messages: "llm.input_messages." and an index
    output_prefix: str = ""
    tools_prefix: str = ""  # flattened tool definitions
    failure_flags: Mapping[str, frozenset[str]] = field(default_factory=dict)  # key -> values that mean failed
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)  # by event name; the first that fits counts
    run_keys: tuple[str, ...] = ()  # of a record: what names its conversation, then its interaction
    call_keys: tuple[str, ...] = ()  # of a record: what names the call that it tells about
    failures_have_events: bool = False  # an error status without an exception event was copied from elsewhere
    rewrite: Rewrite | None = None
    span_names_name_tools: bool = True
    input_excludes_cache: bool = False  # cached input is counted beside the input and not inside
    tool_name_separator: str = ""  # between a plugin and the function that is the tool
    steps_tell_calls: bool = False  # agents and chains hold messages that no model call repeats
