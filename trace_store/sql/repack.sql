-- Repacking: small blobs of settled traces become full ones, and bytes that no row refers to are left behind.

-- slices --
-- The project, bucket and signal of every group of blobs worth looking at (span_blobs_repack_idx).
SELECT project_id, bucket, signal
FROM span_blobs
WHERE record_count < 32 AND raw_bytes < 131072 OR dead_count > 0
GROUP BY project_id, bucket, signal
HAVING count(*) > 1 OR sum(dead_count) > 0
ORDER BY project_id, bucket, signal

-- candidates --
-- The next blobs of one slice (span_blobs_repack_idx) that no outstanding mark names: the processor still has to read
-- those where they are.
SELECT blob_id, dead_count, body
FROM span_blobs
WHERE project_id = %(project_id)s AND bucket = %(bucket)s AND signal = %(signal)s AND blob_id > %(after)s
  AND (record_count < 32 AND raw_bytes < 131072 OR dead_count > 0)
  AND blob_id NOT IN (
    SELECT blob_id FROM dirty_marks
    WHERE project_id = %(project_id)s AND bucket = %(bucket)s AND blob_id IS NOT NULL
  )
  AND NOT EXISTS (  -- log batches that `reprocess` marked
    SELECT FROM dirty_marks mark
    WHERE mark.project_id = %(project_id)s AND mark.unit_kind = 4 AND mark.unit_id = int8send(span_blobs.blob_id)
  )
ORDER BY blob_id
LIMIT %(blobs_max)s

-- live_traces --
-- Which of these traces still grow (primary key); their spans are packed when they have come to rest.
SELECT trace_id FROM traces WHERE project_id = %(project_id)s AND trace_id = ANY (%(trace_ids)s) AND live

-- span_rows --
-- The rows that refer to these blobs: trace, rest of the key, place (primary key, by trace).
SELECT trace_id, span_id, start_unix_nano, blob_id, blob_position
FROM spans
WHERE project_id = %(project_id)s AND bucket = %(bucket)s AND trace_id = ANY (%(trace_ids)s)
  AND blob_id = ANY (%(blob_ids)s)
ORDER BY trace_id, start_unix_nano, span_id

-- log_rows --
-- The same for log records (log_records_trace_idx, log_records_batch_idx).
SELECT trace_id, digest, 0::bigint, blob_id, blob_position
FROM log_records
WHERE project_id = %(project_id)s AND bucket = %(bucket)s AND trace_id = ANY (%(trace_ids)s)
  AND blob_id = ANY (%(blob_ids)s)
UNION ALL
SELECT ''::bytea, digest, 0, blob_id, blob_position
FROM log_records
WHERE project_id = %(project_id)s AND bucket = %(bucket)s AND trace_id IS NULL AND blob_id = ANY (%(blob_ids)s)
ORDER BY 1, 2

-- move_spans --
-- Points rows at their new places, unless a larger version has replaced them meanwhile (primary key). From the
-- columnstore it unpacks these traces only, as long as they are constants for the planner: not to be prepared.
UPDATE spans AS old SET blob_id = new.blob_id, blob_position = new.blob_position
FROM unnest(%(trace_ids)s::bytea[], %(keys)s::bytea[], %(starts)s::bigint[], %(old_blob_ids)s::bigint[],
  %(blob_ids)s::bigint[], %(positions)s::smallint[])
  AS new (trace_id, span_id, start_unix_nano, old_blob_id, blob_id, blob_position)
WHERE old.project_id = %(project_id)s AND old.bucket = %(bucket)s AND old.trace_id = ANY (%(trace_ids)s::bytea[])
  AND (old.trace_id, old.span_id, old.start_unix_nano, old.blob_id)
    = (new.trace_id, new.span_id, new.start_unix_nano, new.old_blob_id)

-- move_logs --
-- The same for log records (primary key).
UPDATE log_records AS old SET blob_id = new.blob_id, blob_position = new.blob_position
FROM unnest(%(keys)s::bytea[], %(old_blob_ids)s::bigint[], %(blob_ids)s::bigint[], %(positions)s::smallint[])
  AS new (digest, old_blob_id, blob_id, blob_position)
WHERE old.project_id = %(project_id)s AND old.bucket = %(bucket)s
  AND (old.digest, old.blob_id) = (new.digest, new.old_blob_id)

-- delete_blobs --
-- Removes repacked blobs (primary key).
DELETE FROM span_blobs
WHERE project_id = %(project_id)s AND bucket = %(bucket)s AND blob_id = ANY (%(blob_ids)s)
