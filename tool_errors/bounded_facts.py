"""Facts within the bounds of their row: names, ids, messages and previews that are cut are cut here and nowhere else.

What derive sees of fresh facts is then what it sees of facts that were read back.
"""

import dataclasses
import hashlib
from operator import attrgetter
from typing import Any

from tool_errors.failure.error_text import bounded_message
from tool_errors.findings import Verdict
from trace_store.facts import PREVIEW_BYTES_MAX, AnsweredCall, Failure, ModelTurn, Payload, RequestedCall, SpanFacts

NAME_BYTES_MAX = 400  # of names and ids
TURNS_MAX = 1000  # of a run whose model calls only its messages tell
TOKENS_MAX = 10**12  # of one call; a larger or negative count is no count

_NAMES = (
    "name",
    "model",
    "provider",
    "response_id",
    "finish_reason",
    "tool_name",
    "tool_call_id",
    "agent_name",
    "node",
    "user_id",
    "conversation_id",
    "interaction_id",
    "event_name",
    "service_name",
    "release",
    "environment",
)
_TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
_names_of, _tokens_of = attrgetter(*_NAMES), attrgetter(*_TOKENS)


def bounded_facts(facts: SpanFacts) -> SpanFacts:
    """The facts with names, ids, messages and previews as rows hold them; payload values and texts stay whole."""
    changes: dict[str, Any] = {}
    for key, value in zip(_NAMES, _names_of(facts), strict=True):
        if value is not None and (name := bounded_name(value)) != value:
            changes[key] = name
    for key, count in zip(_TOKENS, _tokens_of(facts), strict=True):
        if count is not None and not 0 <= count <= TOKENS_MAX:
            changes[key] = None
    for key in ("input_text", "output_text"):
        text = getattr(facts, key)
        if text is not None and (clean := _storable(text)) != text:
            changes[key] = clean
    for key in ("arguments", "result"):
        payload = getattr(facts, key)
        if (bounded := _payload(payload)) is not payload:
            changes[key] = bounded
    _bound_calls(facts, changes)
    return dataclasses.replace(facts, **changes) if changes else facts


def _bound_calls(facts: SpanFacts, changes: dict[str, Any]) -> None:
    """What of the failure and of calls in messages is to be changed."""
    if facts.failure is not None:
        changes["failure"] = _failure(facts.failure)
    if facts.requested_calls:
        changes["requested_calls"] = tuple(
            RequestedCall(bounded_name(call.call_id), bounded_name(call.name), _payload(call.arguments), call.turn)
            for call in facts.requested_calls
        )
    if facts.answered_calls:
        changes["answered_calls"] = tuple(_answered(call) for call in facts.answered_calls)
    if facts.model_turns:
        changes["model_turns"] = tuple(_turn(turn) for turn in facts.model_turns[:TURNS_MAX])


def bounded_verdict(verdict: Verdict) -> Verdict:
    """The verdict with type, path and message as rows hold them."""
    message = bounded_message(_storable(verdict.message))
    return Verdict(verdict.status, verdict.rule, bounded_name(verdict.path), bounded_name(verdict.error_type), message)


def bounded_name(text: str) -> str:
    """A name or id as it is, unless it is longer than NAME_BYTES_MAX: then its beginning and its digest."""
    if len(text) <= NAME_BYTES_MAX and text.isascii() and "\0" not in text:
        return text
    text = _storable(text)
    raw = text.encode()
    if len(raw) <= NAME_BYTES_MAX:
        return text
    return raw[: NAME_BYTES_MAX - 20].decode("utf-8", "ignore") + "..." + hashlib.sha256(raw).hexdigest()[:16]


def text_preview(text: str) -> str:
    """The beginning of a text, with an ellipsis where it was cut; the preview of a preview is itself."""
    if len(text) <= PREVIEW_BYTES_MAX and text.isascii() and "\0" not in text:
        return text
    text = _storable(text)
    raw = text[: PREVIEW_BYTES_MAX + 1].encode()
    if len(raw) <= PREVIEW_BYTES_MAX:
        return text
    return raw[: PREVIEW_BYTES_MAX - 3].decode("utf-8", "ignore") + "\u2026"


def may_be_cut(preview: str) -> bool:
    """Whether `text_preview` may have cut this; a text that ends so by itself looks the same."""
    return preview.endswith("\u2026") and len(preview.encode()) >= PREVIEW_BYTES_MAX - 3


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL and UTF-8 no lone surrogate; the exact text is in the blob."""
    if "\0" in text:
        text = text.replace("\0", "\u2400")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _failure(failure: Failure) -> Failure:
    message = bounded_message(_storable(failure.message))
    return Failure(failure.rule, bounded_name(failure.path), bounded_name(failure.type), message)


def _answered(call: AnsweredCall) -> AnsweredCall:
    return AnsweredCall(
        bounded_name(call.call_id),
        bounded_name(call.name),
        _payload(call.result),
        _payload(call.arguments),
        call.failure and _failure(call.failure),
        turn=call.turn,
    )


def _turn(turn: ModelTurn) -> ModelTurn:
    model, reason = turn.model and bounded_name(turn.model), turn.finish_reason and bounded_name(turn.finish_reason)
    counts = {key: None for key in _TOKENS if not 0 <= (getattr(turn, key) or 0) <= TOKENS_MAX}
    return turn._replace(model=model, finish_reason=reason, **counts)


def _payload(payload: Payload | None) -> Payload | None:
    if payload is None or (bounded := text_preview(payload.preview)) == payload.preview:
        return payload
    return Payload(payload.digest, bounded, payload.value)
