-- Erasure of whole traces, long before their day goes.

-- lock_trace --
-- Waits for the processor to let go of the trace; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(encode(%(trace_id)s::bytea, 'hex'), %(project_id)s::bigint * 16 + 1))

-- places_of_spans --
-- Where the bytes of the trace's spans lie (primary key).
SELECT project_id, bucket, blob_id FROM spans WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- places_of_logs --
-- Where the bytes of the trace's log records lie (log_records_trace_idx), and of those of no trace that its spans stand
-- for (primary key).
SELECT project_id, bucket, blob_id FROM log_records WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s
UNION ALL
SELECT log.project_id, log.bucket, log.blob_id
FROM spans span
JOIN log_records log USING (project_id, digest, bucket)
WHERE span.project_id = %(project_id)s AND span.trace_id = %(trace_id)s AND span.kind = -1 AND log.trace_id IS NULL

-- delete_spans --
-- Removes the rows of the trace (primary key).
DELETE FROM spans WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- delete_facts --
-- Removes the facts of the trace (primary key).
DELETE FROM fact_parts WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- delete_links --
-- Removes the links that the trace carries (primary key).
DELETE FROM span_links WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- delete_logs_of_spans --
-- Removes the log records of no trace that spans of the trace stand for (primary keys); before delete_spans.
DELETE FROM log_records AS log
USING spans AS span
WHERE span.project_id = %(project_id)s AND span.trace_id = %(trace_id)s AND span.kind = -1 AND log.trace_id IS NULL
  AND (log.project_id, log.digest, log.bucket) = (span.project_id, span.digest, span.bucket)

-- delete_logs --
-- Removes the log records of the trace (log_records_trace_idx).
DELETE FROM log_records WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- delete_verdicts --
-- Removes what people said of findings of the trace (primary key).
DELETE FROM verdicts WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- delete_marks --
-- Nothing is left to derive (dirty_marks_unit_idx).
DELETE FROM dirty_marks WHERE project_id = %(project_id)s AND unit_kind = 1 AND unit_id = %(trace_id)s

-- mark_group --
-- What remains of the trace's group is settled again (primary key, traces_group_idx).
INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
SELECT mate.project_id, 5, mate.trace_id
FROM traces gone
JOIN traces mate ON (mate.project_id, mate.group_id) = (gone.project_id, gone.group_id)
  AND mate.trace_id <> gone.trace_id
WHERE gone.project_id = %(project_id)s AND gone.trace_id = %(trace_id)s
LIMIT 1
