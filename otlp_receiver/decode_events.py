"""Reads the bodies of Raindrop's ingest API: events, partials, signals about them, and users.

Each item stands for itself: a bad one is counted with its reason, the others are kept. Only what the store needs to
find an item again is read here; the object itself is stored as it came and folded later. docs/interactions.md has the
rules.
"""

import hashlib
import json
import math
import uuid
from collections.abc import Callable
from typing import Any, Literal

import orjson

from otlp_receiver.client_time import unix_nano
from otlp_receiver.decoded import DecodedEvents
from otlp_receiver.exceptions import MalformedBody
from otlp_receiver.json_text import parse_json
from otlp_receiver.json_values import shown, without_lone_surrogates
from trace_store.interactions.interaction_rows import (
    EVENT_ID_BYTES_MAX,
    PARTIAL,
    TRACK,
    AcceptedFeedback,
    AcceptedUpdate,
    AcceptedUser,
)
from trace_store.rows import VISIBLE_NUL

EventKind = Literal["track", "track_partial", "signals", "identify", "live"]
_SIGNAL_TYPE = "default"
_DIGEST_BYTES = 16
_Item = dict[str, Any]


class _BadItem(ValueError):
    """One item cannot be stored."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def decode_events(kind: EventKind, body: bytes, project_id: int) -> DecodedEvents:
    """Decode an uncompressed body. Raises MalformedBody when it is no JSON, or not the array or object it has to be."""
    decoded = DecodedEvents(project_id, _SIGNAL_OF[kind])
    value = parse_json(body, decoded.warnings)
    items = value if isinstance(value, list) and kind != "track_partial" else [value]
    if not all(isinstance(item, dict) for item in items) and (items == [value] or kind == "live"):
        wanted = "one JSON object" if kind in ("track_partial", "live") else "a JSON array of objects"
        raise MalformedBody(f"the body is {shown(value)}, not {wanted}")
    accept = _ACCEPT[kind]
    for position, item in enumerate(items):
        try:
            if not isinstance(item, dict):
                raise _BadItem("item_malformed", f"{shown(item)} is no JSON object")
            accept(item, decoded)
        except _BadItem as error:
            decoded.rejections.add(error.reason, f"item {position}: {error}")
    return decoded


def _accept_track(item: _Item, decoded: DecodedEvents) -> None:
    if not _text(item, "event") and not isinstance(item.get("ai_data"), dict):
        raise _BadItem("event_missing", "it has neither an `event` name nor `ai_data`")
    event_id = _id(item, "event_id", required=False) or str(uuid.uuid4())
    _add_update(item, event_id, TRACK, decoded)


def _accept_partial(item: _Item, decoded: DecodedEvents) -> None:
    _add_update(item, _id(item, "event_id"), PARTIAL, decoded)


def _add_update(item: _Item, event_id: str, kind: int, decoded: DecodedEvents) -> None:
    body, digest = _as_sent(item, f"update {kind} {event_id}")
    decoded.updates.append(AcceptedUpdate(decoded.project_id, event_id, kind, _time(item), digest, body))
    decoded.event_ids.append(event_id)


def _accept_signal(item: _Item, decoded: DecodedEvents) -> None:
    body, digest = _as_sent(item, "signal")
    item = orjson.loads(body)
    event_id = _id(item, "event_id")
    name = _text(item, "signal_name")
    if not name:
        raise _BadItem("signal_name_missing", "`signal_name` is missing or empty")
    sentiment = _text(item, "sentiment")
    decoded.feedback.append(
        AcceptedFeedback(
            decoded.project_id,
            event_id,
            digest,
            name,
            _text(item, "signal_type") or _SIGNAL_TYPE,
            sentiment.upper() if sentiment else None,
            _time(item),
            _text(item, "attachment_id") or None,
            _object(item, "properties"),
        )
    )


def _accept_user(item: _Item, decoded: DecodedEvents) -> None:
    body, digest = _as_sent(item, "user")
    item = orjson.loads(body)
    user_id = _id(item, "user_id")
    decoded.users.append(AcceptedUser(decoded.project_id, user_id, digest, _time(item), _object(item, "traits")))


def _accept_live(item: _Item, decoded: DecodedEvents) -> None:
    """Live events repeat what spans and events say later: they are read and not kept."""


_ACCEPT: dict[EventKind, Callable[[_Item, DecodedEvents], None]] = {
    "track": _accept_track,
    "track_partial": _accept_partial,
    "signals": _accept_signal,
    "identify": _accept_user,
    "live": _accept_live,
}
_SIGNAL_OF: dict[EventKind, Literal["events", "feedback", "users"]] = {
    "track": "events",
    "track_partial": "events",
    "signals": "feedback",
    "identify": "users",
    "live": "events",
}


def _id(item: _Item, key: str, *, required: bool = True) -> str:
    """An id as text; numbers are read as text, as other senders write them."""
    value = item.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise _BadItem(f"{key}_malformed", f"`{key}` is {shown(value)}, not a text")
    text = "" if value is None else without_lone_surrogates(str(value)).replace("\0", VISIBLE_NUL)
    if not text and required:
        raise _BadItem(f"{key}_missing", f"`{key}` is missing or empty")
    if len(text.encode()) > EVENT_ID_BYTES_MAX:
        raise _BadItem(f"{key}_length", f"`{key}` is longer than {EVENT_ID_BYTES_MAX} bytes")
    return text


def _text(item: _Item, key: str) -> str:
    value = item.get(key)
    if value is None or isinstance(value, bool | list | dict):
        return ""
    return without_lone_surrogates(str(value))


def _object(item: _Item, key: str) -> dict[str, Any]:
    value = item.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _BadItem(f"{key}_malformed", f"`{key}` is {shown(value)}, not an object")
    return value


def _time(item: _Item) -> int | None:
    try:
        return unix_nano(item.get("timestamp"))
    except ValueError as error:
        raise _BadItem("timestamp_malformed", f"`timestamp` {error}") from None


def _as_sent(item: _Item, what: str) -> tuple[bytes, bytes]:
    """The object as compact JSON, and a digest that is equal for equal objects."""
    try:
        body = _json(item)
        canonical = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except (RecursionError, TypeError, orjson.JSONDecodeError):
        raise _BadItem("item_nesting", "it is nested too deeply") from None
    return body, hashlib.sha256(what.encode() + b"\0" + canonical).digest()[:_DIGEST_BYTES]


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate or an integer of more than 64 bits, which the lenient parser reads
        return without_lone_surrogates(json.dumps(_finite(value), ensure_ascii=False)).encode()


def _finite(value: Any) -> Any:
    """The value with integers beyond 64 bits as text and without NaN, which JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
