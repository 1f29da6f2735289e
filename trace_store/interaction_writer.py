"""Stores what applications post about interactions, as part of a flush: only what is new, with the marks of that."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import psycopg
import zstandard

from trace_store.buckets import date_of
from trace_store.interaction_rows import AcceptedFeedback, AcceptedUpdate, AcceptedUser
from trace_store.json_columns import json_text
from trace_store.queries import load
from trace_store.rows import VISIBLE_NUL

SQL = load("interaction_writer")
EVENTS, FEEDBACK, USERS = "events", "feedback", "users"  # signals of receipts
ZSTD_LEVEL = 1

_Accepted = TypeVar("_Accepted", AcceptedUpdate, AcceptedFeedback, AcceptedUser)
_Key = tuple[int, str, bytes]  # project, event or user id, digest


class EventReceipt(NamedTuple):
    """What a flush kept of one project and signal."""

    accepted: int
    duplicate: int
    raw_bytes: int


@dataclass(slots=True)
class EncodedEvents:
    """The distinct items of a flush, as columns."""

    updates: dict[_Key, tuple[Any, ...]] = field(default_factory=dict)
    feedback: dict[_Key, tuple[Any, ...]] = field(default_factory=dict)
    users: dict[_Key, tuple[Any, ...]] = field(default_factory=dict)
    sizes: dict[_Key, int] = field(default_factory=dict)  # of the bodies of updates
    repeated: Counter[tuple[int, str]] = field(default_factory=Counter)  # by project and signal: twice in the flush


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


async def store_events(
    connection: psycopg.AsyncConnection[Any], encoded: EncodedEvents
) -> dict[tuple[int, str], EventReceipt]:
    """Inserts what is not known, inside the transaction of a flush; returns what it kept by project and signal."""
    found: dict[tuple[int, str], EventReceipt] = {}
    for signal, rows, query in (
        (EVENTS, encoded.updates, SQL.insert_updates),
        (FEEDBACK, encoded.feedback, SQL.insert_feedback),
        (USERS, encoded.users, SQL.insert_user_updates),
    ):
        new: set[_Key] = set()
        if rows:
            columns = [list(column) for column in zip(*rows.values(), strict=True)]
            added = await (await connection.execute(query, columns)).fetchall()
            new = {(project_id, name, bytes(digest)) for project_id, name, digest in added}
        _count(signal, rows, new, encoded, found)
    return found


def _count(
    signal: str,
    rows: Collection[_Key],
    new: set[_Key],
    encoded: EncodedEvents,
    found: dict[tuple[int, str], EventReceipt],
) -> None:
    projects = {key[0] for key in rows} | {project for project, name in encoded.repeated if name == signal}
    for project_id in projects:
        kept = [key for key in rows if key[0] == project_id and key in new]
        known = sum(1 for key in rows if key[0] == project_id) - len(kept)
        size = sum(encoded.sizes.get(key, 0) for key in kept) if signal == EVENTS else 0
        duplicate = known + encoded.repeated[project_id, signal]
        found[project_id, signal] = EventReceipt(len(kept), duplicate, size)


def _distinct(
    items: Iterable[_Accepted], signal: str, repeated: Counter[tuple[int, str]]
) -> Sequence[tuple[_Key, _Accepted]]:
    known: dict[_Key, _Accepted] = {}
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
