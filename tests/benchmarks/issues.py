"""How long the pages of issues take with many findings: `python -m tests.benchmarks.issues`.

Seeds findings of a month into an embedded PostgreSQL in a temporary folder, then reads as the pages do.
Prints Markdown.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from starlette.datastructures import QueryParams

from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.own_database import own_database
from trace_store.connections import make_pool
from trace_store.reader import TraceReader
from web.issues.issue_parameters import read_issue_query
from web.issues.issue_reading import read_issue_detail, read_issue_list

# Few issues have most of the events, as in life: the share of an issue falls with the square of its rank.
SEED = """
INSERT INTO rainbarrel.findings
SELECT 1, decode(md5(n::text), 'hex'), 'call:' || n, 'tool_error', md5((pow(random(), 2) * %(issues)s)::int::text),
  'tool ' || n %% 40, 'KeyError: made ' || n %% 1000, NULL, at, at + 1000, n %% 5 = 0,
  'user ' || (random() * 50000)::int, 'conversation ' || n / 3, NULL, 'release ' || n * 20 / %(findings)s,
  'production', now()
FROM (
  SELECT n, (extract(epoch FROM now()) * 1000000000)::bigint
    - (%(findings)s - n) * (2592000000000000 / %(findings)s) AS at
  FROM generate_series(1, %(findings)s) AS n
) made
"""
STATES = """
INSERT INTO rainbarrel.issue_states (project_id, fingerprint, kind, tool, title, first_seen_unix_nano, first_release,
  status, resolved_at)
SELECT 1, fingerprint, 'tool_error', min(tool), min(title), min(start_unix_nano), min(release),
  CASE WHEN random() < 0.3 THEN 'resolved' ELSE 'open' END, now() - interval '1 day'
FROM rainbarrel.findings
GROUP BY fingerprint
"""


def main() -> None:
    """Seed, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=2000)
    parser.add_argument("--passes", type=int, default=5)
    options = parser.parse_args()
    with own_database() as database:
        with psycopg.connect(database.conninfo, autocommit=True) as connection:
            sizes = {"findings": options.findings, "issues": options.issues}
            for statement in (SEED, STATES):
                connection.execute(statement.encode(), sizes)
            connection.execute("VACUUM ANALYZE rainbarrel.findings, rainbarrel.issue_states")
            row = connection.execute(
                "SELECT fingerprint FROM rainbarrel.findings GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            ).fetchone()
        assert row is not None
        print(machine_facts(database.version))
        rows = asyncio.run(measure(database.conninfo, row[0], options.passes))
    print(markdown_table(["read", "median ms", "slowest ms"], rows))


async def measure(conninfo: str, busiest: str, passes: int) -> list[list[str]]:
    """The reads of the pages."""
    rows = []
    async with make_pool(conninfo, "benchmark", 1, statement_timeout_s=0) as pool:
        reader = TraceReader(pool)

        def listed(**parameters: str) -> Callable[[], Awaitable[Any]]:
            return lambda: read_issue_list(reader, read_issue_query(QueryParams(parameters), 1))

        reads: dict[str, Callable[[], Awaitable[Any]]] = {
            "list, all 30 days": listed(),
            "list, last 24 hours": listed(range="24h"),
            "list, all 30 days, by users": listed(order="users"),
            "list, all 30 days, of one release": listed(release="release 7"),
            "issue with most events, all 30 days": lambda: read_issue_detail(
                reader, read_issue_query(QueryParams({}), 1), busiest
            ),
            "issue with most events, last 24 hours": lambda: read_issue_detail(
                reader, read_issue_query(QueryParams({"range": "24h"}), 1), busiest
            ),
        }
        for name, read in reads.items():
            took = []
            for _ in range(passes):
                began = time.perf_counter()
                await read()
                took.append((time.perf_counter() - began) * 1000)
            rows.append([name, f"{statistics.median(took):.0f}", f"{max(took):.0f}"])
    return rows


if __name__ == "__main__":
    main()
