"""Tool calls and spans as lines of their lists. Pure."""

from tool_errors.findings import FAILED, UNSUCCESSFUL
from trace_store.fact_parts import Entry
from trace_store.lists.call_lists import CallLine
from trace_store.lists.span_filter import KIND_NUMBERS
from trace_store.lists.span_lists import SpanLine
from trace_store.model import STATUS_ERROR
from web.conversations.interaction_view import user_url
from web.issues.issue_view import issue_url
from web.pages.row_models import CallListRow, SpanListRow
from web.rules.tool_history import tool_url
from web.trace.call_view import STATUS_LABELS
from web.trace.trace_url import trace_url

KIND_NAMES = {number: name for name, number in KIND_NUMBERS.items()}
SPAN_STATUSES = ("unset", "ok", "error")  # by status code


def call_row(line: CallLine, *, is_looping: bool) -> CallListRow:
    """One line of the list of tool calls."""
    return CallListRow(
        name=line.name,
        tool_url=tool_url(line.name),
        status=line.status,
        status_words=STATUS_LABELS.get(line.status, line.status),
        recovered=line.recovered and line.status in FAILED,
        is_looping=is_looping,
        breaks_schema=line.kind == "schema_violation",
        is_passed_on=line.is_passed_on,
        error=line.error,
        rule=line.rule if line.status != "ok" else "",
        issue_url=issue_url(line.fingerprint) if line.fingerprint else "",
        trace_id=line.trace_id.hex(),
        url=call_url(line),
        span_id=line.span_id.hex() if line.span_id else "",
        asked_url=trace_url(line.asked_in, line.asked_by) if line.asked_by else "",
        model=line.model or "",
        agent=", ".join(line.agents) or line.service_name,
        service=line.service_name,
        release=line.release,
        user_id=line.user_id or "",
        user_url=user_url(line.user_id) if line.user_id else "",
        start_unix_nano=line.start_unix_nano,
        duration_ns=_call_ns(line),
    )


def call_url(line: CallLine) -> str:
    """The call in its trace; of one without a span the model call that asked, else the trace."""
    span, trace_id = line.span_id, line.trace_id
    if span is None and line.asked_by is not None:
        span, trace_id = line.asked_by, line.asked_in
    return trace_url(trace_id, span)


def call_json(line: CallLine, *, is_looping: bool) -> dict[str, object]:
    """A tool call in the twin; see docs/api.md."""
    error = {
        "type": line.error_type,
        "line": line.error,
        "rule": line.rule,
        "issue": line.fingerprint or None,
        "recovered": line.recovered,
        "is_passed_on": line.is_passed_on,
    }
    return {
        "trace_id": line.trace_id.hex(),
        "span_id": line.span_id.hex() if line.span_id else None,
        "call_key": line.call_key,
        "call_id": line.call_id,
        "name": line.name,
        "status": line.status,
        "is_looping": is_looping,
        "breaks_schema": line.kind == "schema_violation",
        "error": error if line.status in UNSUCCESSFUL else None,
        "start_unix_nano": str(line.start_unix_nano),
        "duration_ns": _call_ns(line),
        "asked_by": line.asked_by.hex() if line.asked_by else None,
        "asked_in": line.asked_in.hex() if line.asked_by else None,
        "model": line.model,
        "agents": line.agents,
        "service": line.service_name,
        "release": line.release,
        "environment": line.environment,
        "user_id": line.user_id,
        "conversation_id": line.conversation_id,
        "interaction_id": line.interaction_id,
    }


def span_row(line: SpanLine, entry: Entry | None) -> SpanListRow:
    """One line of the list of spans."""
    status = _span_status(line)
    return SpanListRow(
        name=line.name or "(no name)",
        kind=KIND_NAMES.get(line.kind, str(line.kind)),
        type="" if entry is None else entry.type,
        dialect="" if entry is None else entry.dialect,
        status=status,
        status_words={"error": "Error", "ok": "OK"}.get(status, ""),
        service=line.service_name or "",
        release=line.release,
        user_id=line.user_id or "",
        user_url=user_url(line.user_id) if line.user_id else "",
        url=trace_url(line.trace_id, line.span_id),
        trace_id=line.trace_id.hex(),
        span_id=line.span_id.hex(),
        start_unix_nano=line.start_unix_nano,
        duration_ns=line.duration_ns,
    )


def span_json(line: SpanLine, entry: Entry | None) -> dict[str, object]:
    """A span in the twin; see docs/api.md."""
    return {
        "trace_id": line.trace_id.hex(),
        "span_id": line.span_id.hex(),
        "parent_span_id": line.parent_span_id.hex() if line.parent_span_id else None,
        "name": line.name,
        "kind": KIND_NAMES.get(line.kind, str(line.kind)),
        "type": None if entry is None else entry.type,
        "dialect": None if entry is None else entry.dialect,
        "status": _span_status(line),
        "start_unix_nano": str(line.start_unix_nano),
        "duration_ns": line.duration_ns,
        "service": line.service_name or "",
        "release": line.release,
        "environment": line.environment,
        "user_id": line.user_id,
        "conversation_id": line.conversation_id,
    }


def _call_ns(line: CallLine) -> int | None:
    if line.span_id is None or line.status == "pending":
        return None
    return max(0, line.end_unix_nano - line.start_unix_nano)


def _span_status(line: SpanLine) -> str:
    return SPAN_STATUSES[line.status_code] if 0 <= line.status_code <= STATUS_ERROR else "unset"
