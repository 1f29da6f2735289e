"""What a dialect says about one span, and what a detector says about one tool call.

Facts are pure values, made once from the span's bytes. A `Payload` keeps its full value only on the way out of
normalise; the store keeps digest and preview, which is all that assembly and detectors need.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from trace_store.quickly_made import quickly_made

SpanType = Literal["agent", "llm", "tool", "chain", "retriever", "embedding", "reranker", "guardrail", "other"]
CallStatus = Literal["ok", "error", "soft_error", "unanswered", "pending"]

MAPPING_VERSION = 15  # raise with every change of a dialect that alters facts: `reprocess` looks at it
PREVIEW_BYTES_MAX = 400
TOOL_DEFINITIONS_MAX = 128  # of one call that rows name; models take no more


class Unread:
    """The value of a payload that was read back from its row."""

    def __repr__(self) -> str:
        return "UNREAD"


UNREAD = Unread()


@quickly_made
@dataclass(frozen=True, slots=True)
class Payload:
    """An argument object, a result or a message, as a JSON value."""

    digest: bytes  # 16 bytes over the canonical JSON (sorted keys, unwrapped strings): equal values, equal digest
    preview: str  # compact JSON or text, at most PREVIEW_BYTES_MAX bytes of UTF-8
    value: Any = UNREAD  # JSON value, unwrapped; UNREAD when it came from a row


@quickly_made
@dataclass(frozen=True, slots=True)
class Failure:
    """An error that the span itself states, before any judgement."""

    rule: str  # "span_status", "exception_event", "error_type", or the dialect's flag, e.g. "gen_ai.tool.status"
    path: str  # where it stands, e.g. "events[0].exception.message"
    type: str  # exception class or code; "" when unknown
    message: str  # original text without type prefix and stack; "" when unknown


@quickly_made
@dataclass(frozen=True, slots=True)
class RequestedCall:
    """A tool call that an LLM call asked for (in its output)."""

    call_id: str  # "" when the dialect gives none
    name: str
    arguments: Payload | None
    turn: int = 0  # which turn of a whole run asked, from 1; 0 when the span is one turn


@quickly_made
@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A tool result that an LLM call was given (a tool message in its input), new since the last assistant message."""

    call_id: str
    name: str  # "" when only the call id is known
    result: Payload | None
    arguments: Payload | None = None  # known when the history also holds the call
    failure: Failure | None = None  # set by a dialect flag, e.g. ToolMessage.status
    turn: int = 0  # as in RequestedCall


class ModelTurn(NamedTuple):
    """A call of a model that only a message of a whole run tells: what it was and what it took."""

    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    finish_reason: str | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool as a model is told of it."""

    digest: bytes  # 16 bytes over name, description and schema as sent
    name: str = field(default="", compare=False)  # without its plugin; like the rest empty when it came from a row
    description: str = field(default="", compare=False)
    schema: Any = field(default=None, compare=False)  # JSON schema of its arguments; None when not told


@dataclass(slots=True)  # frozen, its 40 fields would take ten times as long to set; only `dialects.build` sets them
class SpanFacts:
    """One span, as a dialect understands it. Spans that no dialect claims have no facts; their type is `other`."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    start_unix_nano: int
    end_unix_nano: int
    name: str
    status_code: int
    type: SpanType
    dialect: str
    model: str | None = None  # response model where known, else the requested one
    provider: str | None = None  # vendor, lower case
    input_tokens: int | None = None  # all of the input, also what came from a cache or went into one
    output_tokens: int | None = None
    cached_tokens: int | None = None  # of the input: read from a cache
    cache_write_tokens: int | None = None  # of the input: written to a cache, for a short time or an unknown one
    cache_write_1h_tokens: int | None = None  # of the input: written to a cache for an hour
    reasoning_tokens: int | None = None
    sent_cost_nano_usd: int | None = None  # what the sender says that the call cost
    response_id: str | None = None
    finish_reason: str | None = None  # stop, length, tool_call, content_filter, error, or as written
    time_to_first_token_ns: int | None = None  # of a streamed answer, from the start of the span
    is_aggregate: bool = False  # repeats what spans below it say (tokens, messages): never counted as a call
    tool_name: str | None = None
    tool_call_id: str | None = None
    arguments: Payload | None = None
    result: Payload | None = None
    failure: Failure | None = None
    agent_name: str | None = None
    node: str | None = None  # of the workflow or graph that runs this step
    user_id: str | None = None
    conversation_id: str | None = None
    interaction_id: str | None = None
    event_name: str | None = None  # what the application calls the interaction
    input_text: str | None = None  # the user's text of this step (last user message), full on the way out of normalise
    output_text: str | None = None  # the assistant's text of this step
    requested_calls: tuple[RequestedCall, ...] = ()
    answered_calls: tuple[AnsweredCall, ...] = ()
    model_turns: tuple[ModelTurn, ...] = ()  # of a run whose model calls have no spans; its token counts are their sums
    tool_definitions: tuple[ToolDefinition, ...] = ()  # what the model may call; of a tool's own span that tool's
    tool_definition_count: int = 0  # rows hold the digests of the first TOOL_DEFINITIONS_MAX
    service_name: str | None = None
    release: str | None = None  # service.version
    environment: str | None = None  # deployment environment: production, staging ...
    from_log: bool = False  # the span stands for a log record; nobody sent it
    unmapped: tuple[str, ...] = ()  # attribute keys that no rule of the dialect reads; not stored
