"""Encodes what applications post about interactions, as part of a flush; pure CPU, without the database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import zstandard

from trace_store.buckets import date_of
from trace_store.interactions.interaction_rows import AcceptedFeedback, AcceptedUpdate, AcceptedUser
from trace_store.json_columns import json_text
from trace_store.rows import VISIBLE_NUL

EVENTS, FEEDBACK, USERS = "events", "feedback", "users"  # signals of receipts
ZSTD_LEVEL = 1

_Accepted = TypeVar("_Accepted", AcceptedUpdate, AcceptedFeedback, AcceptedUser)
EventKey = tuple[int, str, bytes]  # project, event or user id, digest


@dataclass(slots=True)
class EncodedEvents:
    """The distinct items of a flush, as columns."""

    updates: dict[EventKey, tuple[Any, ...]] = field(default_factory=dict)
    feedback: dict[EventKey, tuple[Any, ...]] = field(default_factory=dict)
    users: dict[EventKey, tuple[Any, ...]] = field(default_factory=dict)
    sizes: dict[EventKey, int] = field(default_factory=dict)  # of the bodies of updates
    repeated: Counter[tuple[int, str]] = field(default_factory=Counter)  # by project and signal: twice in the flush

    def __bool__(self) -> bool:
        return bool(self.updates or self.feedback or self.users)


def encode_events(
    updates: Iterable[AcceptedUpdate],
    feedback: Iterable[AcceptedFeedback],
    users: Iterable[AcceptedUser],
    day_of_receipt: int,
) -> EncodedEvents:
    """Columns of the insert queries; pure CPU."""
    encoded = EncodedEvents()
    bucket = date_of(day_of_receipt)
    compress = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress
    for position, (key, update) in enumerate(_distinct(updates, EVENTS, encoded.repeated)):
        row = (*key, bucket, position, update.client_unix_nano, update.kind, compress(update.body))
        encoded.updates[key] = row
        encoded.sizes[key] = len(update.body)
    for key, said in _distinct(feedback, FEEDBACK, encoded.repeated):
        texts = (_column(said.name), _column(said.type), _column(said.sentiment))
        rest = (said.client_unix_nano, _column(said.attachment_id), json_text(said.properties))
        encoded.feedback[key] = (*key, bucket, *texts, *rest)
    for position, (key, user) in enumerate(_distinct(users, USERS, encoded.repeated)):
        encoded.users[key] = (*key, position, user.client_unix_nano, json_text(user.traits))
    return encoded


def _distinct(
    items: Iterable[_Accepted], signal: str, repeated: Counter[tuple[int, str]]
) -> Sequence[tuple[EventKey, _Accepted]]:
    known: dict[EventKey, _Accepted] = {}
    for item in items:
        key = (item.project_id, _column(item[1]), item.digest)
        if key in known:
            repeated[item.project_id, signal] += 1
        else:
            known[key] = item
    return list(known.items())


def _column(text: str | None) -> Any:
    """Text as a column can hold it."""
    return text and text.replace("\0", VISIBLE_NUL)
