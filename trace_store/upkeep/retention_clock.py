"""The time that retention goes by. What a wrong clock has dropped is gone, so a clock is not believed at once.

The rule: a leap forward by more than two days since the last run is believed once it has lasted for a day. Until then
nothing is dropped and every run says so. Of our clock and the database's the earlier one counts. A clock that goes back
is followed at once: it only keeps more.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from trace_store.queries import load

SQL = load("retention_clock")
LEAP = timedelta(days=2)  # a machine that was off over a night is no leap
LASTING = timedelta(days=1)
FORGOTTEN = timedelta(days=10)  # a doubt that is older tells nothing: the clock has leapt again, or nothing ran


@dataclass(frozen=True, slots=True)
class RetentionClock:
    """`believed_at` is the time to go by; `doubted_at` is when a leap was first seen, None while all is well."""

    believed_at: datetime
    doubted_at: datetime | None = None

    def warning(self, now: datetime | None = None) -> str:
        """A sentence while a leap is doubted, else ""."""
        if self.doubted_at is None:
            return ""
        leapt = ((now or datetime.now(UTC)) - self.believed_at).days
        believed, until = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (self.believed_at, self.doubted_at + LASTING))
        return (
            f"The clock is {leapt} days ahead of {believed}, the last run of retention. Nothing is dropped until that "
            f"has lasted for a day, at {until}. Is the clock right?"
        )


def believe(now: datetime, last: RetentionClock | None) -> RetentionClock:
    """The clock after a look at it at `now`, when the last look left `last`."""
    if last is None or now - last.believed_at <= LEAP:
        return RetentionClock(now)
    if last.doubted_at is None or not timedelta() <= now - last.doubted_at <= FORGOTTEN:
        return RetentionClock(last.believed_at, now)
    if now - last.doubted_at >= LASTING:
        return RetentionClock(now)
    return last


async def look_at_clock(connection: psycopg.AsyncConnection[Any], now: datetime | None = None) -> RetentionClock:
    """Reads both clocks (`now` instead of our own) and keeps what is believed."""
    row = await (await connection.execute(SQL.read)).fetchone()
    assert row is not None
    believed_at, doubted_at, of_database = row
    last = RetentionClock(believed_at, doubted_at) if believed_at else None
    clock = believe(min(now or datetime.now(UTC), of_database), last)
    await connection.execute(SQL.write, {"believed_at": clock.believed_at, "doubted_at": clock.doubted_at})
    return clock


async def free_what_is_stranded(connection: psycopg.AsyncConnection[Any]) -> None:
    """What was put off while the clock was ahead, units to derive and messages to send, is due now."""
    await connection.execute(SQL.mark_stranded_units)
    await connection.execute(SQL.send_stranded_messages)
