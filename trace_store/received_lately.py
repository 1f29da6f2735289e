"""What a project received in the last 24 hours, by signal and hour: sums of its receipts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from trace_store.queries import load
from trace_store.span_reads import plan_and_fetch

SQL = load("receipts")
HOURS = 24


@dataclass(frozen=True, slots=True)
class ReceivedSignal:
    """One signal: traces, logs, metrics, events, feedback or users."""

    signal: str
    accepted: int
    duplicate: int
    late: int
    raw_bytes: int
    rejected: dict[str, int]  # count by reason
    by_hour: tuple[int, ...]  # accepted, 24 steps, the oldest first


async def read_received_lately(
    connection: psycopg.AsyncConnection[Any], project_id: int, until: datetime
) -> list[ReceivedSignal]:
    """The signals that brought anything, those of most records first; what came just before `until` is in the last."""
    parameters = {"project_id": project_id, "until": until}
    sums = defaultdict[str, list[int]](lambda: [0, 0, 0, 0])
    hours = defaultdict[str, list[int]](lambda: [0] * HOURS)
    for signal, step, *counts in await plan_and_fetch(connection, SQL.receipt_hours, parameters):
        sums[signal] = [have + more for have, more in zip(sums[signal], counts, strict=True)]
        hours[signal][min(max(step, 0), HOURS - 1)] += counts[0]
    reasons = defaultdict[str, dict[str, int]](dict)
    for signal, reason, count in await plan_and_fetch(connection, SQL.receipt_reasons, parameters):
        reasons[signal][reason] = count
    found = [
        ReceivedSignal(signal, accepted, duplicate, late, raw_bytes, reasons[signal], tuple(hours[signal]))
        for signal, (accepted, duplicate, late, raw_bytes) in sums.items()
    ]
    return sorted(found, key=lambda one: (-one.accepted, one.signal))


def lately_begins(until: datetime) -> int:
    """When the 24 hours before `until` begin, in Unix nanoseconds."""
    return int((until - timedelta(hours=HOURS)).astimezone(UTC).timestamp()) * 1_000_000_000
