-- What `doctor` asks the database.

-- diagnosis --
-- One row: PostgreSQL's version, TimescaleDB's version or NULL, the size of the database in bytes, its clock in seconds.
SELECT current_setting('server_version'),
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
       pg_database_size(current_database()),
       extract(epoch FROM clock_timestamp())::float8
