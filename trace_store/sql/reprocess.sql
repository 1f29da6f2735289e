-- Finds traces and interactions that other rules derived and marks them dirty again.

-- count_outdated --
-- How many traces of a project other rules than these derived, counted no further than a limit (traces_derived_by_idx).
SELECT count(*) FROM (
  SELECT FROM traces
  WHERE project_id = %(project_id)s AND (derived_by < %(derived_by)s OR derived_by > %(derived_by)s)
  LIMIT %(limit)s
) trace

-- count_chosen --
-- How many traces of a project `chosen` finds in all (traces_start_idx).
SELECT count(*) FROM traces
WHERE project_id = %(project_id)s
  AND (%(derived_by)s::text IS NULL OR derived_by <> %(derived_by)s)
  AND (%(since)s::bigint IS NULL OR start_unix_nano >= %(since)s)

-- chosen --
-- A page of traces after the cursor, newest first (traces_start_idx): those that other rules than `derived_by` derived,
-- or all when that is NULL.
SELECT start_unix_nano, trace_id FROM traces
WHERE project_id = %(project_id)s
  AND (%(derived_by)s::text IS NULL OR derived_by <> %(derived_by)s)
  AND (%(since)s::bigint IS NULL OR start_unix_nano >= %(since)s)
  AND (%(after_start)s::bigint IS NULL
       OR (start_unix_nano, trace_id) < (%(after_start)s::bigint, %(after_trace_id)s::bytea))
ORDER BY start_unix_nano DESC, trace_id DESC
LIMIT %(limit)s

-- count_outdated_interactions --
-- How many interactions another version derived, counted no further than a limit (interactions_version_idx).
SELECT count(*) FROM (
  SELECT FROM interactions
  WHERE derived_version < %(version)s OR derived_version > %(version)s
  LIMIT %(limit)s
) interaction

-- part: interaction_is_chosen --
-- What another version derived, or all when `derived_by` is NULL; what started since then.
project_id = %(project_id)s
  AND (%(derived_by)s::text IS NULL OR derived_version <> %(version)s)
  AND (%(since)s::bigint IS NULL OR start_unix_nano >= %(since)s)

-- count_chosen_interactions --
-- How many interactions of a project `mark_interactions_again` finds in all: those that another version derived, or all
-- when `derived_by` is NULL (interactions_version_idx, or all of the project).
SELECT count(*) FROM interactions WHERE {interaction_is_chosen}

-- mark_interactions_again --
-- Marks a page of them after an event id (primary key) with low priority, except those that are marked so already; of
-- outdated ones also the traces that tell of them, whose words may be older too (primary key of interaction_traces). The
-- last id of the page and how many interactions it has.
WITH page AS MATERIALIZED (
  SELECT event_id FROM interactions
  WHERE event_id > %(after)s AND {interaction_is_chosen}
  ORDER BY event_id
  LIMIT %(limit)s
), marked AS (
  INSERT INTO dirty_marks (project_id, unit_kind, unit_id, blob_id)
  SELECT %(project_id)s, 2, convert_to(event_id, 'UTF8'), -2
  FROM page
  WHERE NOT EXISTS (
    SELECT FROM dirty_marks mark
    WHERE mark.project_id = %(project_id)s AND mark.unit_kind = 2 AND mark.unit_id = convert_to(page.event_id, 'UTF8')
      AND mark.blob_id = -2
  )
), of_traces AS (
  INSERT INTO dirty_marks (project_id, unit_kind, unit_id, blob_id)
  SELECT DISTINCT %(project_id)s, 1, link.trace_id, -2
  FROM page JOIN interaction_traces link USING (event_id)
  WHERE link.project_id = %(project_id)s AND link.said_by = 1 AND %(derived_by)s::text IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM dirty_marks mark
      WHERE mark.project_id = %(project_id)s AND mark.unit_kind = 1 AND mark.unit_id = link.trace_id
        AND mark.blob_id = -2
    )
)
SELECT max(event_id), count(*) FROM page

-- interactions_of --
-- The interactions of these traces (interaction_traces_trace_idx).
SELECT DISTINCT event_id FROM interaction_traces
WHERE project_id = %(project_id)s AND trace_id = ANY (%(trace_ids)s::bytea[])

-- mark_log_batches --
-- Marks a page of a project's blobs with log records of no trace, after a blob id (log_records_batch_idx), except those
-- that are marked so already; the last blob id of the page and how many blobs it has. Under lock_rewrites, so that
-- repacking sees the marks and leaves the blobs where they are.
WITH batch AS MATERIALIZED (
  SELECT DISTINCT blob_id, bucket FROM log_records
  WHERE project_id = %(project_id)s AND trace_id IS NULL AND blob_id > %(after)s
    AND (%(since)s::bigint IS NULL OR time_unix_nano >= %(since)s)
  ORDER BY blob_id
  LIMIT %(limit)s
), marked AS (
  INSERT INTO dirty_marks (project_id, unit_kind, unit_id, bucket, blob_id)
  SELECT %(project_id)s, 4, int8send(blob_id), bucket, -2
  FROM batch
  WHERE NOT EXISTS (
    SELECT FROM dirty_marks mark
    WHERE mark.project_id = %(project_id)s AND mark.unit_kind = 4 AND mark.unit_id = int8send(batch.blob_id)
      AND mark.blob_id = -2
  )
)
SELECT max(blob_id), count(*) FROM batch

-- known_traces --
-- Which of these traces have spans (primary key).
SELECT trace_id FROM unnest(%(trace_ids)s::bytea[]) AS wanted (trace_id)
WHERE EXISTS (SELECT FROM spans WHERE spans.project_id = %(project_id)s AND spans.trace_id = wanted.trace_id)

-- mark_again --
-- Marks units dirty as a whole, with low priority, except those that are marked so already (dirty_marks_unit_idx).
INSERT INTO dirty_marks (project_id, unit_kind, unit_id, blob_id)
SELECT %(project_id)s, %(unit_kind)s::smallint, unit_id, -2
FROM unnest(%(unit_ids)s::bytea[]) AS wanted (unit_id)
WHERE NOT EXISTS (
  SELECT FROM dirty_marks mark
  WHERE mark.project_id = %(project_id)s AND mark.unit_kind = %(unit_kind)s AND mark.unit_id = wanted.unit_id
    AND mark.blob_id = -2
)

-- waiting --
-- How many units wait to be derived again (dirty_marks_again_idx).
SELECT count(*) FROM dirty_marks WHERE blob_id = -2
