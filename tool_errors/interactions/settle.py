"""Derives claimed interactions, and the users and conversations that they make.

An interaction and its traces are derived apart. Each side writes what it says of the other in rows of its own
(`interaction_traces`) and marks the other where that matters, so that whatever comes first, both end up the same.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tool_errors.interactions.derive import LinkedTrace, derive_interaction, event_links, text_tellers
from tool_errors.interactions.fold import deep_merge, fold, unix_nano
from tool_errors.interactions.whole_texts import read_whole_texts
from tool_errors.log_steps import RegistryOf
from tool_errors.rest import Rest
from trace_store.claim import NOT_YET_DERIVED, NOTHING_NEW, UNIT_ID_BYTES_MAX, Claim, NewMark, Unit
from trace_store.flush import UNIT_CONVERSATION_SUMS, UNIT_USER
from trace_store.interactions.interaction_rows import (
    SAID_BY_TRACE,
    ConversationRow,
    InteractionRow,
    InteractionTraceRow,
    UserRow,
)
from trace_store.interactions.interaction_tables import EventId, PersonId, Sums, UserUpdate, trace_says
from trace_store.interactions.linked_rows import LinkedTraceRow
from trace_store.stored import TraceKey

SUM_UNITS = (UNIT_USER, UNIT_CONVERSATION_SUMS)


class InteractionSettler:
    """Works on claimed interactions, users and conversations; large sums rest between two turns."""

    def __init__(self, wait_factor: float, wait_s_max: float) -> None:
        self._rest = Rest(wait_factor, wait_s_max)

    async def interactions(self, claim: Claim, units: Sequence[Unit], registry_of: RegistryOf) -> None:
        """Replaces the rows of these interactions and marks who must know; `registry_of` gives a project's dialects."""
        events = [_key(unit) for unit in units]
        if not events:
            return
        tables = claim.interactions
        updates = await tables.updates(events)
        posted = {event: fold(of_event) for event, of_event in updates.items()}
        said: dict[EventId, list[InteractionTraceRow]] = defaultdict(list)
        for link in trace_says(await tables.links_of_events(events)):
            said[link.project_id, link.event_id].append(link)
        traces = await self._linked(claim, said)
        tellers = [text_tellers(posted.get(event), traces[event]) for event in events]
        await read_whole_texts(claim, tellers, registry_of)
        rows, links = [], []
        for event in events:
            row = derive_interaction(*event, posted.get(event), traces[event])
            rows += [row] if row is not None else []
            links += event_links(*event, posted.get(event), said[event])
        gone, written, changed = await tables.replace(events, rows, links)
        marks = _marks_of_sums(gone, written)
        marks += _marks_of_traces(changed, traces)
        await claim.add_marks(marks)

    async def _linked(
        self, claim: Claim, said: dict[EventId, list[InteractionTraceRow]]
    ) -> dict[EventId, list[LinkedTrace]]:
        """The traces of the interactions, with their calls."""
        keys = {TraceKey(link.project_id, link.trace_id) for links in said.values() for link in links}
        owners: dict[TraceKey, int] = defaultdict(int)
        for link in trace_says(await claim.interactions.links_of_traces(keys)):
            owners[TraceKey(link.project_id, link.trace_id)] += 1
        read = await claim.interactions.linked_rows(keys)
        found: dict[EventId, list[LinkedTrace]] = defaultdict(list)
        of_trace: dict[TraceKey, list[LinkedTrace]] = defaultdict(list)
        rows = {TraceKey(row.project_id, row.trace_id): row for row in read.traces}
        for event, links in said.items():
            for link in links:
                key = TraceKey(link.project_id, link.trace_id)
                if key in rows:
                    linked = LinkedTrace(rows[key], link, owners[key] == 1)
                    found[event].append(linked)
                    of_trace[key].append(linked)
        for llm_call in read.llm_calls:
            for linked in of_trace[TraceKey(llm_call.project_id, llm_call.trace_id)]:
                linked.llm_calls.append(llm_call)
        for stored in read.tool_calls:
            tool_call = stored.settled
            if tool_call is not None:
                for linked in of_trace[TraceKey(stored.project_id, stored.trace_id)]:
                    linked.tool_calls.append(tool_call)
        for loop in read.loops:
            for linked in of_trace[TraceKey(loop.project_id, loop.trace_id)]:
                linked.loops.append(loop)
        return found

    async def sums(self, claim: Claim, units: Sequence[Unit]) -> None:
        """Replaces the rows of these users and conversations; those that rest are marked again."""
        waiting = {unit: wait_s for unit in units if (wait_s := self._rest.wait_s(unit))}
        await claim.add_marks([NewMark(unit, wait_s) for unit, wait_s in waiting.items()])
        ready = [unit for unit in units if unit not in waiting]
        for kind, work in ((UNIT_USER, self._users), (UNIT_CONVERSATION_SUMS, self._conversations)):
            of_kind = [unit for unit in ready if unit.kind == kind]
            if of_kind:
                started = time.monotonic()
                await work(claim, [_key(unit) for unit in of_kind])
                duration_s = time.monotonic() - started
                for unit in of_kind:
                    self._rest.remember(unit, duration_s)

    async def _users(self, claim: Claim, users: Sequence[PersonId]) -> None:
        tables = claim.interactions
        updates = await tables.user_updates(users)
        sums = await tables.sums_of_users(users)
        rows = [_user_row(user, updates.get(user, []), sums.get(user)) for user in users]
        await tables.replace_users(users, [row for row in rows if row is not None])

    async def _conversations(self, claim: Claim, conversations: Sequence[PersonId]) -> None:
        sums = await claim.interactions.sums_of_conversations(conversations)
        rows = [
            ConversationRow(*key, found.user_id, found.first_unix_nano, found.last_unix_nano, found.interaction_count)
            for key, found in sums.items()
        ]
        await claim.interactions.replace_conversations(conversations, rows)


def _user_row(user: PersonId, told: Sequence[UserUpdate], sums: Sums | None) -> UserRow | None:
    """A user; None without an interaction and without a word on them. Traits merge as properties do."""
    moments = sorted((unix_nano(said.received_at), said.arrival, said) for said in told)
    if sums is None and not moments:
        return None
    traits: dict[str, Any] = {}
    for *_, said in sorted(moments, key=lambda one: (one[2].client_unix_nano or one[0], one[1])):
        deep_merge(traits, said.traits)
    if sums is None:
        return UserRow(*user, traits, moments[0][0], moments[-1][0], 0)
    return UserRow(*user, traits, sums.first_unix_nano, sums.last_unix_nano, sums.interaction_count)


def _key(unit: Unit) -> tuple[int, str]:
    return (unit.project_id, unit.unit_id.decode())


def _marks_of_sums(gone: Iterable[InteractionRow], written: Iterable[InteractionRow]) -> list[NewMark]:
    """Users and conversations whose first or last time or number may have changed, or another version summed up."""
    before = {(row.project_id, row.event_id): row for row in gone}
    after = {(row.project_id, row.event_id): row for row in written}
    units: set[Unit] = set()
    for key in before.keys() | after.keys():
        for kind, name in ((UNIT_USER, "user_id"), (UNIT_CONVERSATION_SUMS, "conversation_id")):
            sides = {
                (getattr(row, name), row.start_unix_nano, row.user_id, row.derived_version)
                for row in (before.get(key), after.get(key))
                if row is not None
            }
            if len(sides) == 2 or key not in before or key not in after:
                units |= {Unit(key[0], kind, side[0].encode()) for side in sides if side[0]}
    return [NewMark(unit) for unit in units if len(unit.unit_id) <= UNIT_ID_BYTES_MAX]


def _marks_of_traces(
    changed: Collection[InteractionTraceRow], traces: dict[EventId, list[LinkedTrace]]
) -> list[NewMark]:
    """Traces that must take what an event says of them: one that it does not know yet, or lacks its user."""
    if not changed:
        return []
    known: dict[tuple[int, str, bytes], tuple[LinkedTraceRow, InteractionTraceRow]] = {
        (*event, linked.row.trace_id): (linked.row, linked.says)
        for event, of_event in traces.items()
        for linked in of_event
        if linked.says.said_by == SAID_BY_TRACE
    }
    marks = {}
    for link in changed:
        row, says = known.get((link.project_id, link.event_id, link.trace_id), (None, None))
        if row is not None and says is not None and (says.user_id and says.conversation_id):
            continue
        unit = Unit.of_trace(TraceKey(link.project_id, link.trace_id))
        marks[unit] = NewMark(unit, blob_id=NOT_YET_DERIVED if row is None or row.live else NOTHING_NEW)
    return list(marks.values())
