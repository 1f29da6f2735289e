-- Matches of signals as alert rules count them, and those that a person called wrong.

ALTER TABLE signal_matches
  ADD COLUMN end_unix_nano bigint NOT NULL DEFAULT 0,
  ADD COLUMN release       text NOT NULL DEFAULT '',
  ADD COLUMN environment   text NOT NULL DEFAULT '',
  ADD COLUMN is_wrong      boolean NOT NULL DEFAULT false,       -- a verdict says so: it is counted nowhere
  ADD COLUMN found_at      timestamptz NOT NULL DEFAULT now();   -- when this row was written
UPDATE signal_matches SET end_unix_nano = start_unix_nano;
UPDATE signal_matches match SET release = trace.release, environment = coalesce(trace.environment, '')
FROM traces trace
WHERE (trace.project_id, trace.trace_id) = (match.project_id, match.trace_id);
ALTER TABLE signal_matches
  ALTER COLUMN end_unix_nano DROP DEFAULT,
  ALTER COLUMN release DROP DEFAULT,
  ALTER COLUMN environment DROP DEFAULT;
CREATE INDEX signal_matches_end_idx ON signal_matches (project_id, signal_id, end_unix_nano);
CREATE INDEX signal_matches_found_idx ON signal_matches (project_id, found_at);

CREATE VIEW alert_events AS         -- what alert rules count: findings, or matches of one signal
SELECT project_id, trace_id, finding_key, kind, fingerprint, tool, title, start_unix_nano, end_unix_nano,
  user_id, conversation_id, interaction_id, release, environment, found_at, false AS is_match, NULL::text AS signal
FROM findings
UNION ALL
SELECT match.project_id, trace_id, 'signal:' || signal_id, 'signal', signal_id::text, '', name || ': ' || excerpt,
  start_unix_nano, end_unix_nano, user_id, conversation_id, interaction_id, release, environment, found_at, true, name
FROM signal_matches match
JOIN signals USING (project_id, signal_id)
WHERE NOT is_wrong;
