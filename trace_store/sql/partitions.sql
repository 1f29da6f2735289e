-- Days of the tables that are kept by bucket, on plain PostgreSQL; TimescaleDB makes chunks by itself.

-- missing_partition_statements --
-- For every partitioned table and day that has no partition: the statement that makes it. LIKE and ATTACH, since they
-- do not wait for running reads and writes as PARTITION OF would. No rows on TimescaleDB.
SELECT format('CREATE TABLE %%1$I.%%3$I (LIKE %%1$I.%%2$I INCLUDING ALL); '
              'ALTER TABLE %%1$I.%%2$I ATTACH PARTITION %%1$I.%%3$I FOR VALUES FROM (%%4$L) TO (%%5$L)',
              nspname, parent.relname, parent.relname || to_char(day, '"_"YYYYMMDD'), day, day + 1)
FROM pg_partitioned_table
JOIN pg_class parent ON parent.oid = partrelid
JOIN pg_namespace ON pg_namespace.oid = parent.relnamespace
CROSS JOIN unnest(%(days)s::date[]) AS day
WHERE nspname = 'rainbarrel'
  AND to_regclass(format('%%I.%%I', nspname, parent.relname || to_char(day, '"_"YYYYMMDD'))) IS NULL
ORDER BY parent.relname, day

-- lock --
-- Lets one process at a time make or drop partitions; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('rainbarrel partitions', 0))
