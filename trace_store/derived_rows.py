"""Rows of the derived tables: what the processor replaces and what lists and pages read."""

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any

from trace_store.quickly_made import quickly_made

TOLD_ELSEWHERE = "is_told_elsewhere"  # key of ToolCallRow.group_says: another trace of the group has this call


@quickly_made
@dataclass(frozen=True, slots=True)
class TraceRow:
    """A row of `traces`."""

    project_id: int
    trace_id: bytes
    start_unix_nano: int
    end_unix_nano: int
    bucket_min: date
    bucket_max: date
    live: bool
    settle_at: datetime | None  # while live: when it counts as settled unless more arrives
    root_name: str
    service_name: str
    release: str
    span_count: int
    root_count: int
    llm_call_count: int = 0
    tool_call_count: int = 0
    error_count: int = 0  # tool calls with status error
    soft_error_count: int = 0
    unanswered_count: int = 0
    failed_span_count: int = 0  # spans with status ERROR
    loop_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nano_usd: int | None = None  # of the priced LLM calls; None when none is
    unpriced_models: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    providers: list[str] = field(default_factory=list)
    dialects: list[str] = field(default_factory=list)
    interaction_ids: list[str] = field(default_factory=list)
    conversation_id: str | None = None
    group_id: bytes | None = None  # trace id of the first trace of the group that this one belongs to
    user_id: str | None = None
    input_preview: str | None = None
    output_preview: str | None = None
    steps: str = ""  # one letter per step
    environment: str | None = None
    search_text: str = ""  # lower case, bounded; not read back by lists
    derived_at: datetime | None = field(default=None, compare=False)  # set when the row is written
    derived_by: str = ""  # the rules that made it; see tool_errors/rules.py


@quickly_made
@dataclass(frozen=True, slots=True)
class LlmCallRow:
    """A row of `llm_calls`."""

    project_id: int
    trace_id: bytes
    span_id: bytes
    start_unix_nano: int
    model: str | None = None
    provider: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    interaction_id: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    finish_reason: str | None = None
    time_to_first_token_ns: int | None = None
    cached_tokens: int | None = None
    cost_nano_usd: int | None = None
    price: str | None = None  # name of its price, "as sent", "" when unpriced; None when nothing is to be paid for
    tool_definition_digests: list[bytes] = field(default_factory=list)  # at most TOOL_DEFINITIONS_MAX
    tool_definition_count: int = 0
    turn: int = 0  # of a run whose messages alone tell its model calls, from 1; 0: the span is the call
    end_unix_nano: int | None = None
    reasoning_tokens: int | None = None
    response_key: int | None = None  # of the id of the provider's answer; None for one that joins nothing
    told_by: str | None = None  # the dialects of its spans, where it has a response_key
    told_in: bytes | None = None  # the trace that tells this call too and counts it, which only the group knows


@quickly_made
@dataclass(frozen=True, slots=True)
class ToolCallRow:
    """A row of `tool_calls`."""

    project_id: int
    trace_id: bytes
    call_key: str  # span id in hex, else "call:" and the call id, else "asked:" span id, position
    span_id: bytes | None
    call_id: str | None
    asked_by: bytes | None
    start_unix_nano: int
    end_unix_nano: int
    name: str
    status: str
    rule: str
    path: str
    recovered: bool
    error_type: str | None = None
    error_message: str | None = None
    fingerprint: str | None = None
    arguments_digest: bytes | None = None
    result_digest: bytes | None = None
    arguments_preview: str | None = None
    result_preview: str | None = None
    interaction_id: str | None = None
    propagated_from: bytes | None = None  # the error began in this span below; counted there
    group_says: dict[str, Any] | None = None  # what only the group of the trace knows; see `settled`
    scope: str = ""  # request and worker, see tool_errors/loop/work_scope.py
    asked_turn: int = 0  # which turn of the asking span
    violations: list[list[Any]] | None = (
        None  # fields of SchemaViolation, each; None when the arguments break no schema
    )
    asked_in: bytes | None = None  # the trace of `asked_by` where it is another one, which only the group knows

    @property
    def settled(self) -> "ToolCallRow | None":
        """The call as the group of its trace tells it: None when another trace of the group has it."""
        says = self.group_says
        if says is None:
            return self
        if says.get(TOLD_ELSEWHERE):
            return None
        changed: dict[str, Any] = {
            name: bytes.fromhex(value) if name in _BYTES and value is not None else value
            for name, value in says.items()
            if name in _TOOL_CALL_COLUMNS
        }
        return replace(self, group_says=None, **changed)


_BYTES = frozenset({"arguments_digest", "result_digest", "asked_by", "asked_in"})  # columns that JSON holds in hex
_TOOL_CALL_COLUMNS = frozenset(column.name for column in fields(ToolCallRow))


@quickly_made
@dataclass(frozen=True, slots=True)
class LoopRow:
    """A row of `loops`."""

    project_id: int
    trace_id: bytes
    loop_id: str
    kind: str
    tools: list[str]
    iterations: int
    failures: int
    call_keys: list[str]
    start_unix_nano: int
    end_unix_nano: int
    tokens: int | None
    fingerprint: str
    ended: str
    calls: list[list[str | None]] = field(default_factory=list)  # trace id, call key, span id, call id of each call
    cost_nano_usd: int | None = None
    wasted_calls: int = 0  # all but those of the first round
    wasted_ns: int = 0  # since the end of the first round
