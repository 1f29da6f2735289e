"""Stores what applications post about interactions, as part of a flush: only what is new, with the marks of that."""

from collections.abc import Collection
from typing import Any, NamedTuple

import psycopg

from trace_store.interactions.interaction_flush import EVENTS, FEEDBACK, USERS, EncodedEvents, EventKey
from trace_store.queries import load

SQL = load("interaction_writer")


class EventReceipt(NamedTuple):
    """What a flush kept of one project and signal."""

    accepted: int
    duplicate: int
    raw_bytes: int


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
        new: set[EventKey] = set()
        if rows:
            columns = [list(column) for column in zip(*rows.values(), strict=True)]
            added = await (await connection.execute(query, columns)).fetchall()
            new = {(project_id, name, bytes(digest)) for project_id, name, digest in added}
        _count(signal, rows, new, encoded, found)
    return found


def _count(
    signal: str,
    rows: Collection[EventKey],
    new: set[EventKey],
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
