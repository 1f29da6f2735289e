"""Signals of one's own: checked, saved with a look at the last three days, tried on stored traces, removed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tool_errors.alerts.rule import SIGNAL_POSTED, is_derived_signal
from tool_errors.signals.pattern import SENTIMENTS, SIDES, BadSignal, Pattern, compile_pattern
from trace_store.alerts.alert_store import AlertStore
from trace_store.alerts.signals import add_signal, mark_under_way, read_signals, remove_signal, switch_signal
from trace_store.lists.trace_filter import TraceFilter
from trace_store.upkeep.reprocess import Choice, open_reprocess
from web.alerts.signal_reading import SignalPlace
from web.query_api.signal_ids import GROUPS, OWN_GROUP
from web.requests.errors import BadRequest, Conflict, NotFound, check_known

FIELDS = ("name", "kind", "pattern", "search_in", "sentiment", "id", "group")
NAME_CHARS_MAX = 100
SIGNALS_MAX = 50  # each is looked for in every text
BACKFILL_S = 3 * 86_400
TRIED_MAX = 500  # traces


@dataclass(frozen=True, slots=True)
class Wanted:
    """A signal that could be saved."""

    name: str
    kind: str
    pattern: str
    search_in: str
    sentiment: str
    signal_id: str | None  # of a signal that is brought along; None: a new one
    group_name: str | None  # a group of one's own; None: keywords and patterns
    compiled: Pattern


@dataclass(frozen=True, slots=True)
class Tried:
    """What a pattern matches of the newest traces, by the first 400 bytes of question and answer."""

    matches: int
    of: int


def read_signal(said: Mapping[str, Any]) -> Wanted:
    """The signal that these fields describe; BadRequest names what is wrong."""
    if unknown := [name for name in said if name not in FIELDS]:
        raise BadRequest(f"{', '.join(unknown)} is not known here; send {', '.join(FIELDS)}.")
    given = {name: said.get(name) or default for name, default in _DEFAULTS.items()}
    if any(not isinstance(value, str) or "\0" in value for value in given.values()):
        raise BadRequest(f"{', '.join(FIELDS)} are texts without U+0000.")
    name = given["name"].strip()
    if not name or len(name) > NAME_CHARS_MAX:
        raise BadRequest(f"name is a text of 1 to {NAME_CHARS_MAX} characters.")
    if is_derived_signal(name) or name.startswith(SIGNAL_POSTED):
        raise BadRequest(f"{name} is called as signals of tools, loops or applications are: choose another name.")
    for field, values in (("search_in", SIDES), ("sentiment", SENTIMENTS)):
        check_known(field, given[field], values)
    try:
        compiled = compile_pattern(given["kind"], given["pattern"])
    except BadSignal as error:
        raise BadRequest(str(error)) from None
    signal_id = given["id"].strip() or None
    if signal_id is not None and not _is_uuid(signal_id):
        raise BadRequest(f"id={signal_id[:100]} is no UUID; leave it out for a new one.")
    group = given["group"].strip()
    if len(group) > NAME_CHARS_MAX or "/" in group or (group in GROUPS and group != OWN_GROUP):
        raise BadRequest(
            f"group={group[:NAME_CHARS_MAX]} cannot be used: take 1 to {NAME_CHARS_MAX} characters without /, and none "
            f"of {', '.join(name for name in GROUPS if name != OWN_GROUP)}; without one it stands among {OWN_GROUP}."
        )
    parts = (name, given["kind"], given["pattern"], given["search_in"], given["sentiment"])
    return Wanted(*parts, signal_id, group if group != OWN_GROUP and group else None, compiled)


_DEFAULTS = {
    "name": "",
    "kind": "keyword",
    "pattern": "",
    "search_in": "both",
    "sentiment": "neutral",
    "id": "",
    "group": "",
}


async def save_signal(place: SignalPlace, wanted: Wanted) -> str:
    """Saves a signal and has the traces of the last three days looked at, behind what arrives; its id."""
    async with place.reader.freely_planned() as connection:
        if len(await read_signals(connection, place.project_id)) >= SIGNALS_MAX:
            raise Conflict(f"There are {SIGNALS_MAX} signals already: remove one before you add another.")
        parts = (wanted.name, wanted.kind, wanted.pattern, wanted.search_in, wanted.sentiment)
        ids = (wanted.signal_id, wanted.group_name)
        signal_id = await add_signal(connection, place.project_id, *parts, *ids)
    if signal_id is None:
        taken = f" or has the id {wanted.signal_id}" if wanted.signal_id else ""
        raise Conflict(f"A signal is called {wanted.name}{taken} already: choose another name.")
    await _look_back(place)
    return signal_id


async def switch(place: SignalPlace, signal_id: str, *, is_enabled: bool) -> None:
    """Switches a signal off, or on again with a look at the last three days; NotFound for an unknown one."""
    async with place.reader.freely_planned() as connection:
        if not _is_uuid(signal_id) or not await switch_signal(
            connection, place.project_id, signal_id, is_enabled=is_enabled
        ):
            raise _unknown(signal_id)
    if is_enabled:
        await _look_back(place)


async def _look_back(place: SignalPlace) -> None:
    async with place.reader.freely_planned() as connection:
        await mark_under_way(connection, place.project_id)
    async with open_reprocess(place.conninfo) as work:
        since = time.time_ns() - BACKFILL_S * 1_000_000_000
        async for trace_ids in work.pages(Choice(place.project_id, None, since)):
            await work.mark_traces(place.project_id, trace_ids)


async def forget_signal(place: SignalPlace, signal_id: str) -> None:
    """Removes a signal with its matches; NotFound for an unknown one, Conflict while alert rules wait for it."""
    async with place.reader.freely_planned() as connection:
        names = {one.signal_id: one.name for one in await read_signals(connection, place.project_id)}
        if signal_id not in names:
            raise _unknown(signal_id)
        if rules := await AlertStore(place.pool).rules_on_signal(place.project_id, names[signal_id]):
            raise Conflict(f"Alert rules wait for {names[signal_id]}: remove or change {', '.join(rules)} first.")
        await remove_signal(connection, place.project_id, signal_id)


async def try_signal(place: SignalPlace, wanted: Wanted) -> Tried:
    """How many of the newest 500 traces it would match, looked at no further than lists show them."""
    rows, _ = await place.reader.list_traces(TraceFilter(place.project_id), limit=TRIED_MAX)
    matches = 0
    for row in rows:
        texts = {"input": row.input_preview, "output": row.output_preview}
        searched = [text for side, text in texts.items() if text and wanted.search_in in (side, "both")]
        matches += any(wanted.compiled.excerpt(text) is not None for text in searched)
    return Tried(matches, len(rows))


def _unknown(signal_id: str) -> NotFound:
    return NotFound(f"There is no signal {signal_id}: /signals lists them.")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
