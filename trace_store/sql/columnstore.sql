-- The columnstore of TimescaleDB under the Timescale licence; see docs/decisions/storage_tiers.md.

-- enable_statements --
-- For every table with a columnstore that has it not yet: the statement that gives it one. Blobs are compressed
-- already; receipts are few.
SELECT format('ALTER TABLE %I.%I SET (timescaledb.compress, timescaledb.compress_segmentby = %L, '
              'timescaledb.compress_orderby = %L)', hypertable_schema, hypertable_name, 'project_id', wanted.order_by)
FROM timescaledb_information.hypertables
JOIN (VALUES ('spans', 'trace_id, span_id, start_unix_nano'),
             ('span_links', 'trace_id, span_id, start_unix_nano, position'),
             ('span_facts', 'trace_id, span_id, start_unix_nano'),
             ('log_records', 'digest')) AS wanted (name, order_by) ON wanted.name = hypertable_name
WHERE hypertable_schema = 'rainbarrel' AND NOT compression_enabled
ORDER BY hypertable_name

-- old_chunks --
-- Chunks that end at or before the cutoff and are not, or no longer wholly, in the columnstore.
SELECT format('%%I.%%I', chunk_schema, chunk_name)
FROM timescaledb_information.chunks
JOIN timescaledb_information.hypertables USING (hypertable_schema, hypertable_name)
WHERE hypertable_schema = 'rainbarrel' AND compression_enabled AND range_end <= %(cutoff)s::timestamptz
ORDER BY range_end, hypertable_name

-- compress_chunk --
-- Moves a chunk, or the rows that came late into it, to the columnstore.
SELECT compress_chunk(%(chunk)s::text::regclass, if_not_compressed => true)
