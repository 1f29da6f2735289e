"""What `doctor` asks the database: versions, size, clock."""

from dataclasses import dataclass

from trace_store.connections import connect_sync
from trace_store.database_errors import translate_errors
from trace_store.queries import load

SQL = load("diagnosis")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answers."""

    server_version: str
    timescaledb_version: str | None
    size_bytes: int
    clock_s: float  # seconds since the epoch


def diagnose(conninfo: str) -> Diagnosis:
    """Ask the database at `conninfo`; raises StoreUnavailable when it cannot be reached."""
    with translate_errors(), connect_sync(conninfo, "rainbarrel doctor") as connection:
        row = connection.execute(SQL.diagnosis).fetchone()
    assert row is not None
    return Diagnosis(*row)
