-- Spans that stand for log records: their rows lie among the others with kind -1, which no sender can give.

-- logs_of_blobs --
-- The log records of given traces in given blobs (log_records_trace_idx) and those of no trace (log_records_batch_idx),
-- as `stored_logs` gives them. An empty trace id asks for the latter.
SELECT part.project_id, part.trace_id, part.bucket, blob.body, part.span_ids, part.times, part.event_names,
       part.digests, part.resource_ids, part.scope_ids, part.positions
FROM (
  SELECT log.project_id, log.trace_id, log.bucket, log.blob_id,
         array_agg(log.span_id) AS span_ids, array_agg(log.time_unix_nano) AS times,
         array_agg(log.event_name) AS event_names, array_agg(log.digest) AS digests,
         array_agg(log.resource_id) AS resource_ids, array_agg(log.scope_id) AS scope_ids,
         array_agg(log.blob_position) AS positions
  FROM (
    SELECT log.*
    FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(buckets)s::date[], %(blob_ids)s::bigint[])
      AS mark (project_id, trace_id, bucket, blob_id)
    JOIN log_records log USING (project_id, trace_id, bucket, blob_id)
    UNION ALL
    SELECT log.*
    FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(buckets)s::date[], %(blob_ids)s::bigint[])
      AS mark (project_id, trace_id, bucket, blob_id)
    JOIN log_records log USING (project_id, bucket, blob_id)
    WHERE mark.trace_id = '' AND log.trace_id IS NULL
  ) log
  GROUP BY 1, 2, 3, 4
) part
JOIN span_blobs blob USING (project_id, bucket, blob_id)

-- known_spans --
-- Which of these spans are stored, and where their bytes lie (primary key).
SELECT span.project_id, span.trace_id, span.span_id, span.start_unix_nano, span.bucket, span.blob_id
FROM unnest(%s::integer[], %s::bytea[], %s::bytea[], %s::bigint[], %s::date[])
  AS key (project_id, trace_id, span_id, start_unix_nano, bucket)
JOIN spans span USING (project_id, trace_id, span_id, start_unix_nano, bucket)

-- spans_of_records --
-- Which spans stand for these log records (spans_of_logs_idx).
SELECT DISTINCT span.project_id, span.trace_id, span.span_id
FROM unnest(%s::integer[], %s::bytea[], %s::date[]) AS record (project_id, digest, bucket)
JOIN spans span USING (project_id, digest, bucket)
WHERE span.kind = -1

-- insert_spans --
-- Adds spans that stand for log records, in key order (primary keys of log_records and spans).
INSERT INTO spans (project_id, trace_id, span_id, start_unix_nano, bucket, end_unix_nano, parent_span_id, kind,
  status_code, raw_length, digest, resource_id, scope_id, blob_id, blob_position, name)
SELECT project_id, new.trace_id, new.span_id, new.start_unix_nano, bucket, new.end_unix_nano,
  nullif(new.parent_span_id, ''), -1, 0, new.raw_length, digest, log.resource_id, log.scope_id, new.blob_id,
  new.blob_position, new.name
FROM unnest(%s::integer[], %s::bytea[], %s::bytea[], %s::bigint[], %s::date[], %s::bigint[], %s::bytea[], %s::integer[],
  %s::bytea[], %s::bigint[], %s::smallint[], %s::text[])
  AS new (project_id, trace_id, span_id, start_unix_nano, bucket, end_unix_nano, parent_span_id, raw_length,
    digest, blob_id, blob_position, name)
JOIN log_records log USING (project_id, digest, bucket)
ORDER BY project_id, bucket, new.trace_id, new.span_id, new.start_unix_nano
ON CONFLICT (project_id, trace_id, span_id, start_unix_nano, bucket) DO NOTHING

-- delete_spans --
-- Removes spans whose log records tell about a span that has arrived (primary key), under lock_rewrites.
DELETE FROM spans AS span
USING unnest(%s::integer[], %s::bytea[], %s::bytea[], %s::bigint[], %s::date[])
  AS gone (project_id, trace_id, span_id, start_unix_nano, bucket)
WHERE (span.project_id, span.trace_id, span.span_id, span.start_unix_nano, span.bucket)
    = (gone.project_id, gone.trace_id, gone.span_id, gone.start_unix_nano, gone.bucket)
  AND span.kind = -1
