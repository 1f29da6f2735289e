"""Interactions as pages and their JSON twins tell them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from trace_store.interactions.interaction_lists import FeedbackSaid, InteractionSummary
from web.lists.list_view import conversation_url
from web.pages.interaction_models import AttachmentView, ContextView, FeedbackView, InteractionView
from web.requests.names_in_paths import name_in_path
from web.trace.trace_url import trace_url

ATTACHMENT_CHARS_MAX = 2000
CONTEXT_CHARS_MAX = 2000  # of each value
CONTEXT_VALUES_MAX = 100
CUT_BY_CLIENT = "cut by the SDK before it was sent"
ONLY_BEGINNING = "the first 400 bytes"
_TONES = {"POSITIVE": "good", "NEGATIVE": "bad"}
_DETAILS = ("comment", "after", "detail", "signal_description")  # of the properties of a signal


def user_url(user_id: str) -> str:
    """The page of a user."""
    return f"/users/{name_in_path(user_id)}"


def feedback_by_event(feedback: Iterable[FeedbackSaid]) -> dict[str, list[FeedbackSaid]]:
    """What was said, by interaction."""
    found: dict[str, list[FeedbackSaid]] = defaultdict(list)
    for said in feedback:
        found[said.event_id].append(said)
    return found


def interaction_view(row: InteractionSummary, feedback: Sequence[FeedbackSaid]) -> InteractionView:
    """One interaction for the templates."""
    context = tuple(_context(row.context))
    return InteractionView(
        event_id=row.event_id,
        event_url=f"/v1/events/{quote(row.event_id, safe='')}",
        name=row.event_name,
        user_id=row.user_id or "",
        user_url=user_url(row.user_id) if row.user_id else "",
        conversation_id=row.conversation_id or "",
        conversation_url=conversation_url(row.conversation_id) if row.conversation_id else "",
        start_unix_nano=row.start_unix_nano,
        is_pending=row.is_pending,
        is_from_spans=row.is_from_spans,
        model=row.model or "",
        question=row.input_preview or "",
        answer=row.output_preview or "",
        question_note=_note(row.has_more_input, row.is_input_cut),
        answer_note=_note(row.has_more_output, row.is_output_cut),
        error_count=row.error_count,
        soft_error_count=row.soft_error_count,
        loop_count=row.loop_count,
        tool_call_count=row.tool_call_count,
        attachments=tuple(_attachment(each) for each in row.attachments),
        feedback=tuple(_feedback(said) for said in feedback),
        trace_urls=tuple(trace_url(trace_id) for trace_id in row.trace_ids),
        feature_flags=tuple(sorted(row.feature_flags.items())),
        context=context[:CONTEXT_VALUES_MAX],
        context_left_out=max(0, len(context) - CONTEXT_VALUES_MAX),
    )


def interaction_json(row: InteractionSummary, feedback: Sequence[FeedbackSaid]) -> dict[str, Any]:
    """One interaction as JSON."""
    return {
        "event_id": row.event_id,
        "event_name": row.event_name,
        "user_id": row.user_id,
        "conversation_id": row.conversation_id,
        "start_unix_nano": str(row.start_unix_nano),
        "is_ai": row.is_ai,
        "is_pending": row.is_pending,
        "is_from_spans": row.is_from_spans,
        "model": row.model,
        "input_preview": row.input_preview,
        "output_preview": row.output_preview,
        "input_note": _note(row.has_more_input, row.is_input_cut),
        "output_note": _note(row.has_more_output, row.is_output_cut),
        "attachments": row.attachments,
        "trace_ids": [trace_id.hex() for trace_id in row.trace_ids],
        "tools": row.tools,
        "tool_call_count": row.tool_call_count,
        "error_count": row.error_count,
        "soft_error_count": row.soft_error_count,
        "loop_count": row.loop_count,
        "duration_ns": str(row.duration_ns),
        "cost_usd": row.cost_usd,
        "feature_flags": row.feature_flags,
        "context": row.context,
        "signals": [_feedback_json(said) for said in feedback],
    }


def _context(value: Any, name: str = "") -> Iterable[ContextView]:
    """The values of `$context`, each with its path; lists as JSON."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _context(held, f"{name}.{key}" if name else key)
    elif value is not None:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        yield ContextView(name, text[:CONTEXT_CHARS_MAX], max(0, len(text) - CONTEXT_CHARS_MAX))


def _note(has_more: bool | None, is_cut: bool | None) -> str:
    return "; ".join(note for note, holds in ((ONLY_BEGINNING, has_more), (CUT_BY_CLIENT, is_cut)) if holds)


def _attachment(attachment: dict[str, Any]) -> AttachmentView:
    kind, value = str(attachment.get("type", "")), str(attachment.get("value", ""))
    is_linked = kind in ("image", "iframe")
    text = "" if is_linked else value
    return AttachmentView(
        kind=kind,
        role=str(attachment.get("role", "")),
        name=str(attachment.get("name", "")),
        language=str(attachment.get("language", "")),
        text=text[:ATTACHMENT_CHARS_MAX],
        left_out=max(0, len(text) - ATTACHMENT_CHARS_MAX),
        url=value if is_linked and _is_web_address(value) else "",
    )


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _feedback(said: FeedbackSaid) -> FeedbackView:
    return FeedbackView(
        name=said.name,
        type=said.type,
        tone=_TONES.get(said.sentiment or "", "plain"),
        detail=next((text for key in _DETAILS if (text := said.properties.get(key)) and isinstance(text, str)), ""),
        is_self_diagnostic=said.type.startswith("agent"),
    )


def _feedback_json(said: FeedbackSaid) -> dict[str, Any]:
    return {
        "name": said.name,
        "type": said.type,
        "sentiment": said.sentiment,
        "attachment_id": said.attachment_id,
        "properties": said.properties,
        "received_at": said.received_at,
    }
