"""Folds everything that was posted of one interaction into one state: a pure function of the set of updates.

Updates are deltas. They count in the order of their client's timestamps, without one by their first arrival; the same
update delivered again keeps its first place. docs/interactions.md tells the rules to those who send.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import orjson

from tool_errors.bounded_facts import bounded_name
from tool_errors.interactions.trace_ids import trace_id_of
from trace_store.interactions.interaction_rows import TRACK, StoredUpdate
from trace_store.json_columns import without_nul

_SIDES = {"context": 0, "input": 1, "output": 2}  # order of attachments
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class FoldedInteraction:
    """What was posted of one event id."""

    first_received: datetime
    last_bucket: date
    event_name: str = ""
    user_id: str | None = None
    conversation_id: str | None = None
    model: str | None = None
    input: str | None = None
    output: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    feature_flags: dict[str, str] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    trace_ids: list[bytes] = field(default_factory=list)  # that any update named
    start_unix_nano: int | None = None  # None: no update has a timestamp
    end_unix_nano: int | None = None
    is_pending: bool = True  # no update ended it
    is_ai: bool = False


def fold(updates: Iterable[StoredUpdate]) -> FoldedInteraction:
    """The state of one interaction; ValueError without any update.

    Scalars replace each other unless they are null or empty, objects merge key by key, attachments are appended without
    repetition. An update that ends the interaction ends it for good. The earliest timestamp is its start.
    """
    first: dict[bytes, StoredUpdate] = {}
    last_bucket = date.min
    for update in sorted(updates, key=lambda update: update.arrival):
        first.setdefault(update.digest, update)
        last_bucket = max(last_bucket, update.bucket)
    if not first:
        raise ValueError("an interaction needs at least one update")
    folded = FoldedInteraction(min(update.received_at for update in first.values()), last_bucket)
    for update in sorted(first.values(), key=_moment):
        _add(folded, update)
    folded.attachments.sort(key=lambda attachment: _SIDES.get(str(attachment.get("role")), len(_SIDES)))
    return folded


def unix_nano(moment: datetime) -> int:
    """Nanoseconds since the epoch."""
    past = moment - _EPOCH
    return (past.days * 86_400 + past.seconds) * 10**9 + past.microseconds * 1000


def as_text(value: Any) -> str | None:
    """A value as text: numbers, lists and objects as JSON; None for null and for an empty text."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def deep_merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Adds `new` key by key; objects on both sides merge, null replaces nothing."""
    for key, value in new.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            deep_merge(known, value)
        elif value is not None or key not in into:
            into[key] = value


def _moment(update: StoredUpdate) -> tuple[int, int]:
    time = update.client_unix_nano
    return (unix_nano(update.received_at) if time is None else time, update.arrival)


def _add(folded: FoldedInteraction, update: StoredUpdate) -> None:
    body = orjson.loads(without_nul(update.body))
    ai_data = body.get("ai_data")
    folded.is_ai = folded.is_ai or isinstance(ai_data, dict)
    ai_data = ai_data if isinstance(ai_data, dict) else {}
    folded.event_name = as_text(body.get("event")) or folded.event_name
    folded.user_id = _id(body.get("user_id")) or folded.user_id
    folded.conversation_id = _id(ai_data.get("convo_id")) or _id(body.get("convo_id")) or folded.conversation_id
    folded.model = as_text(ai_data.get("model")) or folded.model
    folded.input = as_text(ai_data.get("input")) or folded.input
    folded.output = as_text(ai_data.get("output")) or folded.output
    properties = body.get("properties")
    if isinstance(properties, dict):
        deep_merge(folded.properties, properties)
        trace_id = trace_id_of(properties.get("trace_id"))
        if trace_id is not None and trace_id not in folded.trace_ids:
            folded.trace_ids.append(trace_id)
    folded.feature_flags.update(_flags(body.get("feature_flags")))
    for attachment in _attachments(body.get("attachments")):
        if attachment not in folded.attachments:
            folded.attachments.append(attachment)
    if update.client_unix_nano is not None:
        time = update.client_unix_nano
        folded.start_unix_nano = min(time, time if folded.start_unix_nano is None else folded.start_unix_nano)
        folded.end_unix_nano = max(time, time if folded.end_unix_nano is None else folded.end_unix_nano)
    if update.kind == TRACK or not _is_true(body.get("is_pending")):
        folded.is_pending = False


def _id(value: Any) -> str | None:
    """An id, as rows hold them; whole floats are integers."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = as_text(value)
    return text and bounded_name(text)


def _is_true(value: Any) -> bool:
    """Whether a flag is set, also one written as text."""
    return value.strip().lower() not in ("", "false", "0") if isinstance(value, str) else bool(value)


def _flags(flags: Any) -> dict[str, str]:
    if isinstance(flags, dict):
        return {name: as_text(value) or "" for name, value in flags.items()}
    return {name: "true" for flag in flags if (name := as_text(flag))} if isinstance(flags, list) else {}


def _attachments(attachments: Any) -> list[dict[str, Any]]:
    """Those that are objects, without their nulls."""
    if not isinstance(attachments, list):
        return []
    return [
        {key: value for key, value in attachment.items() if value is not None}
        for attachment in attachments
        if isinstance(attachment, dict)
    ]
