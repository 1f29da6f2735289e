"""Migrations: forward only, once, all or nothing, and never onto a schema that they do not know."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.fix_database import Servers
from trace_store import migrate as migrate_module
from trace_store.exceptions import RainbarrelError, SchemaMismatch, StoreUnavailable
from trace_store.migrate import SAME_STATEMENTS, Migration, check_schema, migrate, migrations, schema_version
from trace_store.tiers import Tier


def run(conninfo: str, statement: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_an_empty_database_gets_the_whole_schema_and_then_nothing(any_empty_database: str) -> None:
    report = migrate(any_empty_database)
    assert (report.version_before, report.version) == (0, schema_version())
    assert report.applied == tuple(migration.name for migration in migrations())
    again = migrate(any_empty_database)
    assert (again.version_before, again.version, again.applied) == (schema_version(), schema_version(), ())
    assert again.tier is report.tier
    assert check_schema(any_empty_database) is report.tier


def test_the_tier_is_what_the_server_offers(any_empty_database: str, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["any_empty_database"]
    expected = Tier.POSTGRESQL if name.startswith("postgresql") else Tier(name)
    assert migrate(any_empty_database).tier is expected


def test_two_starters_do_not_collide(any_empty_database: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(migrate, [any_empty_database] * 4))
    assert sorted(len(report.applied) for report in reports) == [0, 0, 0, len(migrations())]


def test_a_newer_schema_is_refused(database: str) -> None:
    run(database, "INSERT INTO rainbarrel.migrations (version, name, sha256) VALUES (999, 'future', '')")
    for refuses in (migrate, check_schema):
        with pytest.raises(SchemaMismatch, match=r"schema version 999.*Upgrade Rainbarrel"):
            refuses(database)


def test_a_server_that_is_too_old_is_refused(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_module, "SERVER_VERSION_MIN", 990000)
    for refuses in (migrate, check_schema):
        with pytest.raises(SchemaMismatch, match=r"PostgreSQL 18; Rainbarrel needs 99 or newer.*Upgrade the server"):
            refuses(empty_database)


def test_an_altered_migration_is_refused(database: str) -> None:
    run(database, "UPDATE rainbarrel.migrations SET sha256 = 'other' WHERE version = 1")
    for refuses in (migrate, check_schema):
        with pytest.raises(SchemaMismatch, match=r"Migration 1 \(initial\).*another build"):
            refuses(database)


def test_a_database_that_nobody_migrated_says_what_to_do(empty_database: str) -> None:
    with pytest.raises(SchemaMismatch, match="run `rainbarrel migrate`"):
        check_schema(empty_database)


def test_a_migration_that_fails_leaves_nothing_of_itself(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Migration(schema_version() + 1, "broken", "CREATE TABLE half (a integer); SELECT 1 / 0;")
    monkeypatch.setattr(migrate_module, "migrations", lambda: [*migrations(), broken])
    with pytest.raises(RainbarrelError, match="division by zero"):
        migrate(database)
    monkeypatch.undo()
    assert migrate(database).applied == ()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('rainbarrel.half')").fetchone() == (None,)


def test_a_later_migration_partitions_its_tables_too(any_empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(any_empty_database)
    text = "CREATE TABLE later (\n  bucket date NOT NULL,\n  a integer\n) /*PARTITION_BY_BUCKET*/;"
    later = Migration(schema_version() + 1, "later", text)
    monkeypatch.setattr(migrate_module, "migrations", lambda: [*migrations(), later])
    report = migrate(any_empty_database)
    assert report.applied == ("later",)
    with psycopg.connect(any_empty_database) as connection:
        cursor = connection.execute("SELECT relkind::text FROM pg_class WHERE relname = 'later'")
        assert cursor.fetchone() == ("r" if report.tier.has_hypertables else "p",)


def test_a_role_without_rights_says_so(servers: Servers, empty_database: str) -> None:
    name = conninfo_to_dict(empty_database)["dbname"]
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS rainbarrel_guest")
        connection.execute("CREATE ROLE rainbarrel_guest LOGIN PASSWORD 'guest'")
        connection.execute(sql.SQL("REVOKE CREATE ON DATABASE {} FROM PUBLIC").format(sql.Identifier(str(name))))
    with pytest.raises(SchemaMismatch, match="lacks a right"):
        migrate(make_conninfo(empty_database, user="rainbarrel_guest", password="guest", passfile="/dev/null"))


def test_a_server_that_is_away_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable):
        migrate("postgresql://postgres@127.0.0.1:1/postgres")


def test_migrations_that_were_published_stay_as_they_are() -> None:
    """Their digests stand in the databases of users: a changed comment locks them out. Add the line of a new one."""
    found = {migration.version: migration.sha256 for migration in migrations()}
    lines = (Path(__file__).parent / "migrations.sha256").read_text().splitlines()
    assert {int(name[:4]): digest for digest, name in (line.split() for line in lines)} == found


def test_a_database_whose_migration_had_another_comment_is_taken(database: str) -> None:
    for version, digest in SAME_STATEMENTS.items():
        run(database, f"UPDATE rainbarrel.migrations SET sha256 = '{digest}' WHERE version = {version}")
    assert check_schema(database) is migrate(database).tier
