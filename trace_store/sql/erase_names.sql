-- Erasure of a user: where else the user is named.

-- posts_of_events_with_several --
-- Every post of the events that have more than one (reads all posts of the project).
SELECT event_id, body
FROM interaction_updates
JOIN (
  SELECT event_id FROM interaction_updates WHERE project_id = %(project_id)s GROUP BY event_id HAVING count(*) > 1
) several USING (event_id)
WHERE project_id = %(project_id)s

-- resources_with_text --
-- Resources in which the id stands somewhere (reads all of the project, few).
SELECT resource_id, otlp FROM resources
WHERE project_id = %(project_id)s AND position(convert_to(%(user_id)s, 'UTF8') IN otlp) > 0

-- blank_resources --
-- Empties those of them that no span and no log record has (reads the spans of the project).
UPDATE resources gone
SET otlp = '', schema_url = '', service_name = '', release = '', digest = ''
WHERE project_id = %(project_id)s AND resource_id = ANY (%(ids)s::bigint[])
  AND NOT EXISTS (SELECT FROM spans WHERE (spans.project_id, spans.resource_id) = (gone.project_id, gone.resource_id))
  AND NOT EXISTS (
    SELECT FROM log_records log WHERE (log.project_id, log.resource_id) = (gone.project_id, gone.resource_id))

-- scopes_with_text --
-- Scopes in which the id stands somewhere (reads all of the project, few).
SELECT scope_id, otlp FROM scopes
WHERE project_id = %(project_id)s AND position(convert_to(%(user_id)s, 'UTF8') IN otlp) > 0

-- blank_scopes --
-- Empties those of them that no span and no log record has (reads the spans of the project).
UPDATE scopes gone
SET otlp = '', schema_url = '', name = '', version = '', digest = ''
WHERE project_id = %(project_id)s AND scope_id = ANY (%(ids)s::bigint[])
  AND NOT EXISTS (SELECT FROM spans WHERE (spans.project_id, spans.scope_id) = (gone.project_id, gone.scope_id))
  AND NOT EXISTS (SELECT FROM log_records log WHERE (log.project_id, log.scope_id) = (gone.project_id, gone.scope_id))

-- blobs_of_lone_logs --
-- Every blob with log records of no trace, and these (log_records_batch_idx, primary key of span_blobs).
SELECT blob.body, part.digests, part.positions
FROM (
  SELECT bucket, blob_id, array_agg(digest) AS digests, array_agg(blob_position) AS positions
  FROM log_records
  WHERE project_id = %(project_id)s AND trace_id IS NULL
  GROUP BY bucket, blob_id
) part
JOIN span_blobs blob ON (blob.project_id, blob.bucket, blob.blob_id) = (%(project_id)s, part.bucket, part.blob_id)

-- delete_lone_logs --
-- Removes log records of no trace; where their bytes lie (primary key).
DELETE FROM log_records
WHERE project_id = %(project_id)s AND trace_id IS NULL AND digest = ANY (%(digests)s::bytea[])
RETURNING project_id, bucket, blob_id
