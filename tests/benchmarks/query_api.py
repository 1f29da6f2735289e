"""How long the query API takes with many interactions: `python -m tests.benchmarks.query_api --interactions 1000000`.

Seeds a month of interactions with their traces into an embedded PostgreSQL, posts and derives 1,000 interactions with
10,000 spans on the real path, and checks that the seed fills the same columns. Then asks as clients do, one question
after the other without a socket between. `--keep DIR` keeps the data, and asks them the next time. Prints Markdown.
"""

import argparse
import asyncio
import os
import random
import time
from pathlib import Path
from typing import Any

import psycopg
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.agent_run import accepted, made
from tests.benchmarks.asking import ask_again
from tests.benchmarks.interactions_made import TABLES, roll_up_all, seed_interactions
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.own_database import OwnDatabase, own_database
from tests.benchmarks.passes import percentile
from tests.benchmarks.query_questions import questions
from tests.benchmarks.seeding import loading
from tests.benchmarks.spans_seeded import seed_spans
from tests.fix_pages import running_pages
from web.filters import utc

POSTED, SPANS_EACH = 1000, 10  # interactions that take the real path, and the spans of each
COLUMNS = """
SELECT key, bool_or(value NOT IN ('null', '""', '[]', '{{}}', '0', 'false'))
FROM (SELECT * FROM rainbarrel.{table} WHERE {which} LIMIT 20000) r, jsonb_each(to_jsonb(r)) GROUP BY key
"""
SEEDED = {  # table: which of its rows took the real path
    "interactions": "event_id LIKE 'posted-%'",
    "interaction_words": "event_id LIKE 'posted-%'",
    "interaction_traces": "event_id LIKE 'posted-%' AND said_by = 1",
    "traces": "interaction_ids[1] LIKE 'posted-%'",
    "spans": "trace_id IN (SELECT trace_id FROM rainbarrel.interaction_traces WHERE event_id LIKE 'posted-%')",
    "tool_calls": "interaction_id LIKE 'posted-%'",
    "findings": "interaction_id LIKE 'posted-%'",
}
NOT_SEEDED = {  # what no question reads
    "derived_version", "group_id", "group_says", "scope", "input_from", "output_from", "settle_at", "error_type",
    "error_message", "fingerprint", "arguments_digest", "result_digest", "arguments_preview", "result_preview",
    "span_id", "rule", "path",
}  # fmt: skip
BY_NAME = "SELECT event_name, count(*) FROM rainbarrel.interactions GROUP BY 1 ORDER BY 2 DESC, 1"
REAL_TRACE = "SELECT trace_id FROM rainbarrel.interaction_traces WHERE event_id = 'posted-0'"
NEWEST = "SELECT max(start_unix_nano), count(*) FROM rainbarrel.interactions WHERE event_id LIKE 'evt-%'"


def main() -> None:
    """Seed, check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=200_000)
    parser.add_argument("--spans-per-trace", type=int, default=SPANS_EACH, help=f"at most {SPANS_EACH}")
    parser.add_argument("--passes", type=int, default=20, help="times that each question is asked")
    parser.add_argument("--keep", type=Path, help="folder of the data: seeded when it is empty, kept afterwards")
    options = parser.parse_args()
    with own_database(options.keep) as database:
        with psycopg.connect(database.conninfo, autocommit=True) as connection:
            print(machine_facts(database.version), "\n", flush=True)
            if connection.execute("SELECT FROM rainbarrel.interactions LIMIT 1").fetchone() is None:
                _seed(database.conninfo, connection, options.interactions, min(options.spans_per_trace, SPANS_EACH))
            asyncio.run(roll_up_all(database.conninfo))  # what a migration has marked of kept data
            now, count = connection.execute(NEWEST).fetchone() or (0, 0)
        rows = asyncio.run(measure(database, now, count, options.passes))
    heads = ["question", "fastest ms", "p50 ms", "p95 ms", "CPU ms", "approximate"]
    print("\n" + markdown_table(heads, rows))
    print(f"\nLoad average after the run: {', '.join(f'{value:.1f}' for value in os.getloadavg())}.")


def _seed(conninfo: str, connection: psycopg.Connection[Any], interactions: int, spans_per_trace: int) -> None:
    began = time.monotonic()
    asyncio.run(_post(conninfo))  # makes the partitions of today, too
    posted = time.monotonic()
    with loading(connection, [*TABLES, "traces", "spans"]):
        seed_interactions(connection, interactions, time.time_ns())
        (trace_id,) = connection.execute(REAL_TRACE).fetchone() or (b"",)
        seed_spans(connection, bytes(trace_id), spans_per_trace)
    seeded = time.monotonic()
    asyncio.run(roll_up_all(conninfo))
    connection.execute("VACUUM ANALYZE rainbarrel.interaction_rollups, rainbarrel.figure_rollups")
    _check_seed(connection)
    asyncio.run(_check_rollups(conninfo, connection))
    print(
        f"{POSTED:,} interactions with {POSTED * SPANS_EACH:,} spans took the real path in {posted - began:.0f} s. "
        f"{interactions:,} interactions of 30 days and {interactions * spans_per_trace:,} spans were seeded in "
        f"{seeded - posted:.0f} s and rolled up in {time.monotonic() - seeded:.0f} s.\n",
        flush=True,
    )


async def measure(database: OwnDatabase, now: int, interactions: int, passes: int) -> list[list[str]]:
    """A row per question: its times, the CPU time of server and database, whether an answer is approximate."""
    rows = []
    async with running_pages(database.conninfo) as pages:
        for name, question in questions(now, interactions).items():
            asked = await ask_again(name, question, pages.json, passes, database.postmaster)
            took = asked.took_ms
            approximate = any(isinstance(a, dict) and (a.get("meta") or {}).get("approximate") for a in asked.answers)
            times = [min(took), percentile(took, 0.5), percentile(took, 0.95), asked.cpu_ms]
            rows.append([name, *(f"{value:.0f}" for value in times), "yes" if approximate else ""])
            print("|", " | ".join(rows[-1]), "|", flush=True)
    return rows


async def _post(conninfo: str) -> None:
    """Interactions on the real path, each with a trace of ten spans."""
    async with running_pages(conninfo) as pages:
        spans, events = [], []
        for n in range(POSTED):
            start = time.time_ns() - (POSTED - n) * 10**9
            spans += accepted(_run(n, start), release="1.0")
            texts = {
                "input": "Where is 返金?",
                "output": "On its way.",
                "model": "gpt-4o",
                "convo_id": f"posted-{n // 4}",
            }
            event = {"event_id": f"posted-{n}", "event": "chat", "user_id": "u", "timestamp": utc(start)}
            events.append(event | {"ai_data": texts, "properties": {"env": "test"}, "feature_flags": {"ui": "new"}})
        await pages.store(spans)
        await pages.post_events("track", *events)


def _run(n: int, start: int) -> list[Span]:
    """An agent's run: a root, a tool call that fails in every third run, and steps of the program."""
    event = {"traceloop.association.properties.event_id": f"posted-{n}"}
    agent = {"traceloop.span.kind": "workflow", "traceloop.entity.name": "support"}
    tool = {"traceloop.span.kind": "tool", "traceloop.entity.name": "tool_1"}
    tool |= {"traceloop.entity.input": '{"q": 1}', "traceloop.entity.output": '{"a": 1}'}
    status = Status(code=Status.STATUS_CODE_ERROR if n % 3 == 0 else Status.STATUS_CODE_UNSET)
    trace_id = random.Random(n).randbytes(16)
    spans = [made(trace_id, 1, 0, "support.workflow", event | agent, start, start + 10**9)]
    spans.append(made(trace_id, 2, 1, "tool_1.tool", event | tool, start + 1000, status=status))
    spans += [made(trace_id, k, 1, f"step {k}", event, start + 1000 * k) for k in range(3, SPANS_EACH + 1)]
    return spans


def _check_seed(connection: psycopg.Connection[Any]) -> None:
    """Every column that the real path fills is filled in the seed too."""
    count = 0
    for table, which in SEEDED.items():
        other = f"NOT ({which})" if table != "interaction_traces" else "event_id LIKE 'evt-%'"
        real, seeded = (
            dict(connection.execute(COLUMNS.format(table=table, which=condition).encode()).fetchall())
            for condition in (which, other)
        )
        missing = sorted(str(name) for name, is_filled in real.items() if is_filled and not seeded.get(name))
        if set(missing) - NOT_SEEDED:
            raise SystemExit(f"The seed leaves empty what real rows of {table} have: {', '.join(missing)}.")
        count += sum(map(bool, real.values()))
    print(f"The real path fills {count} columns of {len(SEEDED)} tables; the seed fills all of them that are read.\n")


async def _check_rollups(conninfo: str, connection: psycopg.Connection[Any]) -> None:
    """The roll-ups tell what counting the rows tells."""
    counted = [{"value": name, "count": count} for name, count in connection.execute(BY_NAME).fetchall()]
    async with running_pages(conninfo) as pages:
        told = (await pages.json("/v1/events/facets?field=event_name"))["data"]
    if told != counted:
        raise SystemExit(f"Roll-ups tell {told}, the rows {counted}.")


if __name__ == "__main__":
    main()
