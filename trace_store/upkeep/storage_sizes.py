"""What the store takes on disk: per day, and per table; what retention drops when, and where this leads."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from trace_store.queries import load
from trace_store.span_reads import fetch
from trace_store.tiers import read_tier

SQL = load("storage")
DAYS_AVERAGED_MAX = 7


@dataclass(frozen=True, slots=True)
class DaySize:
    """One day of the tables that are kept by day."""

    day: date
    size_bytes: int
    dropped_on: date  # the first day on which retention drops it
    raw_bytes: int  # received on this day, before compression
    spans: int  # likewise, new ones


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table with its indexes."""

    name: str
    size_bytes: int
    is_by_day: bool


@dataclass(frozen=True, slots=True)
class StorageSizes:
    """Sizes in bytes; of all projects."""

    database_bytes: int
    days: tuple[DaySize, ...]  # the newest first; none that is still to come
    ahead_bytes: int  # partitions of days to come, which are made before their rows arrive
    tables: tuple[TableSize, ...]  # the largest first
    day_bytes: int  # a day takes, on average of the last full ones; of today where there is no other
    days_averaged: int
    forecast_bytes: int  # the database once every day of retention is like these

    @property
    def by_day_bytes(self) -> int:
        """All that is dropped by day."""
        return sum(table.size_bytes for table in self.tables if table.is_by_day)


async def read_storage_sizes(
    connection: psycopg.AsyncConnection[Any], retention_days: int, today: date
) -> StorageSizes:
    """Sizes as the database tells them now; some hundred files are looked at, no row but of receipts."""
    tier = await read_tier(connection)
    assert tier is not None
    parts = await fetch(connection, SQL.chunk_sizes if tier.has_hypertables else SQL.partition_sizes)
    received = {day: (raw_bytes, spans) for day, raw_bytes, spans in await fetch(connection, SQL.received_by_day)}
    ((database_bytes,),) = await fetch(connection, SQL.database_size)
    days, by_table = defaultdict[date, int](int), defaultdict[str, int](int)
    for table, day, size in parts:
        days[day] += size
        by_table[table] += size
    tables = [TableSize(name, size, is_by_day=True) for name, size in by_table.items()]
    others = [row for row in await fetch(connection, SQL.table_sizes) if row[0] not in by_table]
    tables += [TableSize(name, size, is_by_day=False) for name, size in others]
    shown = [
        DaySize(day, size, day + timedelta(days=retention_days + 1), *received.get(day, (0, 0)))
        for day, size in sorted(days.items(), reverse=True)
        if day <= today
    ]
    used = [day for day in shown if day.spans or day.raw_bytes]
    averaged = [day for day in used if day.day < today][:DAYS_AVERAGED_MAX] or used[:1]
    day_bytes = sum(day.size_bytes for day in averaged) // len(averaged) if averaged else 0
    rest_bytes = sum(size for _, size in others)
    held_days = (today - used[-1].day).days + 1 if used else 1
    grown = max(1.0, retention_days / held_days)  # what is derived of traces goes with them
    return StorageSizes(
        database_bytes=database_bytes,
        days=tuple(shown),
        ahead_bytes=sum(size for day, size in days.items() if day > today),
        tables=tuple(sorted(tables, key=lambda table: (-table.size_bytes, table.name))),
        day_bytes=day_bytes,
        days_averaged=len(averaged),
        forecast_bytes=day_bytes * retention_days + int(rest_bytes * grown),
    )
