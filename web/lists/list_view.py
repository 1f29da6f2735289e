"""The list of traces as lines to print. Pure."""

from trace_store.derived_rows import TraceRow
from web.pages.view_models import TraceListRow
from web.requests.names_in_paths import name_in_path
from web.trace.trace_url import trace_url

_SPOKEN = {
    "L": ("model call", "model calls"),
    "X": ("failed model call", "failed model calls"),
    "T": ("tool call", "tool calls"),
    "E": ("tool error", "tool errors"),
    "S": ("soft error", "soft errors"),
    "U": ("unanswered tool call", "unanswered tool calls"),
    "P": ("pending tool call", "pending tool calls"),
}


def list_row(row: TraceRow) -> TraceListRow:
    """One line of the list."""
    trace_id = row.trace_id.hex()
    return TraceListRow(
        trace_id=trace_id,
        url=trace_url(trace_id),
        start_unix_nano=row.start_unix_nano,
        duration_ns=max(0, row.end_unix_nano - row.start_unix_nano),
        live=row.live,
        question=row.input_preview or row.root_name or "(no name)",
        is_question=bool(row.input_preview),
        agent=", ".join(row.agents) or row.service_name,
        steps=row.steps,
        steps_spoken=spoken(row.steps),
        span_count=row.span_count,
        error_count=row.error_count,
        soft_error_count=row.soft_error_count,
        unanswered_count=row.unanswered_count,
        loop_count=row.loop_count,
        failed_span_count=row.failed_span_count,
        tokens=row.input_tokens + row.output_tokens,
        cost_nano_usd=row.cost_nano_usd,
        unpriced_models=tuple(row.unpriced_models or ()),
        user_id=row.user_id or "",
        conversation_id=row.conversation_id or "",
        conversation_url=conversation_url(row.conversation_id or row.group_id.hex()) if row.group_id else "",
    )


def conversation_url(name: str) -> str:
    """The page of a conversation id, or of a group's id in hex."""
    return f"/conversations/{name_in_path(name)}"


def spoken(steps: str) -> str:
    """The strip as a sentence: "3 model calls, 1 tool error"."""
    counts = [(steps.upper().count(letter), names) for letter, names in _SPOKEN.items()]
    parts = [f"{count} {names[count > 1]}" for count, names in counts if count]
    if looped := sum(letter.islower() for letter in steps):
        parts.append(f"{looped} of them in a loop")
    if steps.endswith("+"):
        parts.append("and more")
    return ", ".join(parts) or "no model or tool calls"
