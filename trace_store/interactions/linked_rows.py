"""What interactions take of their traces: a few columns of each trace and of its calls, and no texts."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from trace_store.derived_rows import TOLD_ELSEWHERE


class LinkedTraceRow(NamedTuple):
    """Columns of `traces`."""

    project_id: int
    trace_id: bytes
    start_unix_nano: int
    end_unix_nano: int
    bucket_max: date
    live: bool
    input_tokens: int
    output_tokens: int
    release: str
    environment: str | None


class LinkedLlmCall(NamedTuple):
    """Columns of `llm_calls`."""

    project_id: int
    trace_id: bytes
    interaction_id: str | None
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    cost_nano_usd: int | None
    told_in: bytes | None


class LinkedToolCall(NamedTuple):
    """Columns of `tool_calls`."""

    project_id: int
    trace_id: bytes
    call_key: str
    interaction_id: str | None
    name: str
    status: str
    propagated_from: bytes | None
    group_says: dict[str, Any] | None

    @property
    def settled(self) -> "LinkedToolCall | None":
        """The call as the group of its trace tells it: None when another trace of the group has it."""
        says = self.group_says
        if says is None:
            return self
        if says.get(TOLD_ELSEWHERE):
            return None
        return self._replace(**{name: says[name] for name in self._fields if name in says})


class LinkedLoop(NamedTuple):
    """Columns of `loops`."""

    project_id: int
    trace_id: bytes
    call_keys: list[str]


class LinkedRows(NamedTuple):
    """Traces with their calls and loops, each by time."""

    traces: Sequence[LinkedTraceRow]
    llm_calls: Sequence[LinkedLlmCall]
    tool_calls: Sequence[LinkedToolCall]
    loops: Sequence[LinkedLoop]
