"""Signals as pages and the API tell them: those that tools and loops are, and one's own."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
from psycopg_pool import AsyncConnectionPool

from trace_store.alerts.signals import (
    NANOSECONDS,
    Signal,
    SignalCount,
    SignalMatchRow,
    StepCounts,
    count_derived,
    count_own,
    derived_trends,
    newest_matches,
    own_trends,
    read_signals,
)
from trace_store.interactions.interaction_lists import FeedbackCount, feedback_counts
from trace_store.lists.issue_figures import IssueFigures
from trace_store.lists.issue_rows import IssueFilter, Trend
from trace_store.reader import TraceReader
from trace_store.upkeep.reprocess import open_reprocess
from web.requests.errors import check_known

RANGES = {"24h": (24, 3600), "7d": (28, 6 * 3600), "30d": (30, 86_400)}  # whole steps of a trend, and their seconds


class SignalPlace(Protocol):
    """A store with signals, as pages and commands have it open."""

    @property
    def project_id(self) -> int:
        """Whose signals."""

    @property
    def conninfo(self) -> str:
        """The libpq URL."""

    @property
    def reader(self) -> TraceReader:
        """Over `pool`."""

    @property
    def pool(self) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
        """Open."""


@dataclass(frozen=True, slots=True)
class OwnSignal:
    """A signal of one's own with its counts within the window and its newest matches, each with the verdict on it."""

    signal: Signal
    count: SignalCount
    trend: Trend
    matches: tuple[tuple[SignalMatchRow, str | None], ...]


@dataclass(frozen=True, slots=True)
class DerivedSignal:
    """What a tool or a loop is, with its counts within the window."""

    count: SignalCount
    trend: Trend


@dataclass(frozen=True, slots=True)
class SignalList:
    """All signals of a project."""

    range: str
    own: tuple[OwnSignal, ...]
    derived: tuple[DerivedSignal, ...]
    derived_total: int
    posted: tuple[FeedbackCount, ...]  # by applications
    posted_total: int
    waiting: int  # traces that are still to be looked at again


async def read_signal_list(place: SignalPlace, chosen: str) -> SignalList:
    """The signals, with counts of the chosen range up to now."""
    check_known("range", chosen, RANGES)
    steps, step_s = RANGES[chosen]
    since = time.time_ns() - steps * step_s * NANOSECONDS
    origin = since // (step_s * NANOSECONDS) * step_s * NANOSECONDS  # steps begin where roll-ups do

    def trend(found: StepCounts, signal: str) -> Trend:
        return Trend(origin, step_s, tuple(found.get(signal, {}).get(step, 0) for step in range(steps + 1)))

    async with place.reader.at_one_moment() as connection:
        figures = IssueFigures(connection, IssueFilter(place.project_id, since))
        counts = await count_own(connection, place.project_id, since)
        trends = await own_trends(connection, place.project_id, since, origin, step_s)
        own = [
            OwnSignal(
                signal,
                counts.get(signal.signal_id, SignalCount(signal.signal_id, 0, 0, 0)),
                trend(trends, signal.signal_id),
                tuple(await newest_matches(connection, place.project_id, signal.signal_id)),
            )
            for signal in await read_signals(connection, place.project_id)
        ]
        derived, total = await count_derived(figures)
        trends = await derived_trends(figures, origin, step_s)
        moment = datetime.fromtimestamp(since / NANOSECONDS, UTC)
        posted, posted_total = await feedback_counts(connection, place.project_id, moment)
    async with open_reprocess(place.conninfo) as work:
        waiting = await work.waiting()
    of_tools = tuple(DerivedSignal(count, trend(trends, count.signal)) for count in derived)
    return SignalList(chosen, tuple(own), of_tools, total, tuple(posted), posted_total, waiting)


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
            "group": one.signal.group_name,
            "is_enabled": one.signal.is_enabled,
            "created_at": one.signal.created_at,
            **_count_json(one.count),
            "wrong": one.count.wrong,
            "trend": _trend_json(one.trend),
            "matches": [_match_json(match, verdict) for match, verdict in one.matches],
        }
        for one in found.own
    ]
    derived = [
        {"signal": one.count.signal, **_count_json(one.count), "trend": _trend_json(one.trend)} for one in found.derived
    ]
    posted = [
        {"name": said.name, "type": said.type, "sentiment": said.sentiment, "events": said.events, "users": said.users}
        | {"last_seen_unix_nano": str(said.last_unix_nano)}
        for said in found.posted
    ]
    shown: dict[str, Any] = {"derived_shown": len(derived), "derived_total": found.derived_total}
    shown |= {"posted": posted, "posted_shown": len(posted), "posted_total": found.posted_total}
    return {"range": found.range, "signals": own, "derived": derived, **shown, "waiting_traces": found.waiting}


def _count_json(count: SignalCount) -> dict[str, Any]:
    last = str(count.last_unix_nano) if count.last_unix_nano else None
    return {"events": count.events, "users": count.users, "last_seen_unix_nano": last}


def _trend_json(trend: Trend) -> dict[str, Any]:
    return {"since_unix_nano": str(trend.since_unix_nano), "step_s": trend.step_s, "counts": trend.counts}


def _match_json(match: SignalMatchRow, verdict: str | None) -> dict[str, Any]:
    return {
        "trace_id": match.trace_id.hex(),
        "span_id": match.span_id.hex(),
        "start_unix_nano": str(match.start_unix_nano),
        "side": match.side,
        "excerpt": match.excerpt,
        "user_id": match.user_id,
        "conversation_id": match.conversation_id,
        "interaction_id": match.interaction_id,
        "verdict": verdict,
    }
