"""Every signal as the query API names it: one's own, the tools that fail, the loops, and what applications post.

Signals of one's own have an id of the store; the others get one that their name gives (UUID version 5), so that the
same signal keeps its id.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from trace_store.alerts.signals import read_signals
from trace_store.interactions.interaction_filters import (
    Condition,
    failed_tools,
    loops_of,
    nothing,
    own_signals,
    posted_signals,
)
from trace_store.interactions.interaction_reads import Connection, InteractionReads, SignalMet
from web.query_api.answers import iso_of

Kind = Literal["tool_error", "loop", "own", "posted"]
NAMESPACE = uuid.UUID("6c1f6f0e-3c55-5d1b-9d0c-0e5a1f0b7a11")
OWN_GROUP = "patterns"  # of signals of one's own that are in no group of one's own
GROUPS = {  # id: (name, description)
    "tool-errors": ("Tool errors", "Tools whose calls failed, said so in their result or were never answered."),
    "loops": ("Loops", "Tools that an agent called again and again without progress."),
    OWN_GROUP: ("Keywords and patterns", "Words looked for in what users say and agents answer."),
    "feedback": ("Feedback", "Signals that applications post about an interaction."),
    "self-diagnostics": ("Self-diagnostics", "What agents say about themselves."),
}
_CONDITIONS: dict[str, Callable[[Sequence[str]], Condition]] = {
    "tool_error": failed_tools,
    "loop": loops_of,
    "own": own_signals,
    "posted": posted_signals,
}
_TYPES = {"own": "regex", "posted": "instrumented", "tool_error": "code", "loop": "code"}


@dataclass(frozen=True, slots=True)
class KnownSignal:
    """A signal of a project."""

    id: str
    kind: Kind
    key: str  # tool, tools of the loop, id of one's own, name as posted
    name: str
    description: str | None
    created_at: datetime
    group: str
    sentiment: str  # NEGATIVE, POSITIVE, NEUTRAL

    def json(self) -> dict[str, Any]:
        """The signal as the API tells it."""
        return {
            "id": self.id,
            "type": _TYPES[self.kind],
            "name": self.name,
            "description": self.description,
            "created_at": iso_of(self.created_at),
            "group_id": self.group,
            "group_name": group_name(self.group)[0],
            "sentiment": self.sentiment,
        }


@dataclass(frozen=True, slots=True)
class Signals:
    """The signals of a project, newest first."""

    known: tuple[KnownSignal, ...]

    def by_id(self, signal_id: str) -> KnownSignal | None:
        """The signal with this id, or of this name; None for an unknown one."""
        wanted = signal_id.lower()
        return next((one for one in self.known if one.id == wanted or one.name == signal_id), None)

    def groups(self) -> list[str]:
        """All groups: those that are always there, then one's own by name."""
        return [*GROUPS, *sorted({one.group for one in self.known} - GROUPS.keys())]

    def of_group(self, group: str) -> tuple[KnownSignal, ...]:
        """The signals of a group."""
        return tuple(one for one in self.known if one.group == group)


class SignalName(NamedTuple):
    """A signal as an interaction that has it names it."""

    id: str
    name: str


def group_name(group: str) -> tuple[str, str | None]:
    """Name and description of a group; one's own are called by their id."""
    return GROUPS.get(group, (group, None))


async def name_signals(reads: InteractionReads, met: Collection[SignalMet]) -> dict[tuple[str, str], SignalName]:
    """The signals that interactions have, by kind and key; without those of one's own that are removed meanwhile.

    Their keys tell id and name: nothing is looked up but one's own.
    """
    found = {(one.kind, one.key): _name(one.kind, one.key) for one in met if one.kind != "own"}
    if any(one.kind == "own" for one in met):
        own = await read_signals(reads.connection, reads.project_id)
        found |= {("own", one.signal_id): SignalName(one.signal_id, one.name) for one in own}
    return found


async def read_known_signals(connection: Connection, project_id: int) -> Signals:
    """All signals of a project: some hundred at most, one per tool, loop, pattern and posted name."""
    reads = InteractionReads(connection, project_id)
    found = [
        KnownSignal(
            s.signal_id,
            "own",
            s.signal_id,
            s.name,
            f"{s.kind}: {s.pattern}",
            s.created_at,
            s.group_name or OWN_GROUP,
            s.sentiment.upper(),
        )
        for s in await read_signals(connection, project_id)
    ]
    for kind, tool, first_seen in await reads.derived_signals():
        at = datetime.fromtimestamp(first_seen // 1_000_000_000, UTC)
        derived: Kind = "loop" if kind == "loop" else "tool_error"
        group = "loops" if kind == "loop" else "tool-errors"
        found.append(_known(derived, tool, at, group, "NEGATIVE"))
    for posted in await reads.posted_signals():
        group = "self-diagnostics" if posted.is_of_agent else "feedback"
        sentiment = _sentiment(posted.is_positive, posted.is_negative)
        found.append(_known("posted", posted.name, posted.first_at, group, sentiment))
    return Signals(tuple(sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)))


def signal_condition(signals: Sequence[KnownSignal]) -> list[Condition]:
    """What an interaction with any of these signals, all of one kind, meets; nothing does without one."""
    if not signals:
        return [nothing()]
    return [_CONDITIONS[signals[0].kind]([one.key for one in signals])]


def _name(kind: str, key: str) -> SignalName:
    return SignalName(str(uuid.uuid5(NAMESPACE, f"{kind}:{key}")), key if kind == "posted" else f"{kind}:{key}")


def _known(kind: Kind, key: str, at: datetime, group: str, sentiment: str) -> KnownSignal:
    named = _name(kind, key)
    return KnownSignal(named.id, kind, key, named.name, None, at, group, sentiment)


def _sentiment(is_positive: bool | None, is_negative: bool | None) -> str:
    if bool(is_positive) == bool(is_negative):
        return "NEUTRAL"
    return "POSITIVE" if is_positive else "NEGATIVE"
