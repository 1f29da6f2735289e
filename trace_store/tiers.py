"""The three storage tiers, and which of them a database has or can have.

A database keeps the tier that its schema was created with; TimescaleDB is used where its extension is installed and
preloaded when the schema is created.
"""

from enum import StrEnum
from typing import Any

import psycopg

from trace_store.queries import load

SQL = load("tiers")


class Tier(StrEnum):
    """How the tables that are kept by day are stored."""

    POSTGRESQL = "postgresql"
    TIMESCALEDB_APACHE = "timescaledb_apache"
    TIMESCALEDB_TSL = "timescaledb_tsl"

    @property
    def label(self) -> str:
        """For `doctor` and the page footer."""
        return _LABELS[self]

    @property
    def has_hypertables(self) -> bool:
        """True when the tables kept by day are hypertables instead of partitioned tables."""
        return self is not Tier.POSTGRESQL


_LABELS = {
    Tier.POSTGRESQL: "PostgreSQL (native partitions by day)",
    Tier.TIMESCALEDB_APACHE: "TimescaleDB, Apache licence (hypertables, chunks by day)",
    Tier.TIMESCALEDB_TSL: "TimescaleDB, Timescale licence (hypertables, chunks by day, columnstore for older days)",
}


def tier_of(row: tuple[Any, ...]) -> Tier | None:
    """Reads the row of the `tier` query; None when the database has no schema of ours yet."""
    kind, timescale_license = row
    if kind is None:
        return None
    if kind == "p":
        return Tier.POSTGRESQL
    return Tier.TIMESCALEDB_TSL if timescale_license == "timescale" else Tier.TIMESCALEDB_APACHE


async def read_tier(connection: psycopg.AsyncConnection[Any]) -> Tier | None:
    """The tier of the schema in this database, None when it holds none."""
    row = await (await connection.execute(SQL.tier)).fetchone()
    assert row is not None
    return tier_of(row)


def read_tier_sync(connection: psycopg.Connection[Any]) -> Tier | None:
    """The same, outside an event loop."""
    row = connection.execute(SQL.tier).fetchone()
    assert row is not None
    return tier_of(row)
