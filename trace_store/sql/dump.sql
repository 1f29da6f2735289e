-- What is asked before a backup and a restore.

-- has_timescaledb --
-- Whether the extension is installed in this database.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')

-- is_in_use --
-- Whether the schema is there.
SELECT to_regnamespace('rainbarrel') IS NOT NULL
