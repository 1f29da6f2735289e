"""Loads tables of an embedded PostgreSQL quickly: indexes are built after the rows, and nothing is synced meanwhile."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

# What is lost when the machine stops meanwhile is seeded again.
_UNSAFE = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
_SESSION = (
    "SET maintenance_work_mem = '512MB'",
    "SET max_parallel_maintenance_workers = 1",
    "SET work_mem = '256MB'",
    "SET session_replication_role = replica",  # foreign keys are not looked up row by row
)
_INDEXES = """
SELECT schemaname, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'rainbarrel' AND tablename = ANY (%s)
  AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname
"""


@contextmanager
def loading(connection: psycopg.Connection[Any], tables: Sequence[str]) -> Iterator[None]:
    """While rows are added to these tables of the schema, which have no indexes but their primary keys until the end.

    Afterwards all of them are vacuumed and analysed and everything is on disk. `connection` is in autocommit mode.
    """
    for name in _UNSAFE:
        connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
    connection.execute("SELECT pg_reload_conf()")
    for statement in _SESSION:
        connection.execute(statement.encode())
    found = connection.execute(_INDEXES, (list(tables),)).fetchall()
    for schema, name, _ in found:
        connection.execute(f"DROP INDEX {schema}.{name}".encode())
    yield
    for _, _, definition in found:
        connection.execute(definition.encode())
    connection.execute(f"VACUUM ANALYZE {', '.join(f'rainbarrel.{name}' for name in tables)}".encode())
    for name in _UNSAFE:
        connection.execute(f"ALTER SYSTEM RESET {name}".encode())
    connection.execute("SELECT pg_reload_conf()")
    connection.execute("SET session_replication_role = origin")
    connection.execute("CHECKPOINT")
