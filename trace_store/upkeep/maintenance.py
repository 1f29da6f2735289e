"""What has to happen now and then: days ahead, retention, sums of receipts, repacking, columnstore. One process at a
time does it, on a connection of its own; the processor calls it every few minutes."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import errors

from trace_store.alerts.alert_store import SQL as ALERT_SQL
from trace_store.alerts.outbox import SQL as OUTBOX_SQL
from trace_store.buckets import AHEAD_DAYS, day_of
from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.tiers import Tier, read_tier
from trace_store.upkeep.columnstore import compress_old_chunks
from trace_store.upkeep.partitions import ensure_partitions
from trace_store.upkeep.repack import repack
from trace_store.upkeep.retention import SQL, Dropped, drop_expired
from trace_store.upkeep.retention_clock import free_what_is_stranded, look_at_clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What one run did."""

    dropped: Dropped
    repacked_blobs: int  # blobs that went into fuller ones
    compressed_chunks: int


async def maintain(conninfo: str, retention_days: int, now: datetime | None = None) -> MaintenanceReport | None:
    """One run; None when another process does it right now. Safe at any time beside writers, readers, processors.

    `now` is told instead of this machine's clock.
    """
    with translate_errors():
        connection = await connect(conninfo, "rainbarrel maintenance")
        async with connection:
            row = await (await connection.execute(SQL.try_lock)).fetchone()
            if not row or not row[0]:
                return None
            tier = await read_tier(connection)
            assert tier is not None
            writers_day = day_of(datetime.now(UTC).date())
            await ensure_partitions(connection, range(writers_day, writers_day + AHEAD_DAYS + 2))
            clock = await look_at_clock(connection, now)
            if sentence := clock.warning(now):
                log.warning("%s", sentence)
            today = clock.believed_at.astimezone(UTC).date()
            try:
                dropped = await drop_expired(connection, tier, retention_days, today)
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                log.info("Old days are being read; they are dropped at the next run")
                dropped = Dropped(0, 0)
            await connection.execute(SQL.sum_receipts)
            await free_what_is_stranded(connection)
            cutoff = clock.believed_at - timedelta(days=retention_days)
            await connection.execute(OUTBOX_SQL.delete_old_deliveries, {"cutoff": cutoff})
            await connection.execute(ALERT_SQL.delete_old_firings, {"cutoff": cutoff})
            repacked = await repack(connection)
            compressed = await compress_old_chunks(connection, today) if tier is Tier.TIMESCALEDB_TSL else 0
            return MaintenanceReport(dropped, repacked, compressed)
