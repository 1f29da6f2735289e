"""Everything that a database holds, without what no two runs have in common, so that two runs can be compared.

Every table of the schema counts unless it is left out here with a reason; a new table counts by itself.
"""

import asyncio
import json
from collections import Counter

import psycopg
from psycopg import sql

from tests.facts_stored import facts_stored
from tests.faults.stored_spans import ask
from tests.faults.wait_until import wait_until
from trace_store.connections import connect
from trace_store.rollups.rollups import RollupWork
from trace_store.span_reads import SpanReads
from trace_store.stored import TraceKey

LEFT_OUT_TABLES = {
    "migrations": "when the schema was made",
    "span_blobs": "how records were packed; the records themselves are compared, byte by byte",
    "fact_parts": "how facts were packed; the facts that count are compared",
    "ingest_receipts": "one row per commit; their sums are compared",
    "dirty_marks": "empty, or the comparison waits",
    "dirty_hours": "empty: what is left is rolled up before the comparison, not after the usual delay",
    "server_secrets": "random",
    "user_numbers": "given in the order in which hours are rolled up",
    "figure_rollups": "has such numbers, in any order; all else of its rows is compared",
    "alert_progress": "how far a rule has looked",
    "retention_clock": "when maintenance last looked at the clock",
}
LEFT_OUT_COLUMNS = [
    # when our own clock stood where
    *("created_at", "received_at", "derived_at", "settle_at", "found_at", "changed_at", "since", "fired_at"),
    *("next_attempt_at", "delivered_at", "first_seen", "last_seen", "last_used_at", "counted_at"),
    # the day of receipt, which may pass between two runs
    *("bucket", "bucket_min", "bucket_max", "last_bucket"),
    # where records lie, in which order they came, names that are drawn
    *("blob_id", "blob_position", "arrival", "delivery_id", "firing_id", "dedup_key"),
    # how often an endpoint was asked until the outcome was known
    *("attempts", "last_error"),
]
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'rainbarrel' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""
SUMS = """
SELECT signal, sum(accepted)::bigint, sum(late)::bigint, sum(bytes)::bigint
FROM rainbarrel.ingest_receipts GROUP BY signal HAVING sum(accepted) > 0 ORDER BY signal
"""
FIGURES = """
SELECT hours, sort, hour, release, environment, name, sums, encode(durations, 'hex'), latest_unix_nano
FROM rainbarrel.figure_rollups ORDER BY 1, 2, 3, 4, 5, 6
"""
OPEN_WORK = "SELECT (SELECT count(*) FROM rainbarrel.dirty_marks) + (SELECT count(*) FROM rainbarrel.traces WHERE live)"
OPEN_HOURS = "SELECT count(*) FROM rainbarrel.dirty_hours"


def wait_until_derived(conninfo: str, timeout_s: float = 240.0) -> None:
    """Returns once no mark is left and no trace is live."""
    wait_until(lambda: not ask(conninfo, OPEN_WORK), "everything is derived and settled", timeout_s)


def whole_database(conninfo: str) -> dict[str, list[str]]:
    """Every table as sorted JSON rows, once everything is derived and settled."""
    wait_until_derived(conninfo)
    asyncio.run(_roll_up(conninfo))
    found: dict[str, list[str]] = {}
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET search_path = rainbarrel")
        for (table,) in connection.execute(TABLES).fetchall():
            if table not in LEFT_OUT_TABLES:
                query = sql.SQL("SELECT to_jsonb(t) - %s::text[] FROM {} t").format(sql.Identifier(table))
                rows = connection.execute(query, [LEFT_OUT_COLUMNS]).fetchall()
                found[table] = sorted(json.dumps(row, sort_keys=True) for (row,) in rows)
        found["sums of receipts"] = [repr(row) for row in connection.execute(SUMS).fetchall()]
        found["figures"] = [repr(row) for row in connection.execute(FIGURES).fetchall()]
        found["facts"] = [json.dumps(row, sort_keys=True) for row in facts_stored(connection)]
        keys = connection.execute("SELECT DISTINCT project_id, trace_id FROM spans").fetchall()
    found["bytes of spans and logs"] = asyncio.run(_records(conninfo, {TraceKey(*key) for key in keys}))
    return found


async def _roll_up(conninfo: str) -> None:
    work = RollupWork(conninfo)
    while await work.step(0.0) or ask(conninfo, OPEN_HOURS):
        pass
    await work.close()


async def _records(conninfo: str, traces: set[TraceKey]) -> list[str]:
    """The exact bytes, read as `export` reads them."""
    reads = SpanReads()
    async with await connect(conninfo, "test") as connection:
        spans = await reads.stored_spans(connection, traces)
        logs = await reads.stored_logs(connection, traces)
    return sorted([span.otlp.hex() for span in spans] + [log.otlp.hex() for log in logs])


def differences(found: dict[str, list[str]], expected: dict[str, list[str]]) -> list[str]:
    """What is there too often or not at all, named by table; empty when both are equal."""
    assert found.keys() == expected.keys()
    told = []
    for table in found:
        there, wanted = Counter(found[table]), Counter(expected[table])
        for word, rows in (("missing", wanted - there), ("extra", there - wanted)):
            told += [f"{table}, {word} {count} times: {row[:800]}" for row, count in rows.items()]
    return told
