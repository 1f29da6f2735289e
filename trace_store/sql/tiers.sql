-- Which tier a database has or could have.

-- tier --
-- One row: the kind of table that spans is (p: partitioned, r: hypertable, NULL: no schema yet) and TimescaleDB's
-- licence (apache, timescale; NULL without the extension).
SELECT (SELECT relkind::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'rainbarrel' AND relname = 'spans'),
       current_setting('timescaledb.license', true)

-- timescaledb_is_installable --
-- True when the extension is there, or its package is installed and its library preloaded.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
    OR EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
       AND current_setting('timescaledb.disable_load', true) IS NOT NULL

-- create_timescaledb --
-- Installs the extension where it is not; alone in its session, as TimescaleDB asks.
CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public

-- create_hypertable --
-- Turns one table into a hypertable with a chunk per day of bucket; the primary key leads with bucket's partner columns.
SELECT create_hypertable(%(table)s::text::regclass, by_range('bucket', interval '1 day'), create_default_indexes => false)
