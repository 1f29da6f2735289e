-- Rules for redaction that users save on the settings page.

-- newer_rules --
-- The newest rules of each project that has a newer version than a process knows (primary key); small.
SELECT DISTINCT ON (project_id) project_id, version, rules, saved_at
FROM redaction_versions saved
WHERE version > coalesce((
  SELECT known.version FROM unnest(%(project_ids)s::integer[], %(versions)s::integer[]) AS known (project_id, version)
  WHERE known.project_id = saved.project_id), 0)
ORDER BY project_id, version DESC

-- newest_rules --
-- The newest rules of a project (primary key).
SELECT project_id, version, rules, saved_at FROM redaction_versions WHERE project_id = %(project_id)s
ORDER BY version DESC LIMIT 1

-- save_rules --
-- Adds the version after `base` (0 for none); no row when somebody else saved one meanwhile (primary key).
INSERT INTO redaction_versions (project_id, version, rules) SELECT %(project_id)s, %(base)s::integer + 1, %(rules)s
WHERE %(base)s = (SELECT coalesce(max(version), 0) FROM redaction_versions WHERE project_id = %(project_id)s)
ON CONFLICT (project_id, version) DO NOTHING
RETURNING version

-- part: recent --
-- The newest traces (traces_start_idx).
recent AS MATERIALIZED (
  SELECT project_id, trace_id FROM traces
  WHERE project_id = %(project_id)s
  ORDER BY start_unix_nano DESC, trace_id DESC
  LIMIT %(records_max)s
)

-- newest_span_blobs --
-- Where the newest spans of the newest traces lie, up to a number of spans and of bytes (traces_start_idx, primary key of
-- spans).
WITH {recent}, newest AS (
  SELECT span.project_id, span.trace_id, span.bucket, span.blob_id,
         sum(span.raw_length) OVER (ORDER BY span.start_unix_nano DESC, span.span_id) AS bytes
  FROM recent JOIN spans span USING (project_id, trace_id)
  WHERE span.kind >= 0
  ORDER BY span.start_unix_nano DESC, span.span_id
  LIMIT %(records_max)s
)
SELECT DISTINCT project_id, trace_id, bucket, blob_id FROM newest WHERE bytes <= %(bytes_max)s

-- newest_log_blobs --
-- The same for the log records of the newest traces (traces_start_idx, log_records_trace_idx).
WITH {recent}, newest AS (
  SELECT log.project_id, log.trace_id, log.bucket, log.blob_id
  FROM recent JOIN log_records log USING (project_id, trace_id)
  ORDER BY log.time_unix_nano DESC
  LIMIT %(records_max)s
)
SELECT DISTINCT project_id, trace_id, bucket, blob_id FROM newest

-- newest_updates --
-- What was posted of the newest interactions, up to a number of posts and of bytes (interactions_start_idx, primary key of
-- interaction_updates).
WITH recent AS MATERIALIZED (
  SELECT project_id, event_id FROM interactions
  WHERE project_id = %(project_id)s
  ORDER BY start_unix_nano DESC, event_id
  LIMIT %(records_max)s
)
SELECT event_id, kind, body
FROM (
  SELECT event_id, kind, body, sum(length(body)) OVER (ORDER BY arrival DESC) AS bytes
  FROM recent JOIN interaction_updates posted USING (project_id, event_id)
  ORDER BY arrival DESC
  LIMIT %(records_max)s
) newest
WHERE bytes <= %(bytes_max)s

-- newest_feedback --
-- The newest signals that were posted (feedback_received_idx).
SELECT event_id, name, type, attachment_id, properties
FROM feedback
WHERE project_id = %(project_id)s
ORDER BY received_at DESC
LIMIT %(records_max)s

-- newest_traits --
-- What was said last of the users who were seen last (users_last_seen_idx, primary key of user_updates).
SELECT told.user_id, told.traits
FROM (
  SELECT user_id FROM users WHERE project_id = %(project_id)s ORDER BY last_seen_unix_nano DESC, user_id LIMIT %(records_max)s
) seen
CROSS JOIN LATERAL (
  SELECT user_id, traits, arrival FROM user_updates posted
  WHERE posted.project_id = %(project_id)s AND posted.user_id = seen.user_id
  ORDER BY arrival DESC
  LIMIT %(records_max)s
) told
ORDER BY told.arrival DESC
LIMIT %(records_max)s

-- received --
-- How many records of each kind a project has taken: sums of its receipts.
SELECT signal, sum(accepted)::bigint FROM ingest_receipts WHERE project_id = %(project_id)s GROUP BY signal
