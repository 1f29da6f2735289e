-- Signals of one's own and their matches.

-- signals --
-- All signals of a project, or of all projects, oldest first; few.
SELECT project_id, signal_id::text, name, kind, pattern, search_in, sentiment, is_enabled, created_at, group_name
FROM signals
WHERE %(project_id)s::integer IS NULL OR project_id = %(project_id)s
ORDER BY project_id, created_at, signal_id

-- add_signal --
-- A new signal; nothing when its name or id is taken (unique key, primary key).
INSERT INTO signals (project_id, signal_id, name, kind, pattern, search_in, sentiment, group_name)
VALUES (%(project_id)s, coalesce(%(signal_id)s::uuid, gen_random_uuid()), %(name)s, %(kind)s, %(pattern)s, %(search_in)s,
  %(sentiment)s, %(group_name)s)
ON CONFLICT DO NOTHING
RETURNING signal_id::text

-- remove_signal --
-- Removes a signal (primary key).
DELETE FROM signals WHERE project_id = %(project_id)s AND signal_id = %(signal_id)s::uuid RETURNING signal_id

-- remove_matches --
-- Removes the matches of a signal (signal_matches_signal_idx).
DELETE FROM signal_matches WHERE project_id = %(project_id)s AND signal_id = %(signal_id)s::uuid

-- mark_traces_under_way --
-- Marks the traces that wait for a first derivation or are in one (dirty_marks_unit_idx): what lists them comes too late.
INSERT INTO dirty_marks (project_id, unit_kind, unit_id, blob_id)
SELECT project_id, 1, unit_id, -2
FROM dirty_marks
WHERE project_id = %(project_id)s AND unit_kind = 1
GROUP BY project_id, unit_id
HAVING NOT bool_or(blob_id IS NOT DISTINCT FROM -2)

-- read_matches --
-- The matches of given traces (primary key).
SELECT found.project_id, found.trace_id, found.signal_id::text, found.start_unix_nano, found.span_id, found.side,
  found.excerpt, found.user_id, found.conversation_id, found.interaction_id, found.end_unix_nano, found.release,
  found.environment, found.is_wrong, found.found_at
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN signal_matches found USING (project_id, trace_id)
ORDER BY found.project_id, found.trace_id, found.signal_id

-- signals_of_traces --
-- What was found in given traces, with the name of the signal (primary keys); not what a verdict calls wrong.
SELECT found.trace_id, found.span_id, found.start_unix_nano, signal.name, signal.sentiment, found.side, found.excerpt
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN signal_matches found USING (project_id, trace_id)
JOIN signals signal USING (project_id, signal_id)
WHERE NOT found.is_wrong
ORDER BY found.start_unix_nano, signal.name

-- delete_matches --
-- Removes exactly these rows (primary key).
DELETE FROM signal_matches AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(signal_id)s::uuid[])
  AS gone (project_id, trace_id, signal_id)
WHERE (old.project_id, old.trace_id, old.signal_id) = (gone.project_id, gone.trace_id, gone.signal_id)

-- insert_matches --
-- Adds rows of signals that are still there, in key order.
INSERT INTO signal_matches
SELECT new.* FROM jsonb_populate_recordset(NULL::signal_matches, %(rows)s::jsonb) new
JOIN (SELECT signal_id FROM signals FOR KEY SHARE) known USING (signal_id)
ORDER BY new.project_id, new.trace_id, new.signal_id

-- switch_signal --
-- Switches a signal on or off (primary key).
UPDATE signals SET is_enabled = %(is_enabled)s
WHERE project_id = %(project_id)s AND signal_id = %(signal_id)s::uuid
RETURNING name

-- count_own --
-- Events, users and the last event of each signal within a window, without what is called wrong, of which there are so
-- many (signal_matches_signal_idx).
SELECT signal_id::text, count(*) FILTER (WHERE NOT is_wrong), count(DISTINCT user_id) FILTER (WHERE NOT is_wrong),
  coalesce(max(start_unix_nano) FILTER (WHERE NOT is_wrong), 0), count(*) FILTER (WHERE is_wrong)
FROM signal_matches
WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s
GROUP BY signal_id

-- own_trends --
-- Matches of each signal in steps of time, of those steps that have any, without what is called wrong
-- (signal_matches_signal_idx).
SELECT signal_id::text, (start_unix_nano - %(origin)s::bigint) / %(step_ns)s::bigint AS step, count(*)
FROM signal_matches
WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND NOT is_wrong
GROUP BY signal_id, step

-- newest_matches --
-- The newest matches of a signal (signal_matches_signal_idx), and what people said of them (primary key).
SELECT project_id, trace_id, signal_id::text, start_unix_nano, span_id, side, excerpt, user_id, conversation_id,
  interaction_id, end_unix_nano, release, environment, is_wrong, found_at,
  (SELECT verdict FROM verdicts said
   WHERE (said.project_id, said.trace_id, finding_key) = (match.project_id, match.trace_id, 'signal:' || signal_id))
FROM signal_matches match
WHERE project_id = %(project_id)s AND signal_id = %(signal_id)s::uuid
ORDER BY start_unix_nano DESC, trace_id
LIMIT %(limit)s
