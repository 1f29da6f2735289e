"""Facts that an older schema held a row a span are read as before, in few parts, until they are made anew."""

from typing import Any

import psycopg
import pytest

from tests.facts_stored import facts_stored
from tests.fix_pages import store
from tests.spans_made import NOW, new_id, span
from trace_store import migrate as migrate_module
from trace_store.buckets import DAY_NS
from trace_store.claim import NewMark, Unit
from trace_store.fact_parts import span_key
from trace_store.fact_rows import FactRow
from trace_store.flush import UNIT_TRACE
from trace_store.migrate import migrate, migrations
from trace_store.stored import StoredSpan
from trace_store.work import WorkQueue

INSERT = """
INSERT INTO rainbarrel.span_facts
SELECT project_id, trace_id, span_id, start_unix_nano, bucket, end_unix_nano, raw_length, digest,
  %s, %s, %s, 1, %s::jsonb
FROM rainbarrel.spans WHERE span_id = %s
"""
PARTS = "SELECT span_count, mapping_version, dialects, user_ids FROM rainbarrel.fact_parts ORDER BY 2, 3, 1, bucket"


async def spans_of(conninfo: str, trace_id: bytes) -> list[StoredSpan]:
    queue = WorkQueue(conninfo)
    await queue.mark([NewMark(Unit(1, UNIT_TRACE, trace_id))])
    async with queue.claim() as claim:
        spans = [found for found in await claim.new_spans() if found.row.trace_id == trace_id]
        await claim.put_facts([FactRow(each.row, "llm", "otel_genai", 3, 1, {"anew": True}) for each in spans[:1]])
    await queue.close()
    return spans


async def test_facts_of_an_older_schema_are_read_the_same(
    any_empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [migration.name for migration in migrations()]
    older = migrations()[: names.index("fact_parts")]
    with monkeypatch.context() as before:
        before.setattr(migrate_module, "migrations", lambda: older)
        migrate(any_empty_database)
    long, other = new_id(16), new_id(16)
    sent = [span(long, start_unix_nano=NOW - number) for number in range(130)]
    sent += [span(other), span(other), span(other, start_unix_nano=NOW - DAY_NS)]
    await store(any_empty_database, sent)
    told: dict[str, dict[str, Any]] = {}
    with psycopg.connect(any_empty_database) as connection:
        for number, each in enumerate(sent[:-1]):
            is_mine = each is sent[-2]
            facts = {"name": f"\u00e9 {number}\n", "verdict": ["ok", "", ""]} | (
                {"user_id": "ada"} if number > 127 else {}
            )
            row: list[Any] = ["tool", "mine" if is_mine else "openinference", 1 if is_mine else 2]
            connection.execute(INSERT.encode(), (*row, psycopg.types.json.Jsonb(facts), each.span_id))
            told[each.span_id.hex()] = {"type": "tool", "dialect": row[1], "facts": facts}
    assert migrate(any_empty_database).applied[:2] == ("fact_parts", "span_facts_moved")
    with psycopg.connect(any_empty_database) as connection:
        moved = facts_stored(connection)
        assert {row["span"][:16]: {name: row[name] for name in ("type", "dialect", "facts")} for row in moved} == told
        parts = connection.execute(PARTS.encode()).fetchall()
        assert sorted(parts, key=str) == sorted(
            [
                *[(1, 1, ["mine"], ["ada"]), (1, 2, ["openinference"], ["ada"])],
                *[(2, 2, ["openinference"], None), (128, 2, ["openinference"], ["ada"])],
            ],
            key=str,
        )
    first = (await spans_of(any_empty_database, long))[0].row
    with psycopg.connect(any_empty_database) as connection:
        anew = [row["facts"] for row in facts_stored(connection) if row["span"] == span_key(first).hex()]
    assert anew == [{"anew": True}]
