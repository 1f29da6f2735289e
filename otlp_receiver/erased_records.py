"""Keeps out what was erased: records of erased traces, events and users do not come back when they are sent again."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TypeVar

import orjson

from otlp_receiver.decoded import Decoded, DecodedEvents, DecodedLogs, DecodedTraces
from trace_store.flush import digest_of_log
from trace_store.interactions.interaction_rows import AcceptedUpdate
from trace_store.log_users import users_named
from trace_store.model import AcceptedLog
from trace_store.tombstones import Erased, Tombstones

REASON = "erased"
_Record = TypeVar("_Record")


def drop_erased(decoded: Decoded, tombstones: Tombstones) -> None:
    """Removes what was erased and counts it as rejected; free while nothing was ever erased."""
    if not tombstones:
        return
    has = cache(tombstones.has)  # a request repeats its ids
    if isinstance(decoded, DecodedTraces):
        gone = _gone(decoded.spans, lambda span: has(Erased.TRACE, span.project_id, span.trace_id))
        decoded.spans = _kept(decoded.spans, gone)
    elif isinstance(decoded, DecodedLogs):
        gone = _gone(decoded.logs, lambda log: _is_erased_log(log, has))
        decoded.logs = _kept(decoded.logs, gone)
    elif isinstance(decoded, DecodedEvents):
        gone = _drop_events(decoded, lambda kind, name: has(kind, decoded.project_id, name.encode()))
    else:
        return
    decoded.rejections.add(REASON, "what belongs to an erased user is not stored again", len(gone))


def _drop_events(decoded: DecodedEvents, has: Callable[[Erased, str], bool]) -> set[object]:
    def is_erased(update: AcceptedUpdate) -> bool:
        user = orjson.loads(update.body).get("user_id")
        user = int(user) if isinstance(user, float) and user.is_integer() else user
        return has(Erased.EVENT, update.event_id) or (isinstance(user, str | int) and has(Erased.USER, str(user)))

    updates = _gone(decoded.updates, is_erased)
    feedback = _gone(decoded.feedback, lambda said: has(Erased.EVENT, said.event_id))
    users = _gone(decoded.users, lambda user: has(Erased.USER, user.user_id))
    decoded.updates = _kept(decoded.updates, updates)
    decoded.feedback = _kept(decoded.feedback, feedback)
    decoded.users = _kept(decoded.users, users)
    return {(name, index) for name, of in (("u", updates), ("f", feedback), ("p", users)) for index in of}


def _is_erased_log(log: AcceptedLog, has: Callable[[Erased, int, bytes], bool]) -> bool:
    """A record of a trace goes with it; one of no trace when it was erased before or names an erased user."""
    if log.trace_id:
        return has(Erased.TRACE, log.project_id, log.trace_id)
    if has(Erased.LOG, log.project_id, digest_of_log(log)):
        return True
    return any(has(Erased.USER, log.project_id, name.encode()) for name in users_named(log.otlp))


def _gone(records: Iterable[_Record], is_erased: Callable[[_Record], bool]) -> set[object]:
    """The positions of what was erased."""
    return {index for index, record in enumerate(records) if is_erased(record)}


def _kept(records: Sequence[_Record], gone: set[object]) -> list[_Record]:
    return [record for index, record in enumerate(records) if index not in gone]
