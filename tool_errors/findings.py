"""What the detectors say about one trace: the values from which the derived tables and the JSON contract are written.

Times are nanoseconds since the epoch, tokens are counts, ids are the W3C bytes.
"""

from dataclasses import dataclass, field

from trace_store.facts import CallStatus, Payload, SpanType, ToolDefinition
from trace_store.quickly_made import quickly_made

FAILED: frozenset[CallStatus] = frozenset({"error", "soft_error"})
UNSUCCESSFUL: frozenset[CallStatus] = frozenset({*FAILED, "unanswered"})
OPEN: frozenset[CallStatus] = frozenset({"unanswered", "pending"})  # no result was seen, for good or so far

LlmCallKey = tuple[bytes, bytes]  # trace id, span id


@quickly_made
@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one tool call, with the evidence that decided it."""

    status: CallStatus
    rule: str  # id of the rule in tool_errors/failure/status.py, or of the dialect's flag
    path: str  # the place that decided: "status.message", "result.error", "messages.result" ...
    error_type: str = ""  # exception class or code as sent; "" when unknown
    message: str = ""  # original text, without type prefix and stack; "" when unknown
    fingerprint: str = ""  # see tool_errors/failure/fingerprint.py; "" unless the call failed


@quickly_made
@dataclass(frozen=True, slots=True)
class SchemaViolation:
    """One place at which the arguments of a call break the schema of its tool; see `schema/schema_violations.py`."""

    path: str  # in the arguments: "city", "stops[1].city"; "" for the arguments as a whole
    expected: str  # "string", "a value", "one of \"c\", \"f\"", "at most 100"
    got: str  # "nothing", "integer 7", "null"
    rule: str  # keyword of the schema that is broken: type, required, enum, maximum ...
    place: str  # in the schema, without what calls differ in: "stops[].city"
    is_tolerable: bool  # most tools take it: null for what is optional, a number as a text


@quickly_made
@dataclass(frozen=True, slots=True)
class LlmCall:
    """One call of a model, however many spans reported it."""

    span_id: bytes  # the outermost span that reports it
    span_ids: tuple[bytes, ...]  # all of them, span_id first
    start_unix_nano: int
    end_unix_nano: int
    model: str | None
    provider: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None  # part of input_tokens
    reasoning_tokens: int | None  # part of output_tokens
    interaction_id: str | None
    error_type: str | None = None  # None: the call did not fail
    error_message: str | None = None
    finish_reason: str | None = None
    time_to_first_token_ns: int | None = None
    cache_write_tokens: int | None = None  # part of input_tokens, as the next
    cache_write_1h_tokens: int | None = None
    sent_cost_nano_usd: int | None = None  # what its sender says that it cost
    cost_nano_usd: int | None = None  # None: unpriced, or no token counts
    price: str = ""  # name of the entry in the price table, "as sent", or "" without a price
    turn: int = 0  # which turn of a run whose messages alone tell it, from 1; 0: the span is the call
    response_key: int | None = None  # of the id of the answer, see grouped/told_twice.py; None: it joins nothing
    told_by: str = ""  # the dialects of its spans; "" without a response_key
    told_in: bytes | None = None  # the trace that tells this call too and counts it; only the group knows

    @property
    def is_unpriced(self) -> bool:
        """Whether tokens were used, or a model named, that no price is known for."""
        return not self.price and bool(self.model or self.input_tokens or self.output_tokens)

    tool_definitions: tuple[ToolDefinition, ...] = ()  # the first TOOL_DEFINITIONS_MAX tools it was offered
    tool_definition_count: int = 0  # all of them


@quickly_made
@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool: a span, or only a pair of messages, or only a request that nobody answered."""

    trace_id: bytes
    call_key: str  # span id in hex, else "call:" + call id, else "asked:" + span id of the LLM call + ":" + position
    span_id: bytes | None
    span_ids: tuple[bytes, ...]  # every span that reports this call, span_id first
    call_id: str | None
    name: str
    arguments: Payload | None
    result: Payload | None
    asked_by: bytes | None  # span id of the LLM call that chose the arguments
    start_unix_nano: int
    end_unix_nano: int
    interaction_id: str | None
    verdict: Verdict
    recovered: bool = False  # failed, and a later call made it good: tool_errors/failure/recovery.py
    propagated_from: bytes | None = None  # the error began in this span below; counted there and not here
    scope: str = ""  # "request/worker": equal for calls of one agent on one task for one request of the user
    asked_turn: int = 0  # which turn of the asking span, see RequestedCall.turn
    violations: tuple[SchemaViolation, ...] = ()  # all, also those that most tools take: see `telling`
    asked_in: bytes | None = None  # the trace of the LLM call that asked, where it is another one

    @property
    def failed(self) -> bool:
        """Whether the call failed by itself: an error that only climbed up from a span below is counted there."""
        return self.verdict.status in FAILED and self.propagated_from is None


@quickly_made
@dataclass(frozen=True, slots=True)
class CallReference:
    """Names a tool call across traces."""

    trace_id: bytes
    call_key: str
    span_id: bytes | None
    call_id: str | None


@dataclass(frozen=True, slots=True)
class Loop:
    """Repetition without progress, over the calls of one trace or of the traces of one conversation."""

    trace_id: bytes  # the trace in which it ended
    loop_id: str  # stable while the loop grows: made of its first call
    kind: str  # id of the detector in tool_errors/loop/loops.py
    tools: tuple[str, ...]
    iterations: int
    failures: int
    calls: tuple[CallReference, ...]
    start_unix_nano: int
    end_unix_nano: int
    tokens: int | None  # what the LLM calls spent that asked for the repeats; None when none of them is known
    fingerprint: str  # the same loop elsewhere has the same one
    ended: str  # "success", "gave_up" or "running"
    cost_nano_usd: int | None = None  # what those LLM calls cost; None when no price of them is known
    wasted_calls: int = 0  # the repeats: all calls but those of the first round
    wasted_ns: int = 0  # from the end of the first round to the end of the last call


@quickly_made
@dataclass(frozen=True, slots=True)
class DerivedSpan:
    """One span of the trace, in display order."""

    span_id: bytes
    parent_span_id: bytes  # as stored
    name: str
    type: SpanType
    dialect: str | None  # None: no dialect knows this span
    status_code: int
    start_unix_nano: int
    end_unix_nano: int
    depth: int
    agent: str | None = None  # as the span names it
    node: str | None = None
    from_log: bool = False  # stands for a log record


@quickly_made
@dataclass(frozen=True, slots=True)
class InteractionPart:
    """What the spans of one trace say of one interaction that they name."""

    event_id: str
    user_id: str | None
    conversation_id: str | None
    start_unix_nano: int
    end_unix_nano: int
    input_preview: str | None
    output_preview: str | None
    input_from: bytes | None = None  # span id and digest of the span whose text is longer than the preview
    output_from: bytes | None = None
    event_name: str | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class DerivedTrace:
    """Everything that is derived from one trace. Counts and sums are over unique calls."""

    trace_id: bytes
    live: bool
    start_unix_nano: int
    end_unix_nano: int
    root_name: str
    service_name: str
    release: str
    interaction_ids: tuple[str, ...]  # in order of appearance
    conversation_id: str | None
    user_id: str | None
    input: str | None  # first user text: full when the facts held it, else its preview
    output: str | None  # final answer: likewise
    input_preview: str | None
    output_preview: str | None
    roots: tuple[bytes, ...]  # spans without a parent in the trace
    agents: tuple[str, ...]
    tools: tuple[str, ...]
    models: tuple[str, ...]
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    failed_span_count: int  # spans with status ERROR
    steps: str  # one letter per step, see tool_errors/steps.py
    search_text: str  # lower case, bounded
    llm_calls: tuple[LlmCall, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    loops: tuple[Loop, ...] = ()
    spans: tuple[DerivedSpan, ...] = field(default=(), repr=False)
    interactions: tuple[InteractionPart, ...] = ()  # in order of appearance
    input_from: bytes | None = None  # as of an InteractionPart
    output_from: bytes | None = None
    environment: str | None = None
    event_name: str | None = None  # what the first span that says it calls the interaction
    run_ended_well: bool | None = None  # answered, and no root failed; None while live and where nothing answers
    providers: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    asked_again: bytes | None = None  # the later trace of the conversation in which the user asks for the same

    @property
    def counted_llm_calls(self) -> tuple[LlmCall, ...]:
        """The calls of models without those that another trace tells too and counts."""
        return tuple(call for call in self.llm_calls if call.told_in is None)

    @property
    def error_count(self) -> int:
        """Tool calls with status error, each failure once."""
        return sum(1 for call in self.tool_calls if call.failed and call.verdict.status == "error")

    @property
    def soft_error_count(self) -> int:
        """Tool calls whose failure only their payload shows."""
        return sum(1 for call in self.tool_calls if call.failed and call.verdict.status == "soft_error")

    @property
    def unanswered_count(self) -> int:
        """Tool calls that a model asked for and no result was ever seen of."""
        return sum(1 for call in self.tool_calls if call.verdict.status == "unanswered")
