-- Retention: days are dropped whole, derived rows are deleted by key. Nothing is deleted with RETURNING.

-- try_lock --
-- True for the one process that may clean up; held until the session ends.
SELECT pg_try_advisory_lock(hashtextextended('rainbarrel maintenance', 0))

-- expired_partition_statements --
-- For every day before the cutoff: the statement that drops that day's partition of each table, the tables in the
-- order in which a flush uses them. No rows on TimescaleDB.
SELECT 'DROP TABLE ' || string_agg(format('%%I.%%I', nspname, child.relname), ', ' ORDER BY
         array_position(ARRAY['spans', 'log_records', 'span_blobs', 'span_links'], parent.relname::text) NULLS LAST)
FROM pg_partitioned_table
JOIN pg_class parent ON parent.oid = partrelid
JOIN pg_namespace ON pg_namespace.oid = parent.relnamespace
JOIN pg_inherits ON inhparent = parent.oid
JOIN pg_class child ON child.oid = inhrelid
WHERE nspname = 'rainbarrel' AND right(child.relname, 8) < to_char(%(cutoff)s::date, 'YYYYMMDD')
GROUP BY right(child.relname, 8)
ORDER BY right(child.relname, 8)

-- drop_expired_chunks --
-- Drops the chunks of every hypertable whose day lies before the cutoff; one row per dropped chunk.
SELECT drop_chunks(format('%%I.%%I', hypertable_schema, hypertable_name)::regclass, older_than => %(cutoff)s::date)
FROM timescaledb_information.hypertables
WHERE hypertable_schema = 'rainbarrel'
ORDER BY hypertable_name

-- limit_waiting --
-- Dropping waits for running statements, and new ones wait behind it: give up soon and try again later.
SELECT set_config('lock_timeout', '900ms', true)

-- lock_expired_traces --
-- Up to 256 derived traces whose last day lies before the cutoff (traces_bucket_idx), locked against the processor like
-- a claim of it; the ones that it works on are left for the next time.
SELECT project_id, trace_id
FROM (SELECT project_id, trace_id FROM traces WHERE bucket_max < %(cutoff)s ORDER BY bucket_max LIMIT 256) expired
WHERE pg_try_advisory_xact_lock(hashtextextended(encode(trace_id, 'hex'), project_id::bigint * 16 + 1))

-- still_expired_traces --
-- Those of the locked traces that have not got spans of a later day meanwhile (primary key).
SELECT project_id, trace_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS locked (project_id, trace_id)
JOIN traces USING (project_id, trace_id)
WHERE bucket_max < %(cutoff)s

-- mark_expired_interactions --
-- Marks interactions whose last day has gone (interactions_bucket_idx): derived again, nothing is left of them.
INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
SELECT project_id, 2, convert_to(event_id, 'UTF8')
FROM (SELECT project_id, event_id FROM interactions WHERE last_bucket < %(cutoff)s ORDER BY last_bucket LIMIT 10000) gone
WHERE NOT EXISTS (
  SELECT FROM dirty_marks mark
  WHERE (mark.project_id, mark.unit_kind, mark.unit_id) = (gone.project_id, 2, convert_to(gone.event_id, 'UTF8')))

-- delete_expired_user_updates --
-- Forgets what was said long ago of users without an interaction (interactions_user_idx), and marks these.
WITH forgotten AS (
  DELETE FROM user_updates old
  WHERE received_at < %(cutoff)s AND NOT EXISTS (
    SELECT FROM interactions
    WHERE interactions.project_id = old.project_id AND left(interactions.user_id, 255) = left(old.user_id, 255)
      AND interactions.user_id = old.user_id)
  RETURNING project_id, user_id
)
INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
SELECT DISTINCT project_id, 6, convert_to(user_id, 'UTF8') FROM forgotten

-- sum_receipts --
-- Replaces the receipts of each hour by one per project and signal, but for the last five minutes; one statement, so
-- that no receipt is deleted without being counted. Looks two days back (ingest_receipts_received_idx is not needed:
-- partitions of two days, mostly sums already).
WITH old AS MATERIALIZED (
  SELECT receipt.*, date_trunc('hour', received_at) AS hour
  FROM ingest_receipts receipt
  WHERE bucket >= current_date - 2 AND received_at < now() - interval '5 minutes'
), crowded AS MATERIALIZED (
  SELECT project_id, bucket, signal, hour FROM old GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
), gone AS (
  DELETE FROM ingest_receipts receipt USING crowded
  WHERE (receipt.project_id, receipt.bucket, receipt.signal, date_trunc('hour', receipt.received_at))
      = (crowded.project_id, crowded.bucket, crowded.signal, crowded.hour)
    AND receipt.bucket >= current_date - 2 AND receipt.received_at < now() - interval '5 minutes'
), reasons AS (
  SELECT project_id, bucket, signal, hour, jsonb_object_agg(reason, total) AS rejected
  FROM (
    SELECT project_id, bucket, signal, hour, key AS reason, sum(value::bigint) AS total
    FROM old CROSS JOIN jsonb_each_text(rejected)
    GROUP BY 1, 2, 3, 4, 5
  ) totals
  GROUP BY 1, 2, 3, 4
)
INSERT INTO ingest_receipts (project_id, bucket, received_at, signal, accepted, duplicate, rejected, late, bytes)
SELECT project_id, bucket, max(received_at), signal, sum(accepted), sum(duplicate),
       coalesce(min(reasons.rejected::text)::jsonb, '{}'), sum(late), sum(bytes)
FROM old
JOIN crowded USING (project_id, bucket, signal, hour)
LEFT JOIN reasons USING (project_id, bucket, signal, hour)
GROUP BY project_id, bucket, signal, hour
