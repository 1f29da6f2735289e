"""A row of `findings`: one thing that went wrong in one trace, beside whom it met. Issues and alerts count them."""

from dataclasses import dataclass, field
from datetime import datetime

from trace_store.quickly_made import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True)
class FindingRow:
    """A failed or unanswered tool call, or a loop."""

    project_id: int
    trace_id: bytes
    finding_key: str  # "call:" and the call key, "loop:" and the loop id; unique in its trace
    kind: str  # tool_error, soft_error, unanswered, schema_violation, loop
    fingerprint: str  # of the issue that it belongs to
    tool: str
    title: str  # what happened, in a line
    span_id: bytes | None
    start_unix_nano: int
    end_unix_nano: int
    is_recovered: bool
    user_id: str | None
    conversation_id: str | None
    interaction_id: str | None
    release: str
    environment: str
    found_at: datetime | None = field(default=None, compare=False)  # when the row was written
