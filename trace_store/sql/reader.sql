-- Reads of facts. A row and its blob are always read by one statement, because repacking replaces blobs.

-- part: spans_by_blob --
-- The rows of `spans` that lie in one blob, as arrays of equal length; GROUP BY 1, 2, 3.
span.project_id, span.bucket, span.blob_id, array_agg(span.trace_id) AS trace_ids,
         array_agg(span.span_id) AS span_ids, array_agg(span.parent_span_id) AS parents,
         array_agg(span.start_unix_nano) AS starts, array_agg(span.end_unix_nano) AS ends, array_agg(span.name) AS names,
         array_agg(span.kind) AS kinds, array_agg(span.status_code) AS status_codes,
         array_agg(span.raw_length) AS raw_lengths, array_agg(span.digest) AS digests,
         array_agg(span.resource_id) AS resource_ids, array_agg(span.scope_id) AS scope_ids,
         array_agg(span.blob_position) AS positions

-- part: blob_with_spans --
-- A blob and the spans in it, in the order in which SpanReads takes them.
part.project_id, part.bucket, blob.body, part.trace_ids, part.span_ids, part.parents, part.starts, part.ends,
       part.names, part.kinds, part.status_codes, part.raw_lengths, part.digests, part.resource_ids, part.scope_ids,
       part.positions

-- opening --
-- What is asked of a trace besides its records: the name, mapping and tool rules of its project as they were saved last,
-- and how it was derived; NULLs for what is not there (primary keys).
SELECT (SELECT slug FROM projects WHERE project_id = %(project_id)s),
       (SELECT text FROM mapping_versions WHERE project_id = %(project_id)s ORDER BY version DESC LIMIT 1),
       (SELECT text FROM tool_rule_versions ORDER BY version DESC LIMIT 1),
       trace.derived_at, trace.live, trace.group_id, trace.user_id, trace.conversation_id
FROM (SELECT) AS always
LEFT JOIN traces trace ON trace.project_id = %(project_id)s AND trace.trace_id = %(trace_id)s

-- opened_records --
-- What stored_spans (signal 1) and stored_logs (2) say of one trace, in the columns of the former; nothing when it has
-- more span versions than asked for (primary keys, log_records_trace_idx). The condition is a LIMIT: as WHERE it would
-- be a step of its own for each day.
WITH span AS MATERIALIZED (
  SELECT * FROM spans WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s LIMIT %(spans_max)s::bigint + 1
), allowed AS MATERIALIZED (
  SELECT CASE WHEN count(*) > %(spans_max)s::bigint THEN 0 END AS records FROM span
), log AS MATERIALIZED (
  SELECT * FROM log_records WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s
  LIMIT (SELECT records FROM allowed)
), part AS (
  SELECT 1 AS signal, {spans_by_blob}
  FROM (SELECT * FROM span LIMIT (SELECT records FROM allowed)) span
  GROUP BY span.project_id, span.bucket, span.blob_id
  UNION ALL
  SELECT 2, project_id, bucket, blob_id, array_agg(trace_id), array_agg(span_id), NULL, array_agg(time_unix_nano), NULL,
         array_agg(event_name), NULL, NULL, NULL, array_agg(digest), array_agg(resource_id), array_agg(scope_id),
         array_agg(blob_position)
  FROM log
  GROUP BY project_id, bucket, blob_id
)
SELECT part.signal, {blob_with_spans}
FROM part
JOIN span_blobs blob USING (project_id, bucket, blob_id)

-- stored_spans --
-- One row per blob that holds spans of these traces: its body and, as arrays of equal length, the rows in it (primary
-- keys of spans and span_blobs). With span ids only those spans. Every version of a span.
SELECT {blob_with_spans}
FROM (
  SELECT {spans_by_blob}
  FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS trace (project_id, trace_id)
  JOIN spans span USING (project_id, trace_id)
  WHERE %(span_ids)s::bytea[] IS NULL OR span.span_id = ANY (%(span_ids)s)
  GROUP BY 1, 2, 3
) part
JOIN span_blobs blob USING (project_id, bucket, blob_id)

-- stored_spans_of_blobs --
-- The same for the spans of given traces in given blobs (primary keys of span_blobs and spans).
SELECT {blob_with_spans}
FROM (
  SELECT {spans_by_blob}
  FROM (SELECT DISTINCT * FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(buckets)s::date[],
          %(blob_ids)s::bigint[])) AS mark (project_id, trace_id, bucket, blob_id)
  JOIN spans span USING (project_id, trace_id, bucket, blob_id)
  GROUP BY 1, 2, 3
) part
JOIN span_blobs blob USING (project_id, bucket, blob_id)

-- stored_logs --
-- One row per blob that holds log records of these traces, like stored_spans (log_records_trace_idx, primary key of
-- span_blobs). With span ids only the records of those spans.
SELECT part.project_id, part.trace_id, part.bucket, blob.body, part.span_ids, part.times, part.event_names,
       part.digests, part.resource_ids, part.scope_ids, part.positions
FROM (
  SELECT log.project_id, log.trace_id, log.bucket, log.blob_id,
         array_agg(log.span_id) AS span_ids, array_agg(log.time_unix_nano) AS times,
         array_agg(log.event_name) AS event_names, array_agg(log.digest) AS digests,
         array_agg(log.resource_id) AS resource_ids, array_agg(log.scope_id) AS scope_ids,
         array_agg(log.blob_position) AS positions
  FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS trace (project_id, trace_id)
  JOIN log_records log USING (project_id, trace_id)
  WHERE %(span_ids)s::bytea[] IS NULL OR log.span_id = ANY (%(span_ids)s)
  GROUP BY 1, 2, 3, 4
) part
JOIN span_blobs blob USING (project_id, bucket, blob_id)

-- tree_rows --
-- Every version of the spans of these traces; no blobs (primary keys).
SELECT span.project_id, span.trace_id, span.span_id, coalesce(span.parent_span_id, ''), span.start_unix_nano,
       span.end_unix_nano, span.bucket, span.name, span.kind, span.status_code, span.raw_length, span.digest,
       resource.service_name, resource.release
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS trace (project_id, trace_id)
JOIN spans span USING (project_id, trace_id)
JOIN resources resource USING (project_id, resource_id)

-- outline_columns --
-- Every version of the spans of a trace as columns: for each day and resource a row of arrays of equal length
-- (primary keys).
SELECT part.bucket, resource.service_name, resource.release, part.span_ids, part.parents, part.starts, part.ends,
       part.names, part.kinds, part.status_codes, part.raw_lengths, part.digests
FROM (
  SELECT bucket, resource_id, array_agg(span_id) AS span_ids, array_agg(coalesce(parent_span_id, '')) AS parents,
         array_agg(start_unix_nano) AS starts, array_agg(end_unix_nano) AS ends, array_agg(name) AS names,
         array_agg(kind) AS kinds, array_agg(status_code) AS status_codes, array_agg(raw_length) AS raw_lengths,
         array_agg(digest) AS digests
  FROM spans
  WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s
  GROUP BY bucket, resource_id
) part
JOIN resources resource ON resource.project_id = %(project_id)s AND resource.resource_id = part.resource_id

-- model_calls --
-- What the page of a trace needs of its LLM calls (primary key).
SELECT span_id, output_tokens, told_in FROM llm_calls WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- resources --
-- Resources by id (primary key).
SELECT resource_id, otlp, schema_url, service_name, release FROM resources WHERE project_id = %s AND resource_id = ANY (%s)

-- scopes --
-- Instrumentation scopes by id (primary key).
SELECT scope_id, otlp, schema_url FROM scopes WHERE project_id = %s AND scope_id = ANY (%s)

-- links_from --
-- The links that spans of a trace carry (primary key). With a span id only those of that span.
SELECT DISTINCT trace_id, span_id, linked_trace_id, linked_span_id FROM span_links
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s
  AND (%(span_id)s::bytea IS NULL OR span_id = %(span_id)s)

-- links_to --
-- The links of other traces that point at spans of a trace (span_links_linked_idx); at most 1,000. With a span id the
-- links of any trace that point at that span.
SELECT DISTINCT trace_id, span_id, linked_trace_id, linked_span_id FROM span_links
WHERE project_id = %(project_id)s AND linked_trace_id = %(trace_id)s
  AND (CASE WHEN %(span_id)s::bytea IS NULL THEN trace_id <> %(trace_id)s ELSE linked_span_id = %(span_id)s END)
LIMIT 1000

-- span_count_up_to --
-- How many span versions of a trace are stored, counted no further than a limit (primary key).
SELECT count(*) FROM (
  SELECT FROM spans WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s LIMIT %(limit)s
) span

-- tool_call --
-- One tool call of a trace (primary key).
SELECT * FROM tool_calls WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND call_key = %(call_key)s

-- previous_call --
-- The call of the same tool that began before a tool call of a trace (tool_calls_name_idx, or the primary key).
SELECT * FROM tool_calls
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND left(name, 255) = left(%(name)s, 255)
  AND (start_unix_nano, call_key) < (%(start_unix_nano)s, %(call_key)s) AND start_unix_nano <= %(start_unix_nano)s
ORDER BY start_unix_nano DESC, call_key DESC LIMIT 1

-- span_ids_of_log_blobs --
-- The spans that the log records of given traces in given blobs belong to (log_records_trace_idx).
SELECT DISTINCT log.project_id, log.trace_id, log.span_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(buckets)s::date[], %(blob_ids)s::bigint[])
  AS mark (project_id, trace_id, bucket, blob_id)
JOIN log_records log USING (project_id, trace_id, bucket, blob_id)
WHERE log.span_id IS NOT NULL

-- stats --
-- Sums of the receipts, the traces (primary key), and the due marks (dirty_marks_due_idx) with the age of the oldest;
-- those of `reprocess` are no lag. Receipts and traces are those of a project, or of all (NULL).
SELECT (SELECT coalesce(sum(accepted), 0)::bigint FROM ingest_receipts
        WHERE signal = 'traces' AND (%(project_id)s::integer IS NULL OR project_id = %(project_id)s)),
       (SELECT count(*) FROM traces WHERE %(project_id)s::integer IS NULL OR project_id = %(project_id)s),
       (SELECT count(*) FROM dirty_marks WHERE not_before <= now() AND blob_id IS DISTINCT FROM -2),
       (SELECT coalesce(greatest(extract(epoch FROM now() - min(not_before)), 0), 0)::float8 FROM dirty_marks
        WHERE not_before <= now() AND blob_id IS DISTINCT FROM -2)

-- database --
-- What `doctor` and the footer say about the database.
SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
       (SELECT max(version) FROM migrations), pg_database_size(current_database())

-- receipts --
-- The receipts of a project, newest first (ingest_receipts_received_idx).
SELECT received_at, signal, accepted, duplicate, rejected, late, bytes
FROM ingest_receipts
WHERE project_id = %(project_id)s AND (%(before)s::timestamptz IS NULL OR received_at < %(before)s)
ORDER BY received_at DESC
LIMIT %(limit)s
