"""Signals as pages and the API tell them: those that tools and loops are, and one's own."""

import time
from dataclasses import dataclass
from typing import Any

from trace_store.model import DEFAULT_PROJECT_ID
from trace_store.reprocess import open_reprocess
from trace_store.signals import (
    Signal,
    SignalCount,
    SignalMatchRow,
    count_derived,
    count_own,
    newest_matches,
    read_signals,
)
from web.context import WebContext
from web.errors import BadRequest

RANGES = {"24h": 86_400, "7d": 7 * 86_400, "30d": 30 * 86_400}


@dataclass(frozen=True, slots=True)
class OwnSignal:
    """A signal of one's own with its counts within the window and its newest matches."""

    signal: Signal
    count: SignalCount
    matches: tuple[SignalMatchRow, ...]


@dataclass(frozen=True, slots=True)
class SignalList:
    """All signals of a project."""

    range: str
    own: tuple[OwnSignal, ...]
    derived: tuple[SignalCount, ...]
    derived_total: int
    waiting: int  # traces that are still to be looked at again


async def read_signal_list(context: WebContext, chosen: str) -> SignalList:
    """The signals, with counts of the chosen range up to now."""
    if chosen not in RANGES:
        raise BadRequest(f"range={chosen} is none of {', '.join(RANGES)}.")
    since = time.time_ns() - RANGES[chosen] * 1_000_000_000
    async with context.reader.freely_planned() as connection:
        counts = await count_own(connection, DEFAULT_PROJECT_ID, since)
        own = [
            OwnSignal(
                signal,
                counts.get(signal.signal_id, SignalCount(signal.signal_id, 0, 0, 0)),
                tuple(await newest_matches(connection, DEFAULT_PROJECT_ID, signal.signal_id)),
            )
            for signal in await read_signals(connection, DEFAULT_PROJECT_ID)
        ]
        derived, total = await count_derived(connection, DEFAULT_PROJECT_ID, since)
    async with open_reprocess(context.conninfo) as work:
        waiting = await work.waiting()
    return SignalList(chosen, tuple(own), tuple(derived), total, waiting)


def signals_json(found: SignalList) -> dict[str, Any]:
    """The list as JSON."""
    own = [
        {
            "id": one.signal.signal_id,
            "name": one.signal.name,
            "kind": one.signal.kind,
            "pattern": one.signal.pattern,
            "search_in": one.signal.search_in,
            "sentiment": one.signal.sentiment,
            "created_at": one.signal.created_at,
            **_count_json(one.count),
            "matches": [_match_json(match) for match in one.matches],
        }
        for one in found.own
    ]
    derived = [{"signal": count.signal, **_count_json(count)} for count in found.derived]
    shown = {"derived_shown": len(derived), "derived_total": found.derived_total}
    return {"range": found.range, "signals": own, "derived": derived, **shown, "waiting_traces": found.waiting}


def _count_json(count: SignalCount) -> dict[str, Any]:
    last = str(count.last_unix_nano) if count.last_unix_nano else None
    return {"events": count.events, "users": count.users, "last_seen_unix_nano": last}


def _match_json(match: SignalMatchRow) -> dict[str, Any]:
    return {
        "trace_id": match.trace_id.hex(),
        "span_id": match.span_id.hex(),
        "start_unix_nano": str(match.start_unix_nano),
        "side": match.side,
        "excerpt": match.excerpt,
        "user_id": match.user_id,
        "conversation_id": match.conversation_id,
        "interaction_id": match.interaction_id,
    }
