"""How long pages take with many traces: `python -m tests.benchmarks.pages --traces 1000000`.

Seeds a month of derived traces and interactions into an embedded PostgreSQL in a temporary folder, one trace of 21
spans on the real path, and spans of the traces of the newest day. Then asks for pages as browsers do, each time with
other values, one after the other without a socket between; timed are the first byte and the whole answer. `--keep DIR`
keeps the data, and asks them the next time. Prints Markdown.
"""

import argparse
import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psycopg

from tests.agent_run import agent_run
from tests.benchmarks.asking import Question, ask_again
from tests.benchmarks.interactions_made import TABLES, roll_up_all, seed_interactions
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.own_database import OwnDatabase, own_database
from tests.benchmarks.passes import percentile
from tests.benchmarks.seeding import loading
from tests.benchmarks.spans_seeded import seed_spans_of_a_day
from tests.benchmarks.traces_made import DAY_NS, TOOLS, seed_traces
from tests.fix_pages import BROWSER, Pages, running_pages
from web.processes.garbage import collect_garbage_less_often

TRACE_ID = b"\x42" * 16


def main() -> None:
    """Seed, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--passes", type=int, default=20, help="times that each page is asked for")
    parser.add_argument("--only", default="", help="ask only for pages whose name holds this")
    parser.add_argument("--keep", type=Path, help="folder of the data: seeded when it is empty, kept afterwards")
    options = parser.parse_args()
    with own_database(options.keep) as database:
        conninfo = database.conninfo
        with psycopg.connect(conninfo, autocommit=True) as connection:
            print(machine_facts(database.version), "\n", flush=True)
            if connection.execute("SELECT FROM rainbarrel.traces LIMIT 1").fetchone() is None:
                began, now = time.monotonic(), time.time_ns()
                asyncio.run(store_one(conninfo))  # makes the partitions of today, too
                with loading(connection, [*TABLES, "traces"]):
                    seed_interactions(connection, options.traces, now)
                    seed_traces(connection, options.traces, now)
                asyncio.run(roll_up_all(conninfo))
                connection.execute("VACUUM ANALYZE rainbarrel.interaction_rollups, rainbarrel.figure_rollups")
                print(f"{options.traces:,} traces of 30 days seeded in {time.monotonic() - began:.0f} s.\n", flush=True)
            seed_spans_of_a_day(connection, TRACE_ID)
            asyncio.run(roll_up_all(conninfo))  # what a migration has marked of kept data
        rows = asyncio.run(measure(database, options.passes, options.only))
    print(markdown_table(["page", "first byte p50 ms", "p95 ms", "whole p50 ms", "p95 ms", "CPU ms", "kB"], rows))


def questions(newest_unix_nano: int) -> dict[str, Question]:
    """What is asked for, by name; each makes a path with values of its own; the newest trace began then."""
    trace = f"/traces/{TRACE_ID.hex()}"
    return {
        "list with facets, newest": lambda rng: "/traces",
        "list alone, newest": lambda rng: "/traces/list",
        "list with facets, failing": lambda rng: "/traces?errors=1",
        "list with facets, loops": lambda rng: "/traces?q=status:loop",
        "list with facets, a tool": lambda rng: f"/traces?q=tool:{rng.choice(TOOLS)}",
        "list with facets, a rare user": lambda rng: f"/traces?q=user:user-{rng.randrange(40_000, 50_000)}",
        "list with facets, a word": lambda rng: f"/traces?q=word{rng.randrange(3000)}",
        "list with facets, three fields": lambda rng: (
            f"/traces?q=service:service-1+duration>30s+agent:agent-{rng.randrange(8)}"
        ),
        "list, nothing matches": lambda rng: f"/traces/list?q=nobody{rng.randrange(999)}",
        "facets alone": lambda rng: "/traces/facets.json",
        "what differs": lambda rng: "/traces/differences",
        "what differs, of a tool": lambda rng: f"/traces/differences?q=tool:{rng.choice(TOOLS)}",
        "suggestions, a user": lambda rng: f"/traces/suggestions.json?text=user:user-{rng.randrange(10)}",
        "trace of 21 spans": lambda rng: trace,
        "peek": lambda rng: f"{trace}/peek",
        "interactions": lambda rng: "/interactions",
        "interactions, failing": lambda rng: "/interactions?errors=1",
        "interactions of a user": lambda rng: f"/interactions?user=user-{rng.randrange(5000)}",
        "interactions, nothing matches": lambda rng: f"/interactions?q=nobody{rng.randrange(999)}",
        "tool calls": lambda rng: "/tool-calls",
        "tool calls, failing of a tool": lambda rng: f"/tool-calls?q=tool:{rng.choice(TOOLS)}+status:failing",
        "tool calls, loops": lambda rng: "/tool-calls?loops=1",
        "tool calls, a rare user": lambda rng: f"/tool-calls?q=user:user-{rng.randrange(40_000, 50_000)}",
        "tool calls, nothing matches": lambda rng: f"/tool-calls?q=nobody{rng.randrange(999)}",
        "spans": lambda rng: "/spans",
        "spans, slowest of a day": lambda rng: f"/spans?order=slowest&since={newest_unix_nano - DAY_NS}",
        "spans, nothing matches": lambda rng: f"/spans?q=name:nobody{rng.randrange(999)}",
        "conversations": lambda rng: "/conversations",
        "conversations, failing": lambda rng: "/conversations?errors=1",
        "conversations, nothing matches": lambda rng: f"/conversations?q=nobody{rng.randrange(999)}",
        "users": lambda rng: "/users",
        "users, a name": lambda rng: f"/users?q=user-{rng.randrange(50_000)}",
        "a user": lambda rng: f"/users/user-{rng.randrange(20)}",
        "a conversation": lambda rng: f"/conversations/convo-{rng.randrange(20_000)}",
        "tools": lambda rng: "/tools",
        "a tool": lambda rng: f"/tools/{rng.choice(TOOLS[:20])}",
        "signals": lambda rng: "/signals",
        "issues": lambda rng: "/issues",
        "alerts": lambda rng: "/alerts",
        "live tail": lambda rng: "/live",
        "overview": lambda rng: "/",
    }


async def store_one(conninfo: str) -> None:
    """Stores and derives the trace of 21 spans."""
    async with running_pages(conninfo) as pages:
        await pages.store_and_derive(agent_run(TRACE_ID, 5))


async def measure(database: OwnDatabase, passes: int, only: str) -> list[list[str]]:
    """A row per page: its times, the CPU time of server and database, its size."""
    async with running_pages(database.conninfo) as pages:
        collect_garbage_less_often()  # as the front process does
        newest = (await pages.json("/api/traces?limit=1"))["traces"][0]["start_unix_nano"]
        wanted = {name: question for name, question in questions(int(newest)).items() if only in name}
        rows = []
        for name, question in wanted.items():
            asked = await ask_again(name, question, partial(ask, pages), passes, database.postmaster)
            first_ms, sizes = zip(*asked.answers, strict=True)
            times = [percentile(of, share) for of in (list(first_ms), asked.took_ms) for share in (0.5, 0.95)]
            rows.append([name, *(f"{value:.0f}" for value in [*times, asked.cpu_ms, max(sizes) / 1000])])
            print("|", " | ".join(rows[-1]), "|", flush=True)
    return rows


async def ask(pages: Pages, path: str) -> tuple[float, int]:
    """Milliseconds until the first byte of a page came, and how many came; as a browser asks, compressed."""
    began = time.perf_counter()
    address, _, query = path.partition("?")
    headers = [(b"accept", BROWSER["accept"].encode()), (b"accept-encoding", b"gzip"), (b"host", b"127.0.0.1")]
    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http"}
    scope |= {
        "path": unquote(address),
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "root_path": "",
    }
    first_ms, size, status = 0.0, 0, 0

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # nobody leaves
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal first_ms, size, status
        status = message.get("status", status)
        if message.get("body"):
            first_ms = first_ms or (time.perf_counter() - began) * 1000
            size += len(message["body"])

    await pages.app(scope | {"server": ("127.0.0.1", 4318), "client": ("127.0.0.1", 1)}, receive, send)
    if status != 200:
        raise SystemExit(f"{path} answered {status}.")
    return first_ms, size


if __name__ == "__main__":
    main()
