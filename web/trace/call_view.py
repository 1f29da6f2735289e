"""What became of a tool call, with its evidence and its way through a loop. Pure."""

from collections.abc import Sequence

from tool_errors.finding_rows import call_fingerprint, call_kind, told_violations
from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.lists.verdicts import Verdict
from web.issues.issue_view import issue_url
from web.issues.verdict_view import is_dismissed, verdict_views
from web.pages.view_models import CallView
from web.trace.loop_text import loop_why
from web.trace.trace_url import span_of_call, trace_url, with_span

STATUS_LABELS = {
    "ok": "OK",
    "error": "Error",
    "soft_error": "Soft error",
    "unanswered": "Unanswered",
    "pending": "Pending",
}


def call_view(call: ToolCallRow, loops: Sequence[LoopRow], path: str, verdicts: Sequence[Verdict] = ()) -> CallView:
    """A call of the trace whose page is at `path`; `loops` and `verdicts` are those of the trace."""
    place = why = previous = following = loop_issue = ""
    loop = next((loop for loop in loops if call.call_key in loop.call_keys), None)
    if loop is not None and not is_dismissed(loop, verdicts):
        at, count = loop.call_keys.index(call.call_key), len(loop.call_keys)
        place = f"Repeat {at + 1} of {count}"
        why = loop_why(loop)
        loop_issue = issue_url(loop.fingerprint)
        previous = _repeat_url(loop, at - 1, path) if at else ""
        following = _repeat_url(loop, at + 1, path) if at + 1 < count else ""
    asked_by = call.asked_by.hex() if call.asked_by is not None else ""
    asking = path if call.asked_in is None else trace_url(call.asked_in)
    return CallView(
        status=call.status,  # type: ignore[arg-type]  # the column holds a CallStatus
        status_label=STATUS_LABELS.get(call.status, call.status),
        rule=call.rule,
        path=call.path,
        error_type=call.error_type or "",
        error_message=call.error_message or "",
        recovered=call.recovered,
        call_id=call.call_id or "",
        call_key=call.call_key,
        asked_by_url=with_span(asking, asked_by) if asked_by else "",
        asked_by=asked_by,
        loop_why=why,
        loop_place=place,
        previous_repeat_url=previous,
        next_repeat_url=following,
        issue_url=_issue_url(call),
        loop_issue_url=loop_issue,
        verdicts=verdict_views(call, loop, verdicts),
        violations=told_violations(call),
    )


def _issue_url(call: ToolCallRow) -> str:
    """The issue that the call is an event of; "" for a call that is none, see tool_errors/finding_rows.py."""
    return issue_url(call_fingerprint(call)) if call_kind(call) else ""


def _repeat_url(loop: LoopRow, at: int, path: str) -> str:
    """Where a repeat stands, "" for one without a span: a loop may run through several traces."""
    trace_path = trace_url(loop.calls[at][0] or loop.trace_id) if at < len(loop.calls) else path
    span_id = span_of_call(loop.call_keys[at])
    return with_span(trace_path, span_id) if span_id else ""
