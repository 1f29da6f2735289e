"""Roll-ups of what the start page counts: whatever changes in whatever order, they tell what the rows themselves do."""

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from trace_store.connections import connect
from trace_store.lists.issue_figures import IssueFigures
from trace_store.lists.issue_rows import IssueFilter
from trace_store.rollups.figure_reads import FigureReads, Found, Parts
from trace_store.rollups.figure_rollups import HOUR_NS, SORTS, make_days
from trace_store.rollups.figures import Figures, percentiles
from trace_store.rollups.rollups import RollupWork, roll_up

DAY = 20_000 * 24  # the first hour
HOURS = 48
FIRST_HOURS = (0, 1, 22, 24)
TRACE = """
INSERT INTO traces SELECT * FROM jsonb_populate_record(NULL::traces, %s::jsonb || '{"bucket_min": "2024-10-04",
  "bucket_max": "2024-10-04", "root_name": "", "service_name": "", "tools": [], "models": [], "span_count": 1,
  "root_count": 1, "llm_call_count": 0, "unanswered_count": 0, "failed_span_count": 0, "output_tokens": 1,
  "cached_tokens": 0, "reasoning_tokens": 0, "interaction_ids": [], "steps": "", "search_text": "",
  "derived_at": "2024-10-04", "derived_by": "", "loop_count": 0}')
"""
CALL = """
INSERT INTO tool_calls (project_id, trace_id, call_key, span_id, start_unix_nano, end_unix_nano, name, status, rule,
  path, recovered)
VALUES (1, %(trace_id)s, %(key)s, %(trace_id)s, %(start)s, %(end)s, %(tool)s, %(status)s, '', '', false)
"""
FINDING = """
INSERT INTO findings (project_id, trace_id, finding_key, kind, fingerprint, tool, title, start_unix_nano, end_unix_nano,
  is_recovered, release, environment, user_id)
VALUES (1, %(trace_id)s, %(key)s, %(kind)s, %(kind)s || '/' || %(tool)s, %(tool)s, '', %(start)s, %(end)s, false,
  %(release)s, %(environment)s, %(user_id)s)
"""
LOOP = """
INSERT INTO loops (project_id, trace_id, loop_id, kind, tools, iterations, failures, call_keys, start_unix_nano,
  end_unix_nano, fingerprint, ended, calls, cost_nano_usd, wasted_calls)
VALUES (1, %(trace_id)s, '1', '', '{}', 3, 3, '{}', %(start)s, %(end)s, 'f', 'gave_up', %(calls)s, %(cost)s, 2)
"""
MET = """
SELECT fingerprint, count(*), max(start_unix_nano), count(DISTINCT user_id) FROM findings
WHERE start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
  AND (%(release)s::text IS NULL OR release = %(release)s)
  AND (%(environment)s::text IS NULL OR environment = %(environment)s)
GROUP BY fingerprint
"""
Connection = psycopg.AsyncConnection[Any]


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with await connect(database, "rainbarrel test") as opened:
        yield opened


async def add_trace(connection: Connection, rng: random.Random) -> bytes:
    """A trace with calls over some hours, of which the failed ones may be a loop."""
    trace_id = rng.randbytes(16)
    start = (DAY + rng.choice(FIRST_HOURS)) * HOUR_NS + rng.randrange(HOUR_NS)
    end = start + rng.choice([10**9, HOUR_NS]) + rng.randrange(10**9)
    release, environment = rng.choice(["", "1", "2"]), rng.choice([None, "dev"])
    row = {"project_id": 1, "trace_id": f"\\x{trace_id.hex()}", "start_unix_nano": start, "end_unix_nano": end}
    row |= {"live": rng.random() < 0.2, "release": release, "environment": environment, "tool_call_count": 3}
    row |= {"error_count": rng.randrange(2), "soft_error_count": 0, "input_tokens": rng.randrange(100)}
    row |= {"user_id": rng.choice([None, *(f"u{n}" for n in range(9))]), "agents": rng.sample(["a", "b"], 2)[:1]}
    row |= {"cost_nano_usd": rng.choice([None, 5])}
    async with connection.transaction():
        await connection.execute(TRACE.encode(), [json.dumps(row)])
        asked: dict[str, Any] = {"trace_id": trace_id, "release": release, "environment": environment or ""}
        asked |= {"user_id": row["user_id"]}
        failed = []
        for number in range(5):
            begins = rng.randrange(start, end)
            status = rng.choice(["ok", "error", "soft_error"])
            call = asked | {"key": str(number), "start": begins, "end": begins + rng.randrange(10**9)}
            call |= {"tool": rng.choice("tx"), "status": status}
            await connection.execute(CALL.encode(), call)
            if status != "ok":
                failed.append([trace_id.hex(), str(number), None, None])
                kind = "tool_error" if status == "error" else "soft_error"
                await connection.execute(FINDING.encode(), call | {"key": f"call:{number}", "kind": kind})
        if len(failed) > 2:
            loop = asked | {"start": start, "end": end, "calls": json.dumps(failed), "cost": rng.choice([None, 7])}
            await connection.execute(LOOP.encode(), loop)
            await connection.execute(FINDING.encode(), loop | {"key": "loop:1", "kind": "loop", "tool": "t"})
    return trace_id


def told(found: Found) -> dict[Any, Any]:
    """Figures to compare."""
    return {
        key: (*counted(part), len(part.users), len(part.users_affected), percentiles(part.durations, (0.5, 0.95)))
        for key, part in found.items()
        if any(part.sums)
    }


def counted(part: Figures) -> tuple[list[int], int | None]:
    """What needs no sets and durations, without the zeros at the end."""
    sums = list(part.sums)
    while sums and not sums[-1]:
        sums.pop()
    return sums, part.latest_unix_nano


async def check(connection: Connection, rng: random.Random) -> None:
    """Roll-ups and rows tell the same of some time."""
    since, until = sorted(DAY * HOUR_NS + rng.randrange(-HOUR_NS, HOURS * HOUR_NS) for _ in range(2))
    if rng.random() < 0.5:
        since, until = DAY * HOUR_NS, (DAY + HOURS) * HOUR_NS
    filters = (rng.choice([None, "1"]), rng.choice([None, "dev"]))
    reads = FigureReads(connection, 1, since, until + 1, *filters)
    step_ns = rng.choice([HOUR_NS, 24 * HOUR_NS, HOUR_NS // 2])
    steps = {"origin": since // step_ns * step_ns, "step_ns": step_ns}
    parts = Parts([], [], [(since, until + 1)])
    of_rows = await reads.of_parts(SORTS, parts, steps)
    assert told(await reads.by_step(SORTS, steps["origin"], step_ns)) == told(of_rows)
    whole = {"origin": since, "step_ns": until + 1 - since}
    for names in (None, ["t"]):
        of_tools = told(await reads.of_parts(["tools"], parts, whole, names))
        assert told(await reads.whole(["tools"], names)) == of_tools
        sums = {key: counted(found) for key, found in (await reads.sums(["tools", "callers"], names)).items()}
        both = await reads.of_parts(["tools", "callers"], parts, whole, names)
        assert {key: value for key, value in sums.items() if any(value[0])} == {
            key: counted(found) for key, found in both.items() if any(found.sums)
        }
    by_step = await reads.sums_by_step(SORTS, steps["origin"], step_ns)
    assert {key: counted(found) for key, found in by_step.items() if any(found.sums)} == {
        key: counted(found) for key, found in of_rows.items() if any(found.sums)
    }
    await check_issues(connection, IssueFilter(1, since, until + 1, release=filters[0], environment=filters[1]))


async def check_issues(connection: Connection, wanted: IssueFilter) -> None:
    """Issues are told as counting their findings from scratch does; so are the steps of their trends."""
    asked: dict[str, Any] = {"since": wanted.since_unix_nano, "until": wanted.until_unix_nano}
    asked |= {"release": wanted.release, "environment": wanted.environment}
    rows = await (await connection.execute(MET.encode(), asked)).fetchall()
    figures = IssueFigures(connection, wanted)
    assert await figures.met(with_users=True) == {name: tuple(rest) for name, *rest in rows}
    names = [name for name, *_ in rows]
    assert wanted.until_unix_nano is not None
    trends = await figures.trends(names, wanted.until_unix_nano)
    assert {name: sum(trend.counts) for name, trend in trends.items()} == {name: events for name, events, *_ in rows}


async def test_roll_ups_tell_what_the_rows_do(connection: Connection, database: str) -> None:
    rng = random.Random(3)
    work = RollupWork(database)
    traces = [await add_trace(connection, rng) for _ in range(12)]
    for change in (3, 0, 1, 3, 2, 0, 1, 3):
        if change == 0:
            traces.append(await add_trace(connection, rng))
        elif change == 1:
            gone = traces.pop(rng.randrange(len(traces)))
            for table in ("traces", "tool_calls", "loops", "findings"):
                await connection.execute(f"DELETE FROM {table} WHERE trace_id = %s".encode(), [gone])
        elif change == 2:
            text = b"UPDATE tool_calls SET status = 'error' WHERE trace_id = %s AND call_key = '1'"
            await connection.execute(text, [rng.choice(traces)])
        else:
            while await work.step(0.0):
                pass
        await check(connection, rng)
    await work.close()


async def test_a_day_is_made_of_its_hours_and_goes_when_one_changes(connection: Connection, database: str) -> None:
    rng = random.Random(5)
    for _ in range(10):
        await add_trace(connection, rng)
    work = RollupWork(database)
    while await work.step(0.0):
        pass
    days = b"SELECT DISTINCT hour FROM figure_rollups WHERE hours = 24"
    made = set(await (await connection.execute(days)).fetchall())
    assert made >= {(DAY,), (DAY + 24,)}
    await roll_up(connection, 1, DAY)  # by somebody who found it due before another did it
    assert set(await (await connection.execute(days)).fetchall()) == made
    await check(connection, rng)
    await connection.execute(b"DELETE FROM traces")
    await check(connection, rng)
    while await work.step(0.0):
        pass
    await work.close()
    assert await make_days(connection, 2**62) == 0
    await check(connection, rng)
