-- What the store takes on disk.

-- partition_sizes --
-- Plain PostgreSQL: each table that is kept by day, the day, and what this day of it takes with indexes.
SELECT parent.relname::text, to_date(right(child.relname, 8), 'YYYYMMDD'), pg_total_relation_size(child.oid)
FROM pg_partitioned_table
JOIN pg_class parent ON parent.oid = partrelid
JOIN pg_namespace ON pg_namespace.oid = parent.relnamespace
JOIN pg_inherits ON inhparent = parent.oid
JOIN pg_class child ON child.oid = inhrelid
WHERE nspname = 'rainbarrel'

-- chunk_sizes --
-- TimescaleDB: the same of the chunks of each hypertable, the columnstore included.
SELECT hypertable_name::text, (range_start AT TIME ZONE 'UTC')::date, total_bytes
FROM timescaledb_information.hypertables
CROSS JOIN chunks_detailed_size(format('%I.%I', hypertable_schema, hypertable_name)::regclass) size
JOIN timescaledb_information.chunks USING (hypertable_schema, hypertable_name, chunk_schema, chunk_name)
WHERE hypertable_schema = 'rainbarrel'

-- table_sizes --
-- Every other table with what it takes, indexes included; those that are kept by day take nothing themselves.
SELECT relname::text, pg_total_relation_size(pg_class.oid)
FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = 'rainbarrel' AND relkind = 'r' AND NOT relispartition

-- database_size --
-- The database with everything in it, ours or not.
SELECT pg_database_size(current_database())

-- received_by_day --
-- Per day of receipt: what all projects sent, as raw bytes, and how many spans of it were kept.
SELECT bucket, coalesce(sum(bytes), 0)::bigint,
       coalesce(sum(accepted) FILTER (WHERE signal = 'traces'), 0)::bigint
FROM ingest_receipts
GROUP BY bucket
