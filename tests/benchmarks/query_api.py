"""How long the query API takes with many interactions: `python -m tests.benchmarks.query_api --interactions 1000000`.

Seeds a month of interactions into an embedded PostgreSQL in a temporary folder, and posts and derives some on the real
path, to check that the seed fills the same columns. Then asks as clients do, each time for another user, word, tool or
range, one question after the other without a socket between. Prints Markdown.
"""

import argparse
import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.agent_run import accepted, made
from tests.benchmarks.interactions_made import DAY_NS, EVENTS, MODELS, TOOLS, seed_interactions
from tests.benchmarks.machine import machine_facts, markdown_table
from tests.benchmarks.passes import percentile
from tests.fix_pages import Pages, running_pages
from tests.spans_made import new_id
from trace_store.embedded import EmbeddedPostgres
from trace_store.migrate import migrate
from web.filters import utc

POSTED = 50  # interactions that take the real path
FILLED = """
SELECT key, bool_or(value NOT IN ('null', '""', '[]', '{}', '0'))
FROM rainbarrel.interactions i, jsonb_each(to_jsonb(i)) WHERE event_id LIKE %s GROUP BY key
"""
WORDS = "SELECT count(*) > 0 AND bool_and(length(words) > 0) FROM rainbarrel.interaction_words WHERE event_id LIKE %s"
Question = Callable[[random.Random], str]


def main() -> None:
    """Seed, check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=200_000)
    parser.add_argument("--passes", type=int, default=20, help="times that each question is asked")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rainbarrel-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "data")
    try:
        conninfo = server.start()
        migrate(conninfo)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            (version,) = connection.execute("SHOW server_version").fetchone() or ("unknown",)
            print(machine_facts(version), "\n", flush=True)
            asyncio.run(_post(conninfo))  # makes the partitions of today, too
            began = time.monotonic()
            now = time.time_ns()
            seed_interactions(connection, options.interactions, now)
            print(f"{options.interactions:,} interactions of 30 days seeded in {time.monotonic() - began:.0f} s.\n")
            _check_seed(connection)
        rows = asyncio.run(measure(conninfo, now, options.passes))
        print(markdown_table(["question", "p50 ms", "p95 ms", "approximate"], rows))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def questions(now: int) -> dict[str, Question]:
    """What is asked, by name; each makes a path with values of its own."""

    def days(count: int) -> str:
        return f"timestamp[gte]={quote(utc(now - count * DAY_NS))}"

    def user(rng: random.Random) -> str:
        return f"user_id=user-{int(rng.random() ** 2 * 50_000)}"

    def tool(rng: random.Random) -> str:
        return rng.choice(TOOLS)

    return {
        "list, newest": lambda rng: "/v1/events",
        "list, of a user": lambda rng: f"/v1/events?{user(rng)}",
        "list, of a model": lambda rng: f"/v1/events?model={rng.choice(MODELS)}",
        "list, failed calls of a tool": lambda rng: f"/v1/events?tool_error={tool(rng)}",
        "list, oldest first of 7 days": lambda rng: f"/v1/events?order_by=timestamp&{days(7)}",
        "conversations": lambda rng: "/v1/conversations",
        "users": lambda rng: "/v1/users",
        "signals": lambda rng: "/v1/signals",
        "count": lambda rng: "/v1/events/count",
        "count, of a user": lambda rng: f"/v1/events/count?{user(rng)}",
        "count, of an event name": lambda rng: f"/v1/events/count?event_name={rng.choice(EVENTS)}",
        "count, of a signal": lambda rng: f"/v1/events/count?signal=tool_error:{tool(rng)}",
        "count, of users": lambda rng: "/v1/events/count?count_by=user_id",
        "timeseries, hours of 7 days": lambda rng: f"/v1/events/timeseries?interval=hour&{days(7)}",
        "timeseries, days": lambda rng: "/v1/events/timeseries",
        "timeseries, days of a model": lambda rng: f"/v1/events/timeseries?model={rng.choice(MODELS)}",
        "facets of event_name": lambda rng: "/v1/events/facets?field=event_name",
        "facets of user_id": lambda rng: "/v1/events/facets?field=user_id",
        "facets of tool": lambda rng: "/v1/events/facets?field=tool",
        "facets of signal": lambda rng: "/v1/events/facets?field=signal",
        "facets of model, of an event name": lambda rng: (
            f"/v1/events/facets?field=model&event_name={rng.choice(EVENTS)}"
        ),
        "combination: model, tool, failed, 14 days": lambda rng: (
            f"/v1/events/count?model={rng.choice(MODELS)}&tool={tool(rng)}&tool_error=true&{days(14)}"
        ),
        "combination: property, release, 14 days": lambda rng: (
            f"/v1/events/facets?field=tool&properties[env]=test&release=1.{rng.randrange(11, 20)}&{days(14)}"
        ),
        "search, one word, 14 days": lambda rng: f"/v1/events/search?query=common{rng.randrange(200)}&{days(14)}",
        "search, two words, 14 days": lambda rng: (
            f"/v1/events/search?query=common{rng.randrange(200)} common{rng.randrange(200)}&{days(14)}"
        ),
        "search, rare words, 14 days": lambda rng: (
            f"/v1/events/search?query=common1 common2 common3 common{rng.randrange(200)}&{days(14)}"
        ),
        "search, a Japanese character, 14 days": lambda rng: (
            f"/v1/events/search?query={quote(rng.choice('天東注返請配'))}&{days(14)}"
        ),
        "search, two Chinese characters, 14 days": lambda rng: (
            f"/v1/events/search?query={quote(rng.choice(['订单', '退款', '支付']))}&{days(14)}"
        ),
    }


async def measure(conninfo: str, now: int, passes: int) -> list[list[str]]:
    """A row per question: its times, and whether an answer said that it is approximate."""
    rows = []
    async with running_pages(conninfo) as pages:
        for name, question in questions(now).items():
            rng = random.Random(name)
            took, approximate = [], False
            for _ in range(passes):
                path = question(rng)
                began = time.perf_counter()
                found = await pages.json(path)
                took.append((time.perf_counter() - began) * 1000)
                approximate |= bool(found.get("meta", {}).get("approximate"))
            columns = [f"{percentile(took, 0.5):.0f}", f"{percentile(took, 0.95):.0f}", "yes" if approximate else ""]
            rows.append([name, *columns])
            print("|", " | ".join(rows[-1]), "|", flush=True)
    return rows


async def _post(conninfo: str) -> None:
    """Interactions on the real path, each with a trace of a tool call."""
    async with running_pages(conninfo) as pages:
        for n in range(POSTED):
            await _post_one(pages, n)
        await pages.derive()


async def _post_one(pages: Pages, n: int) -> None:
    event_id, start = f"posted-{n}", time.time_ns() - (POSTED - n) * 60 * 10**9
    values = {
        "traceloop.association.properties.event_id": event_id,
        "traceloop.span.kind": "tool",
        "traceloop.entity.name": "tool_1",
        "traceloop.entity.input": '{"q": 1}',
        "traceloop.entity.output": '{"a": 1}',
    }
    status = Status(code=Status.STATUS_CODE_ERROR if n % 3 == 0 else Status.STATUS_CODE_UNSET)
    await pages.store(accepted([made(new_id(16), 1, 0, "tool_1.tool", values, start, status=status)], release="1.0"))
    texts = {"input": "Where is 返金?", "output": "On its way.", "model": "gpt-4o", "convo_id": f"posted-{n // 4}"}
    event = {"event_id": event_id, "event": "chat", "user_id": "u", "timestamp": utc(start), "ai_data": texts}
    await pages.post_events("track", event | {"properties": {"env": "test"}, "feature_flags": {"ui": "new"}})


def _check_seed(connection: psycopg.Connection[Any]) -> None:
    """Every column that the real path fills is filled in the seed too, and so are the words."""
    posted, seeded = (dict(connection.execute(FILLED, (like,)).fetchall()) for like in ("posted-%", "evt-%"))
    missing = sorted(str(name) for name, is_filled in posted.items() if is_filled and not seeded[name])
    if missing:
        raise SystemExit(f"The seed leaves empty what posted interactions have: {', '.join(missing)}.")
    for like in ("posted-%", "evt-%"):
        if connection.execute(WORDS, (like,)).fetchone() != (True,):
            raise SystemExit(f"Interactions like {like} have no words.")
    filled = sum(map(bool, posted.values()))
    print(f"{POSTED} posted interactions fill {filled} columns; the seed fills them too, with words.\n")


if __name__ == "__main__":
    main()
