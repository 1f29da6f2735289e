"""The files of `sql/schema` are exactly what the migrations make of an empty database on plain PostgreSQL."""

from importlib.resources import files

import psycopg

from trace_store.migrate import migrate

CATALOG = b"""
SELECT 'column', relname, attname, format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' || attstorage::text
       || ' ' || attidentity::text || ' ' || coalesce(pg_get_expr(adbin, adrelid), '')
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'rainbarrel'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'order', relname, attname, attnum::text
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'rainbarrel'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'rainbarrel'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'rainbarrel'::regnamespace
UNION ALL
SELECT 'partitioning', partrelid::regclass::text, '', pg_get_partkeydef(partrelid) FROM pg_partitioned_table
UNION ALL
SELECT 'options', relname, relkind::text, coalesce(reloptions::text, '')
FROM pg_class WHERE relnamespace = 'rainbarrel'::regnamespace
UNION ALL
SELECT 'sequence', sequencename, data_type::text, concat_ws(' ', start_value, increment_by, min_value, max_value)
FROM pg_sequences WHERE schemaname = 'rainbarrel'
UNION ALL
SELECT 'view', viewname, '', definition FROM pg_views WHERE schemaname = 'rainbarrel'
UNION ALL
SELECT 'routine', proname, pg_get_function_identity_arguments(oid), prosrc
FROM pg_proc WHERE pronamespace = 'rainbarrel'::regnamespace
UNION ALL
SELECT 'project', slug, project_id::text, '' FROM rainbarrel.projects
ORDER BY 1, 2, 3, 4
"""


def catalog(conninfo: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(CATALOG).fetchall()


def test_schema_files_equal_migrations(database: str, empty_database: str) -> None:
    folder = files("trace_store") / "sql" / "schema"
    with psycopg.connect(empty_database) as connection:
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            connection.execute(file.read_text(encoding="utf-8").encode())
    described = catalog(empty_database)
    assert described == catalog(database)
    assert len(described) > 200


def test_migrating_twice_changes_nothing(database: str) -> None:
    before = catalog(database)
    migrate(database)
    assert catalog(database) == before
