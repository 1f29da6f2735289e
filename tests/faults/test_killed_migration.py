"""A migration is killed with -9 half-way: the next start goes on where it stopped, and the schema is whole."""

import psycopg
import pytest

from tests.faults.role_process import RoleProcess
from tests.faults.stored_spans import ask
from tests.fix_database import Servers
from trace_store.exceptions import SchemaMismatch
from trace_store.migrate import check_schema, migrate, schema_version

COLUMNS = """
SELECT table_name, column_name, data_type, column_default FROM information_schema.columns
WHERE table_schema = 'rainbarrel' ORDER BY 1, 2
"""


@pytest.mark.thorough
@pytest.mark.parametrize("nth", [1, 7])
def test_a_killed_migration(servers: Servers, empty_database: str, tmp_path, nth: int) -> None:
    with RoleProcess("migrate", empty_database, tmp_path / "migrate.log", failpoints=f"migrate=kill@{nth}") as command:
        command.wait_for_kill()
    with pytest.raises(SchemaMismatch, match="rainbarrel migrate"):
        check_schema(empty_database)
    if nth > 1:
        assert ask(empty_database, "SELECT count(*) FROM rainbarrel.migrations") == nth - 1
    assert migrate(empty_database).version == schema_version()
    check_schema(empty_database)
    assert columns(empty_database) == columns(servers.create_migrated("postgresql_18"))


def columns(conninfo: str) -> list[tuple[str, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(COLUMNS).fetchall()
