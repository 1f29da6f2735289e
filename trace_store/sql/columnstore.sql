-- The columnstore of TimescaleDB under the Timescale licence; see docs/decisions/storage_tiers.md.

-- enable_statements --
-- The statement that gives `spans` a columnstore, where it has none yet. A trace is a segment, since joins find rows in
-- the columnstore only by the columns of a segment.
SELECT format('ALTER TABLE %I.%I SET (timescaledb.compress, timescaledb.compress_segmentby = %L, '
              'timescaledb.compress_orderby = %L)',
              hypertable_schema, hypertable_name, 'project_id, trace_id', 'start_unix_nano, span_id')
FROM timescaledb_information.hypertables
WHERE hypertable_schema = 'rainbarrel' AND hypertable_name = 'spans' AND NOT compression_enabled

-- old_chunks --
-- Chunks that end at or before the cutoff, whether they are in the columnstore or not; oldest first.
SELECT format('%%I.%%I', chunk_schema, chunk_name)
FROM timescaledb_information.chunks
JOIN timescaledb_information.hypertables USING (hypertable_schema, hypertable_name)
WHERE hypertable_schema = 'rainbarrel' AND compression_enabled AND range_end <= %(cutoff)s::timestamptz
ORDER BY range_end, hypertable_name

-- compress_chunk --
-- Moves a chunk, or the rows that came late into it, to the columnstore; nothing when it is there wholly.
SELECT compress_chunk(%(chunk)s::text::regclass, if_not_compressed => true)
