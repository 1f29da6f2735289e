"""What is stored is derived again with other rules, and ends up as if it had come in under them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.facts_stored import facts_stored
from tests.fix_pages import AT_ONCE, read_records, store
from tests.fix_server import RunningServer, running_server
from tests.run_cli import rainbarrel
from tests.spans_made import new_id, span
from tool_errors.processor import Processor
from tool_errors.rules import ProjectRules
from trace_store.migrate import migrate
from trace_store.upkeep.reprocess import Choice, count_outdated, open_reprocess
from web.processes.server_file import read_running

pytestmark = pytest.mark.thorough

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "dialects"
LIBRARIES = sorted({path.parents[1] for path in FIXTURES.rglob("001.*")})
CAPTURES = [max(scenario for scenario in library.iterdir() if scenario.is_dir()) for library in LIBRARIES[:8]]
DERIVED = ("traces", "llm_calls", "tool_calls", "loops")
NOT_COMPARED = ("derived_at", "settle_at", "blob_id", "blob_position")
MAPPING = """
[[dialect]]
name = "http calls"
markers = ["http.request.method", "gen_ai.operation.name"]
fields = { entity_name = "url.full", model = "gen_ai.request.model" }
kinds = { "http.request.method" = "tool" }
"""


def tables(conninfo: str) -> dict[str, list[dict[str, Any]]]:
    with psycopg.connect(conninfo) as connection:
        found = {}
        for table in DERIVED:
            query = psycopg.sql.SQL("SELECT to_jsonb(t) FROM rainbarrel.{} t").format(psycopg.sql.Identifier(table))
            rows = [row[0] for row in connection.execute(query).fetchall()]
            kept = [{key: value for key, value in row.items() if key not in NOT_COMPARED} for row in rows]
            found[table] = sorted(kept, key=str)
        return found | {"facts": facts_stored(connection)}


def sql(conninfo: str, statement: str) -> list[Any]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


async def drain(conninfo: str, mapping: str = "") -> None:
    await Processor(conninfo, AT_ONCE, ProjectRules([("m.toml", mapping)] if mapping else [])).drain()


async def mark_outdated(conninfo: str) -> int:
    async with open_reprocess(conninfo) as work:
        rules = (await work.rules_in_force())[1]
        marked = 0
        async for page in work.pages(Choice(1, rules)):
            await work.mark_traces(1, page)
            marked += len(page)
        return marked


@pytest.fixture
def second_database(empty_database: str) -> str:
    migrate(empty_database)
    return empty_database


@pytest.fixture(scope="module")
def own_server() -> Iterator[RunningServer]:
    """A server whose derived rows this module may disturb."""
    with running_server() as started:
        yield started


def database_url(server: RunningServer) -> str:
    said = read_running(server.data_dir)
    assert said is not None
    return said.database_url


@pytest.fixture
def records():
    found = [read_records(capture) for capture in CAPTURES]
    return [s for one in found for s in one.spans], [log for one in found for log in one.logs]


async def test_other_rules_give_what_a_fresh_database_would_hold(database, second_database, records) -> None:
    spans, logs = records
    await store(second_database, spans, logs)
    await drain(second_database, MAPPING)
    await store(database, spans, logs)
    await drain(database)
    built_in = tables(database)
    assert built_in != tables(second_database)
    await drain(database, MAPPING)
    assert tables(database) == built_in, "nothing is derived again unless asked"
    traces = len(built_in["traces"])
    assert (await count_outdated(database)).traces == traces
    assert await mark_outdated(database) == traces
    assert await mark_outdated(database) == traces, "marking again marks nothing twice"
    assert sql(database, "SELECT count(*) FROM rainbarrel.dirty_marks") == [(traces,)]
    await drain(database, MAPPING)
    assert tables(database) == tables(second_database)
    assert await count_outdated(database) == (0, 0)
    await drain(database)  # and back, which takes claims away from spans
    await mark_outdated(database)
    await drain(database)
    assert tables(database) == built_in


async def test_a_late_span_brings_an_outdated_trace_up_to_date(database, second_database, records) -> None:
    spans, _ = records
    trace_id = spans[0].trace_id
    mine = [s for s in spans if s.trace_id == trace_id]
    await store(second_database, mine)
    await drain(second_database, MAPPING)
    await store(database, mine[:-1])
    await drain(database)
    await store(database, mine[-1:])
    await drain(database, MAPPING)
    assert tables(database) == tables(second_database)


async def test_what_arrives_goes_first(database) -> None:
    old = [span(new_id(16)) for _ in range(70)]
    await store(database, old)
    await drain(database)
    sql(database, "UPDATE rainbarrel.traces SET derived_by = 'old'")
    assert await mark_outdated(database) == 70
    await store(database, [span(new_id(16)) for _ in range(40)])
    processor = Processor(database, AT_ONCE)
    assert [await processor.step() for _ in range(2)] == [40, 40], "the new ones, and then whether they have settled"
    assert await count_outdated(database) == (70, 0)
    assert await processor.step() == 16, "and not too many of the old ones at once"
    await processor.drain()
    assert await count_outdated(database) == (0, 0)


def wait_until_derived(conninfo: str) -> None:
    async def wait() -> None:
        async with asyncio.timeout(180):
            while sql(conninfo, "SELECT count(*) FROM rainbarrel.dirty_marks") != [(0,)]:
                await asyncio.sleep(0.05)

    asyncio.run(wait())


def test_the_command_beside_a_running_server(own_server) -> None:
    server, conninfo = own_server, database_url(own_server)
    assert rainbarrel("demo", "--no-live", "--data-dir", server.data_dir).returncode == 0
    wait_until_derived(conninfo)
    (traces,) = sql(conninfo, "SELECT count(*) FROM rainbarrel.traces")[0]
    sql(conninfo, "UPDATE rainbarrel.traces SET derived_by = '0.0'")
    told = rainbarrel("doctor", "--data-dir", server.data_dir).stdout.decode()
    assert "stored traces were derived by other rules than those in force" in told
    ended = rainbarrel("reprocess", "--data-dir", server.data_dir)
    assert ended.returncode == 0, ended.stderr
    assert f"{traces} of {traces} traces and 0 of 0 interactions derived again." in ended.stdout.decode()
    ended = rainbarrel("reprocess", "--data-dir", server.data_dir)
    assert ended.stdout.decode() == "0 of 0 traces and 0 of 0 interactions derived again.\n"
    ended = rainbarrel("reprocess", "--all", "--no-wait", "--data-dir", server.data_dir)
    assert ended.returncode == 0
    wait_until_derived(conninfo)


def test_the_command_derives_what_was_posted_again(own_server) -> None:
    server, conninfo = own_server, database_url(own_server)
    run = [
        {"event_id": f"evt-{n}", "user_id": "u", "event": "ask", "ai_data": {"input": f"Why {n}?"}} for n in range(5)
    ]
    for project in ("default", "shop"):
        headers = {"x-raindrop-project-id": project}
        assert httpx.post(f"{server.url}/v1/events/track", json=run, headers=headers, timeout=60).status_code == 200
    wait_until_derived(conninfo)
    posted = "FROM rainbarrel.interactions WHERE event_id LIKE 'evt-%'"
    said = f"SELECT project_id, event_id, input, user_id {posted} ORDER BY 1, 2"
    before = sql(conninfo, said)
    assert len(before) == 10
    outdate = "UPDATE rainbarrel.interactions SET derived_version = 0, input = 'x', user_id = NULL"
    sql(conninfo, f"{outdate} WHERE event_id LIKE 'evt-%'")
    told = rainbarrel("doctor", "--data-dir", server.data_dir).stdout.decode()
    assert "10 stored interactions were derived by other rules than those in force" in told
    for project, left in (("default", 5), ("shop", 0)):
        ended = rainbarrel("reprocess", "--project", project, "--data-dir", server.data_dir)
        assert (ended.returncode, ended.stdout.decode()) == (
            0,
            "0 of 0 traces and 5 of 5 interactions derived again.\n",
        ), ended.stderr
        assert asyncio.run(count_outdated(conninfo)) == (0, left)
    wait_until_derived(conninfo)
    assert sql(conninfo, said) == before
    assert sql(conninfo, "SELECT interaction_count FROM rainbarrel.users WHERE user_id = 'u'") == [(5,), (5,)]


def test_the_command_refuses_in_sentences(own_server) -> None:
    server = own_server
    ended = rainbarrel("reprocess", "--trace", "ab" * 16, "--data-dir", server.data_dir)
    assert (ended.returncode, ended.stderr.decode()) == (
        1,
        f"rainbarrel reprocess: No span of trace {'ab' * 16} is stored.\n",
    )
    ended = rainbarrel("reprocess", "--project", "nowhere", "--data-dir", server.data_dir)
    assert b"There is no project nowhere; `rainbarrel projects list` names those that there are." in ended.stderr
    ended = rainbarrel("reprocess", "--since", "yesterday", "--data-dir", server.data_dir)
    assert b"--since yesterday is neither an ISO 8601 time nor Unix nanoseconds." in ended.stderr
    ended = rainbarrel("reprocess", "--mappings", "/nowhere.toml", "--data-dir", server.data_dir)
    assert b"/nowhere.toml: No such file or directory; name a readable TOML file" in ended.stderr
