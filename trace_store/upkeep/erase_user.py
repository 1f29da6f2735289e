"""Erases a user: what they sent, what was sent about them, and what was derived of it; a tombstone keeps it away.

The tombstones come first. Once every receiver knows them nothing of the user comes in any more; then whatever is found
is erased, until nothing is found. docs/privacy.md says what belongs to a user, and what an erasure does not reach.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.flush import UNIT_CONVERSATION, UNIT_CONVERSATION_SUMS, UNIT_INTERACTION, UNIT_USER
from trace_store.queries import load
from trace_store.rollups.figure_rollups import SORTS
from trace_store.rollups.figure_rollups import SQL as FIGURE_SQL
from trace_store.rollups.rollups import SQL as ROLLUP_SQL
from trace_store.stored import TraceKey
from trace_store.tombstones import Erased, put_tombstones
from trace_store.upkeep.erase import erase_rows
from trace_store.upkeep.erase_names import blank_envelopes, erase_lone_logs, events_that_named
from trace_store.upkeep.repack import repack

SQL = load("erase_user")
RECEIVERS_KNOW_S = 3.0  # receivers read tombstones every two seconds
DERIVED_WITHIN_S = 30.0
LOOK_INTERVAL_S = 0.2
PASSES_MAX = 5
EVENTS_PER_TRANSACTION = 200

_Connection = psycopg.AsyncConnection[Any]


@dataclass(slots=True)
class ErasedUser:
    """What an erasure removed, and what it has to leave to a later moment."""

    trace_count: int = 0
    span_count: int = 0
    event_count: int = 0
    waiting_blob_count: int = 0  # hold bytes that no row refers to; maintenance rewrites them when their traces rest
    underived_count: int = 0  # received before, not derived yet: whose they are is not known; erase again

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return not self.waiting_blob_count and not self.underived_count


@dataclass(slots=True)
class _Belongings:
    """What belongs to the user."""

    conversation_ids: list[str]  # of the user alone
    event_ids: list[str]
    trace_ids: list[bytes]


@dataclass(slots=True)
class _Said:
    """What other rows may repeat of what was erased."""

    trace_ids: set[bytes] = field(default_factory=set)
    event_ids: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    fingerprints: set[str] = field(default_factory=set)


async def erase_user(
    conninfo: str,
    project_id: int,
    user_id: str,
    *,
    receivers_know_s: float = RECEIVERS_KNOW_S,
    derived_within_s: float = DERIVED_WITHIN_S,
) -> ErasedUser:
    """Erases a user of a project; erasing again finds what came late. Raises StoreUnavailable.

    It waits for the receivers to know the tombstone, and for what was received before to be derived.
    """
    erased, said = ErasedUser(), _Said()
    key = {"project_id": project_id, "user_id": user_id}
    with translate_errors():
        connection = await connect(conninfo, "rainbarrel erase-user")
        async with connection:
            await connection.execute(SQL.lock_erasures)
            await put_tombstones(connection, project_id, Erased.USER, [user_id.encode()])
            await _bury(connection, project_id, await _belongings(connection, key))
            await asyncio.sleep(receivers_know_s)
            erased.underived_count = await _until_derived(connection, project_id, derived_within_s)
            named_once = await events_that_named(connection, project_id, user_id)
            for _ in range(PASSES_MAX):
                found = await _belongings(connection, key, named_once)
                named_once = []
                await _bury(connection, project_id, found)
                await _note(connection, project_id, found, said)
                await _erase_traces(connection, project_id, found.trace_ids, erased)
                shared = await _erase_events(connection, project_id, found, erased)
                await _erase_person(connection, key, found.conversation_ids, shared)
                if not found.trace_ids and not found.event_ids:
                    break
            await _forget_what_is_repeated(connection, key, said)
            await erase_lone_logs(connection, project_id, user_id)
            await blank_envelopes(connection, project_id, user_id)
            await repack(connection)
            erased.waiting_blob_count = await _number(connection, SQL.blobs_with_dead_records, key)
    return erased


async def _belongings(connection: _Connection, key: dict[str, Any], named_once: Sequence[str] = ()) -> _Belongings:
    conversation_ids = await _column(connection, SQL.conversations_of_user, key)
    key = {**key, "conversation_ids": conversation_ids}
    event_ids = sorted({*await _column(connection, SQL.events_of_user, key), *named_once})
    trace_ids = await _column(connection, SQL.traces_of_user, {**key, "event_ids": event_ids})
    return _Belongings(conversation_ids, event_ids, [bytes(each) for each in trace_ids])


async def _bury(connection: _Connection, project_id: int, found: _Belongings) -> None:
    parameters = {"project_id": project_id, "trace_ids": found.trace_ids}
    logs = [bytes(digest) for digest in await _column(connection, SQL.logs_of_no_trace, parameters)]
    events = [event_id.encode() for event_id in found.event_ids]
    async with connection.transaction():
        await put_tombstones(connection, project_id, Erased.TRACE, found.trace_ids)
        await put_tombstones(connection, project_id, Erased.EVENT, events)
        await put_tombstones(connection, project_id, Erased.LOG, logs)


async def _until_derived(connection: _Connection, project_id: int, within_s: float) -> int:
    """How many of the traces and interactions that have come by now are not derived when the time is over."""
    mark_id = await _number(connection, SQL.newest_mark, {})
    ends_at = time.monotonic() + within_s
    while True:
        waiting = await _number(connection, SQL.marks_before, {"project_id": project_id, "mark_id": mark_id})
        if not waiting or time.monotonic() > ends_at:
            return waiting
        await asyncio.sleep(LOOK_INTERVAL_S)


async def _note(connection: _Connection, project_id: int, found: _Belongings, said: _Said) -> None:
    parameters = {"project_id": project_id, "trace_ids": found.trace_ids, "event_ids": found.event_ids}
    for fingerprint, title in await (await connection.execute(SQL.titles, parameters)).fetchall():
        said.fingerprints.add(fingerprint)
        said.titles |= {title} if title else set()
    said.trace_ids.update(found.trace_ids)
    said.event_ids.update(found.event_ids)


async def _erase_traces(
    connection: _Connection, project_id: int, trace_ids: Sequence[bytes], erased: ErasedUser
) -> None:
    hours = await _column(connection, FIGURE_SQL.hours_of_traces, {"project_id": project_id, "trace_ids": trace_ids})
    for trace_id in trace_ids:
        erased.span_count += await erase_rows(connection, TraceKey(project_id, trace_id))
        erased.trace_count += 1
    if hours:
        await connection.execute(
            FIGURE_SQL.forget_hours, {"project_id": project_id, "hours": hours, "sorts": list(SORTS)}
        )


async def _erase_events(
    connection: _Connection, project_id: int, found: _Belongings, erased: ErasedUser
) -> Sequence[str]:
    """Returns the conversations that the erased interactions were part of, together with those of others."""
    shared: set[str] = set()
    for begin in range(0, len(found.event_ids), EVENTS_PER_TRANSACTION):
        event_ids = found.event_ids[begin : begin + EVENTS_PER_TRANSACTION]
        key = {"project_id": project_id, "event_ids": event_ids}
        async with connection.transaction():
            await _lock(connection, project_id, UNIT_INTERACTION, event_ids)
            shared.update(await _column(connection, SQL.conversations_of_events, key))
            await connection.execute(ROLLUP_SQL.forget_hours_of_events, key)
            for query in (SQL.delete_updates, SQL.delete_feedback, SQL.delete_interactions, SQL.delete_links):
                await connection.execute(query, key)
            marks = {"project_id": project_id, "kinds": [UNIT_INTERACTION], "unit_ids": event_ids}
            await connection.execute(SQL.delete_marks, marks)
        erased.event_count += len(event_ids)
    return sorted(shared - set(found.conversation_ids))


async def _erase_person(
    connection: _Connection, key: dict[str, Any], conversation_ids: Sequence[str], shared_ids: Sequence[str]
) -> None:
    async with connection.transaction():
        await _lock(connection, key["project_id"], UNIT_USER, [key["user_id"]])
        await _lock(connection, key["project_id"], UNIT_CONVERSATION_SUMS, conversation_ids)
        key = {**key, "conversation_ids": conversation_ids, "shared_ids": shared_ids}
        for query in (
            *(SQL.delete_user_updates, SQL.delete_user, FIGURE_SQL.forget_user),
            *(SQL.delete_conversations, SQL.mark_shared_conversations),
        ):
            await connection.execute(query, key)
        for kinds, unit_ids in (
            ([UNIT_USER], [key["user_id"]]),
            ([UNIT_CONVERSATION, UNIT_CONVERSATION_SUMS], conversation_ids),
        ):
            marks = {"project_id": key["project_id"], "kinds": kinds, "unit_ids": unit_ids}
            await connection.execute(SQL.delete_marks, marks)


async def _forget_what_is_repeated(connection: _Connection, key: dict[str, Any], said: _Said) -> None:
    """Titles of issues, words of alerts and messages: as far as they come from this user alone."""
    parameters: dict[str, Any] = {**key, "titles": sorted(said.titles)}
    stay = await _column(connection, SQL.titles_that_stay, parameters)
    titles = sorted(said.titles - set(stay))
    texts = [trace_id.hex() for trace_id in said.trace_ids if trace_id]
    texts += [_in_json(title)[1:-1] for title in titles]
    texts += [f"/{event_id}/" for event_id in said.event_ids]
    parameters |= {"titles": titles, "fingerprints": sorted(said.fingerprints), "texts": texts}
    parameters["texts"].append(_in_json(key["user_id"]))
    async with connection.transaction():
        for query in (SQL.retitle_issues, SQL.retitle_verdicts, SQL.blank_firings, SQL.blank_deliveries):
            await connection.execute(query, parameters)


def _in_json(text: str) -> str:
    """Text as it stands in the text of a jsonb value."""
    return json.dumps(text, ensure_ascii=False)


async def _lock(connection: _Connection, project_id: int, kind: int, unit_ids: Sequence[str]) -> None:
    parameters = {"project_id": project_id, "kind": kind, "unit_ids": sorted(unit_ids)}
    await connection.execute(SQL.lock_units, parameters)


async def _column(connection: _Connection, query: bytes, parameters: dict[str, Any]) -> list[Any]:
    return [value for (value,) in await (await connection.execute(query, parameters)).fetchall()]


async def _number(connection: _Connection, query: bytes, parameters: dict[str, Any]) -> int:
    return int((await _column(connection, query, parameters))[0])
