"""What `doctor` asks the database: versions, size, clock."""

from dataclasses import dataclass

from trace_store.connections import connect_sync
from trace_store.database_errors import translate_errors
from trace_store.queries import load
from trace_store.upkeep.retention_clock import SQL as CLOCK_SQL
from trace_store.upkeep.retention_clock import RetentionClock

SQL = load("diagnosis")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answers."""

    server_version: str
    timescaledb_version: str | None
    size_bytes: int
    clock_s: float  # seconds since the epoch


def retention_clock(conninfo: str) -> RetentionClock | None:
    """The time that retention went by when it last ran; None before it has."""
    with translate_errors(), connect_sync(conninfo, "rainbarrel doctor") as connection:
        row = connection.execute(CLOCK_SQL.read).fetchone()
    return RetentionClock(row[0], row[1]) if row and row[0] else None


def diagnose(conninfo: str) -> Diagnosis:
    """Ask the database at `conninfo`; raises StoreUnavailable when it cannot be reached."""
    with translate_errors(), connect_sync(conninfo, "rainbarrel doctor") as connection:
        row = connection.execute(SQL.diagnosis).fetchone()
    assert row is not None
    return Diagnosis(*row)
