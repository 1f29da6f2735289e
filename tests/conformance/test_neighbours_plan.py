"""How PostgreSQL looks for the other half of a tool call: by its id, whatever the statistics say of other projects."""

from tests.conformance.conftest import Store
from trace_store.connections import connect
from trace_store.trace_groups import SQL

PROJECTS, CALLS = 500, 2500
FEW_CALLS_EACH = """
INSERT INTO rainbarrel.tool_calls (project_id, trace_id, call_key, span_id, call_id, start_unix_nano, end_unix_nano,
  name, status, rule, path, recovered, arguments_digest)
SELECT number %% %(projects)s, decode(lpad(to_hex(number / 5), 32, '0'), 'hex'), number::text, '\\x01',
  'call_' || number,
  number * 1000000::bigint, number * 1000000::bigint,
  'tool', 'ok', '', '', false, decode(md5(number::text), 'hex')
FROM generate_series(1, %(calls)s) AS number
"""


async def test_calls_of_many_small_projects_do_not_make_it_read_all_of_a_large_one(store: Store) -> None:
    """Where a project has five calls on average, an index of times looks as good as one of ids, but is not for all."""
    await store.sql(FEW_CALLS_EACH, {"projects": PROJECTS, "calls": CALLS})
    await store.sql("ANALYZE rainbarrel.tool_calls")
    async with await connect(store.conninfo, "test") as connection:
        wanted = {"project_ids": [1], "trace_ids": [bytes(16)], "window": 600 * 10**9}
        cursor = await connection.execute(b"EXPLAIN " + SQL.neighbours, wanted)
        plan = "\n".join(str(line) for (line,) in await cursor.fetchall())
    assert plan.count("tool_calls_open_idx") == 2
    assert "tool_calls_start_idx" not in plan
