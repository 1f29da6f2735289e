"""Brings a database to the schema of this version: forward only, one transaction per migration, one migrator at a time.

Migrations are `sql/migrations/NNNN_name.sql`. An applied one never changes: its sha256 is kept, and a database whose
list is longer than ours (a newer Rainbarrel was here) or differs from ours is refused with a sentence.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import errors

from trace_store.connections import connect_sync
from trace_store.database_errors import translate_errors
from trace_store.exceptions import SchemaMismatch
from trace_store.failpoints import reach
from trace_store.queries import load
from trace_store.tiers import SQL as TIER_SQL
from trace_store.tiers import Tier, read_tier_sync

SQL = load("migrate")
SERVER_VERSION_MIN = 160000
# Digests that databases recorded while a comment of the migration said another path; its statements are the same.
SAME_STATEMENTS = {
    6: "8404dc36d46443d5f1ab56fc2b43c8d35a288b7de0d04c43bb09eccd92f7c7b6",
    23: "1496bb9f8f623c2c9e42357683dfd588f0770f481f327a4c5a85cb3f56ef5223",
}
_BY_BUCKET = "/*PARTITION_BY_BUCKET*/"
_BUCKET_TABLE = re.compile(
    r"^CREATE TABLE (\w+) \((?:(?!^\)).)*^\) /\*PARTITION_BY_BUCKET\*/;", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `sql/migrations`."""

    version: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Checksum of the file, hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def bucket_tables(self) -> list[str]:
        """The tables it creates that are kept by day."""
        return _BUCKET_TABLE.findall(self.text)

    def statements(self, tier: Tier) -> bytes:
        """The SQL for one tier."""
        return self.text.replace(_BY_BUCKET, "" if tier.has_hypertables else "PARTITION BY RANGE (bucket)").encode()


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What `migrate` found and did."""

    tier: Tier
    version_before: int  # 0: an empty database
    version: int
    applied: tuple[str, ...]  # names of the migrations that this call applied


def migrations() -> list[Migration]:
    """All migrations of this version of Rainbarrel in order."""
    found = []
    for file in sorted((files("trace_store") / "sql" / "migrations").iterdir(), key=lambda file: file.name):
        version, _, name = file.name.removesuffix(".sql").partition("_")
        found.append(Migration(int(version), name, file.read_text(encoding="utf-8")))
    return found


def schema_version() -> int:
    """The schema version that this version of Rainbarrel works with."""
    return migrations()[-1].version


def migrate(conninfo: str) -> MigrationReport:
    """Applies what is missing; raises SchemaMismatch, or StoreUnavailable when the database cannot be reached."""
    with translate_errors(), connect_sync(conninfo, "rainbarrel migrate") as connection:
        _check_server(connection)
        connection.execute(SQL.lock)
        before = _applied(connection)
        _check(before, migrations())
        tier = read_tier_sync(connection) or _new_tier(conninfo, connection)
        pending = migrations()[len(before) :]
        if pending:
            with connect_sync(conninfo, "rainbarrel migrate") as worker:  # sees the extension from its first command on
                worker.execute(SQL.create_bookkeeping)
                for migration in pending:
                    _apply(worker, migration, tier)
        tier = read_tier_sync(connection) or tier
        return MigrationReport(tier, len(before), schema_version(), tuple(migration.name for migration in pending))


def check_schema(conninfo: str) -> Tier:
    """The tier of a database that fits this version; raises SchemaMismatch otherwise. Changes nothing."""
    with translate_errors(), connect_sync(conninfo, "rainbarrel") as connection:
        _check_server(connection)
        applied, ours = _applied(connection), migrations()
        _check(applied, ours)
        tier = read_tier_sync(connection)
        if len(applied) < len(ours) or tier is None:
            raise SchemaMismatch(
                f"The database has schema version {len(applied)}, this Rainbarrel needs {ours[-1].version}: "
                "run `rainbarrel migrate`."
            )
        return tier


def _check_server(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version
    if version < SERVER_VERSION_MIN:
        raise SchemaMismatch(
            f"The server is PostgreSQL {version // 10000}; Rainbarrel needs {SERVER_VERSION_MIN // 10000} or newer. "
            "Upgrade the server, or leave out --database-url to use the PostgreSQL that comes along."
        )


def _applied(connection: psycopg.Connection[Any]) -> list[tuple[int, str, str]]:
    row = connection.execute(SQL.has_bookkeeping).fetchone()
    return connection.execute(SQL.applied).fetchall() if row and row[0] else []


def _check(applied: list[tuple[int, str, str]], ours: list[Migration]) -> None:
    if len(applied) > len(ours):
        raise SchemaMismatch(
            f"The database has schema version {applied[-1][0]}, made by a newer Rainbarrel; this one knows "
            f"{ours[-1].version}. Upgrade Rainbarrel (schemas never go back)."
        )
    for (version, name, sha256), migration in zip(applied, ours, strict=False):
        if version != migration.version or sha256 not in (migration.sha256, SAME_STATEMENTS.get(version)):
            raise SchemaMismatch(
                f"Migration {version} ({name}) of the database is not the one of this Rainbarrel ({migration.name}): "
                "the database was made by another build. Use that build, or an empty database."
            )


def _new_tier(conninfo: str, connection: psycopg.Connection[Any]) -> Tier:
    row = connection.execute(TIER_SQL.timescaledb_is_installable).fetchone()
    if not row or not row[0]:
        return Tier.POSTGRESQL
    try:
        with connect_sync(conninfo, "rainbarrel migrate") as alone:
            alone.execute(TIER_SQL.create_timescaledb)
    except errors.InsufficientPrivilege:
        return Tier.POSTGRESQL  # this role may not install it; `doctor` names the tier
    return Tier.TIMESCALEDB_APACHE  # or the other licence, read from the server once the schema stands


def _apply(connection: psycopg.Connection[Any], migration: Migration, tier: Tier) -> None:
    with connection.transaction():
        connection.execute(migration.statements(tier))
        if tier.has_hypertables:
            for table in migration.bucket_tables:
                connection.execute(TIER_SQL.create_hypertable, {"table": table})
        record = {"version": migration.version, "name": migration.name, "sha256": migration.sha256}
        connection.execute(SQL.record, record)
        reach("migrate")
