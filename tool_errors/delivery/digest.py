"""The daily digest: the day's issues, wins and waste in one message per channel, and none on a quiet day.

It covers the 24 hours up to its hour. The message is put with its date as key, so that restarts and several
processors make one of it. A processor that was away at the hour makes up for it later on the same day.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tool_errors.delivery.message import duration
from trace_store.alerts.channels import Channel
from trace_store.alerts.digests import DigestRows, digest_channels, digest_transaction, read_digest
from trace_store.alerts.outbox import put_delivery
from trace_store.exceptions import RainbarrelError

LOOK_INTERVAL_S = 30.0
CALLS_MIN = 20  # fewer say nothing about a rate
FALL_MIN = 0.1  # of the rate before

log = logging.getLogger(__name__)


class DigestWriter:
    """Puts the digests that are due; any number of writers may share one database."""

    def __init__(self, conninfo: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._conninfo = conninfo
        self._clock = clock
        self._done: dict[int, date] = {}  # by channel: the day whose digest was put, or would have been empty

    async def run(self, stop: asyncio.Event) -> None:
        """Looks every half minute until `stop` is set."""
        while not stop.is_set():
            try:
                await self.put_due()
            except RainbarrelError as error:
                log.warning("Digests wait: %s", error)
            except Exception:
                log.exception("Digests failed; trying again in %.0f s", LOOK_INTERVAL_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_INTERVAL_S)

    async def put_due(self) -> int:
        """Puts the digests that are due now; how many. Raises StoreUnavailable."""
        now, count = self._clock(), 0
        seen: dict[int, date] = {}
        async with digest_transaction(self._conninfo) as connection:
            for channel in await digest_channels(connection):
                due = due_at(channel, now)
                if due is None or self._done.get(channel.channel_id) == due.date():
                    continue
                since, until = _nanoseconds(due - timedelta(days=1)), _nanoseconds(due)
                rows = await read_digest(connection, channel.project_id, since, until)
                seen[channel.channel_id] = due.date()
                if (subject := digest_subject(rows, due, since)) is not None:
                    place = (channel.project_id, channel.channel_id)
                    count += await put_delivery(connection, *place, f"digest:{due.date()}", subject) is not None
        self._done |= seen
        return count


def due_at(channel: Channel, now: datetime) -> datetime | None:
    """Today's hour of the channel's digest in its time zone, once that has come; None before it.

    A channel that was made later than that hour gets its first digest tomorrow.
    """
    hour = channel.notices.digest_hour
    if hour is None:
        return None
    local = now.astimezone(ZoneInfo(channel.notices.digest_time_zone))
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return due if due.astimezone(UTC) <= now and channel.created_at <= due else None


def digest_subject(rows: DigestRows, due: datetime, since_unix_nano: int) -> dict[str, Any] | None:
    """What the digest tells; None for a quiet day."""
    sections = [section for section in (_issues(rows), _wins(rows), _waste(rows)) if section["lines"]]
    if not sections:
        return None
    counts = [_count(rows.issue_count, "issue")] if rows.issue_count else ["no issues"]
    if rows.new_issue_count:
        counts.append(f"{rows.new_issue_count:,} new")
    if rows.loops:
        counts.append(_count(rows.loops, "loop"))
    return {
        "kind": "digest",
        "title": f"Daily digest of {due:%Y-%m-%d}: {', '.join(counts)}",
        "since_unix_nano": since_unix_nano,
        "window_s": 86400,
        "sections": sections,
    }


def _issues(rows: DigestRows) -> dict[str, Any]:
    lines = [
        {
            "text": ("New: " if issue.is_new else "")
            + f"{issue.tool}: {issue.title} ({_count(issue.events, 'event')}, {_count(issue.users, 'user')})",
            "path": f"/issues/{issue.fingerprint}",
        }
        for issue in rows.issues
    ]
    return {"heading": "Issues", "lines": lines, "total": rows.issue_count}


def _wins(rows: DigestRows) -> dict[str, Any]:
    lines = [
        {"text": f"Resolved: {tool}: {title}", "path": f"/issues/{fingerprint}"}
        for fingerprint, tool, title in rows.resolved
    ]
    total = rows.resolved_count
    if min(rows.calls, rows.calls_before) >= CALLS_MIN:
        rate, before = rows.failed_calls / rows.calls, rows.failed_calls_before / rows.calls_before
        if rate < before * (1 - FALL_MIN):
            lines.insert(0, {"text": f"{rate:.1%} of tool calls failed, {before:.1%} in the week before", "path": ""})
            total += 1
    return {"heading": "Wins", "lines": lines, "total": total}


def _waste(rows: DigestRows) -> dict[str, Any]:
    parts = [_count(rows.loops, "loop"), _count(rows.loop_calls, "repeated call")]
    if rows.loop_tokens:
        parts.append(f"{rows.loop_tokens:,} tokens")
    if rows.loop_nano_usd:
        parts.append(f"${rows.loop_nano_usd / 1e9:,.2f}")
    parts.append(duration(rows.loop_ns / 1e9))
    lines = [{"text": ", ".join(parts), "path": "/traces?loops=1"}] if rows.loops else []
    return {"heading": "Waste", "lines": lines}


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9
