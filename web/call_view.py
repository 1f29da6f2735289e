"""What became of a tool call, with its evidence and its way through a loop. Pure."""

from collections.abc import Sequence

from trace_store.derived_rows import LoopRow, ToolCallRow
from web.pages.view_models import CallView

STATUS_LABELS = {
    "ok": "OK",
    "error": "Error",
    "soft_error": "Soft error",
    "unanswered": "Unanswered",
    "pending": "Pending",
}


def call_view(
    tool_calls: Sequence[ToolCallRow], loops: Sequence[LoopRow], span_id: bytes, path: str
) -> CallView | None:
    """The call that a span is; None when it is none."""
    call = next((call for call in tool_calls if call.span_id == span_id), None)
    if call is None:
        return None
    place = previous = following = ""
    loop = next((loop for loop in loops if call.call_key in loop.call_keys), None)
    if loop is not None:
        at = loop.call_keys.index(call.call_key)
        place = f"Repeat {at + 1} of {len(loop.call_keys)}"
        urls = {key: url for key in loop.call_keys if (url := _span_url(tool_calls, key, path))}
        previous = urls.get(loop.call_keys[at - 1], "") if at else ""
        following = urls.get(loop.call_keys[at + 1], "") if at + 1 < len(loop.call_keys) else ""
    asked_by = call.asked_by.hex() if call.asked_by is not None else ""
    return CallView(
        status=call.status,  # type: ignore[arg-type]  # the column holds a CallStatus
        status_label=STATUS_LABELS.get(call.status, call.status),
        rule=call.rule,
        path=call.path,
        error_type=call.error_type or "",
        error_message=call.error_message or "",
        recovered=call.recovered,
        call_id=call.call_id or "",
        asked_by_url=f"{path}?span={asked_by}" if asked_by else "",
        asked_by=asked_by,
        loop_place=place,
        previous_repeat_url=previous,
        next_repeat_url=following,
    )


def _span_url(tool_calls: Sequence[ToolCallRow], call_key: str, path: str) -> str:
    span = next((call.span_id for call in tool_calls if call.call_key == call_key), None)
    return f"{path}?span={span.hex()}" if span is not None else ""
