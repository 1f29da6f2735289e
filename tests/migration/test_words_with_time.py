"""Words that an older schema held without the time of their interaction are found as before."""

import psycopg
import pytest

from tests.fix_pages import running_pages
from tests.interactions_seeded import interaction, seed
from trace_store import migrate as migrate_module
from trace_store.migrate import migrate, migrations

WORDS = "INSERT INTO rainbarrel.interaction_words VALUES (1, %s, 1, 0, array_to_tsvector(ARRAY['refund', %s]))"


async def test_words_of_an_older_schema_are_found(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    older = migrations()[: [migration.name for migration in migrations()].index("issue_figures")]
    with monkeypatch.context() as before:
        before.setattr(migrate_module, "migrations", lambda: older)
        migrate(empty_database)
    rows = [interaction(f"e{n}", minutes=n * 50, input="refund") for n in (2, 0, 1)]
    seed(empty_database, "interactions", rows)
    with psycopg.connect(empty_database) as connection:
        for row in rows:
            connection.execute(WORDS.encode(), [row.event_id, row.event_id])
    migrate(empty_database)
    async with running_pages(empty_database) as pages:
        found = (await pages.json("/v1/events/search?query=refund"))["data"]
        assert [event["id"] for event in found] == ["e2", "e1", "e0"]
        assert [event["id"] for event in (await pages.json("/v1/events/search?query=e1"))["data"]] == ["e1"]
