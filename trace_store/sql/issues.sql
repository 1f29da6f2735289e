-- Issues: findings grouped by fingerprint, with what is known of each.

-- count_in_memory --
-- For the rest of the transaction: users, traces and so on are told apart in memory, not on disk.
SELECT set_config('work_mem', '64MB', true)

-- part: within_filter --
-- Whether a finding lies in the window and has the release, environment and user that were asked for.
AND (%(since)s::bigint IS NULL OR start_unix_nano >= %(since)s)
AND (%(until)s::bigint IS NULL OR start_unix_nano < %(until)s)
AND (%(release)s::text IS NULL OR release = %(release)s)
AND (%(environment)s::text IS NULL OR environment = %(environment)s)
AND (%(user_id)s::text IS NULL OR left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s)

-- finding_times --
-- When the first and the newest stored event of the project began (findings_start_idx).
SELECT min(start_unix_nano), max(start_unix_nano) FROM findings WHERE project_id = %(project_id)s

-- issues_of_rows --
-- The issues, or given ones, that a window has: events, the newest of them (findings_user_idx, or findings_issue_idx).
SELECT fingerprint, count(*), max(start_unix_nano)
FROM findings
WHERE project_id = %(project_id)s AND (%(fingerprints)s::text[] IS NULL OR fingerprint = ANY (%(fingerprints)s))
    {within_filter}
GROUP BY fingerprint

-- trends_of_user --
-- Events of given issues in steps of time, of those steps in which the user met any (findings_user_idx).
SELECT fingerprint, (start_unix_nano - %(origin)s::bigint) / %(step_ns)s::bigint AS step, count(*)
FROM findings
WHERE project_id = %(project_id)s AND fingerprint = ANY (%(fingerprints)s::text[])
    {within_filter}
GROUP BY fingerprint, step

-- rank_issues --
-- Issues that were counted within a window, those with most or newest events first, and how many there are; with what
-- stands against a person's word, whatever the window (primary key; the laterals read findings_issue_idx as far as the first
-- contradiction, or as many users as it takes).
WITH counted AS (
  SELECT *
  FROM unnest(%(fingerprints)s::text[], %(events)s::bigint[], %(last_seen)s::bigint[], %(users)s::bigint[])
    AS counted (fingerprint, events, last_seen_unix_nano, users)
)
SELECT state.fingerprint, state.kind, state.tool, state.title, state.first_seen_unix_nano, state.first_release,
  state.status AS said, state.resolved_in_release, state.resolved_at, state.ignored_at, state.ignored_until_user_count,
  state.assignee, state.note, counted.events, counted.last_seen_unix_nano, counted.users,
  regression.at AS regressed_at_unix_nano, coalesce(since_ignored.users, 0) AS users_since_ignored,
  count(*) OVER () AS total
FROM counted
JOIN issue_states state ON state.project_id = %(project_id)s AND state.fingerprint = counted.fingerprint
LEFT JOIN LATERAL (
  SELECT again.start_unix_nano AS at
  FROM findings again
  WHERE again.project_id = state.project_id AND again.fingerprint = state.fingerprint
    AND again.start_unix_nano > (extract(epoch FROM state.resolved_at) * 1000000000)::bigint
    AND (state.resolved_in_release IS NULL OR again.release = state.resolved_in_release OR EXISTS (
      SELECT FROM releases fixed JOIN releases later USING (project_id)
      WHERE fixed.project_id = state.project_id AND fixed.release = state.resolved_in_release
        AND later.release = again.release AND later.first_seen_unix_nano > fixed.first_seen_unix_nano))
  ORDER BY again.start_unix_nano
  LIMIT 1
) regression ON state.status = 'resolved'
LEFT JOIN LATERAL (
  SELECT count(*) AS users
  FROM (
    SELECT DISTINCT user_id
    FROM findings met
    WHERE met.project_id = state.project_id AND met.fingerprint = state.fingerprint AND met.user_id IS NOT NULL
      AND met.start_unix_nano > (extract(epoch FROM state.ignored_at) * 1000000000)::bigint
    LIMIT state.ignored_until_user_count
  ) enough
) since_ignored ON state.status = 'ignored' AND state.ignored_until_user_count IS NOT NULL
WHERE (%(kind)s::text IS NULL OR state.kind = %(kind)s)
  AND (%(tool)s::text IS NULL OR state.tool = %(tool)s
       OR state.kind = 'loop' AND %(tool)s = ANY (string_to_array(state.tool, ', ')))
  AND (%(pattern)s::text IS NULL OR lower(state.title) LIKE %(pattern)s OR lower(state.tool) LIKE %(pattern)s)
ORDER BY CASE %(order)s::text WHEN 'events' THEN counted.events WHEN 'users' THEN counted.users
  ELSE counted.last_seen_unix_nano END DESC, state.fingerprint
LIMIT %(limit)s

-- issue_counts --
-- Whom given issues met within a window (findings_issue_idx).
SELECT fingerprint, count(DISTINCT user_id), count(DISTINCT interaction_id), count(DISTINCT conversation_id),
  count(DISTINCT trace_id), count(*) FILTER (WHERE is_recovered)
FROM findings
WHERE project_id = %(project_id)s AND fingerprint = ANY (%(fingerprints)s::text[])
    {within_filter}
GROUP BY fingerprint

-- issue_trend --
-- Events of an issue in steps of time, of those steps that have any (findings_issue_idx alone without filters of findings).
SELECT (start_unix_nano - %(origin)s::bigint) / %(step_ns)s::bigint AS step, count(*)
FROM findings
WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
    {within_filter}
GROUP BY step

-- first_finding --
-- When the first stored event of an issue within a window began (findings_issue_idx).
SELECT min(start_unix_nano)
FROM findings
WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
  AND (%(since)s::bigint IS NULL OR start_unix_nano >= %(since)s)
  AND (%(until)s::bigint IS NULL OR start_unix_nano < %(until)s)

-- issue_values --
-- Releases, users or environments that an issue met within a window, those with most events first, and how many there
-- are (findings_issue_idx).
SELECT value, count(*), count(DISTINCT user_id), min(start_unix_nano), max(start_unix_nano), count(*) OVER ()
FROM (
  SELECT CASE %(column)s::text WHEN 'release' THEN release WHEN 'environment' THEN environment ELSE user_id END AS value,
    user_id, start_unix_nano
  FROM findings
  WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
    {within_filter}
) met
WHERE value IS NOT NULL
GROUP BY value
ORDER BY count(*) DESC, value
LIMIT %(limit)s

-- issue_state --
-- What is known of one issue (primary key).
SELECT fingerprint, kind, tool, title, first_seen_unix_nano, first_release, status AS said, resolved_in_release,
  resolved_at, ignored_at, ignored_until_user_count, assignee, note, 0::bigint AS events, 0::bigint AS last_seen_unix_nano,
  0::bigint AS users, NULL::bigint AS regressed_at_unix_nano, 0::bigint AS users_since_ignored
FROM issue_states
WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s

-- release_starts --
-- The newest releases that were first seen within a time, oldest first (primary key of releases).
SELECT release, first_seen_unix_nano
FROM (
  SELECT release, first_seen_unix_nano
  FROM releases
  WHERE project_id = %(project_id)s AND first_seen_unix_nano >= %(since)s AND first_seen_unix_nano < %(until)s
  ORDER BY first_seen_unix_nano DESC, release
  LIMIT %(limit)s
) newest
ORDER BY first_seen_unix_nano, release

-- issue_examples --
-- The newest events of an issue with what their traces, calls and loops tell (findings_issue_idx, primary keys).
SELECT finding.*, coalesce(trace.input_preview, trace.root_name, '') AS question, coalesce(trace.steps, '') AS steps,
  coalesce(call.group_says ->> 'rule', call.rule, '') AS rule, coalesce(call.group_says ->> 'path', call.path, '') AS path,
  coalesce(call.group_says ->> 'error_message', call.error_message, '') AS message,
  coalesce(call.arguments_preview, '') AS arguments, coalesce(loop.iterations, 0) AS iterations,
  coalesce(loop.call_keys[1], '') AS first_call_key, coalesce(loop.kind, '') AS loop_kind,
  coalesce(call.group_says -> 'violations', call.violations) AS violations
FROM (
  SELECT *
  FROM findings
  WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
    {within_filter}
  ORDER BY start_unix_nano DESC, trace_id, finding_key
  LIMIT %(limit)s
) finding
LEFT JOIN traces trace USING (project_id, trace_id)
LEFT JOIN tool_calls call ON (call.project_id, call.trace_id) = (finding.project_id, finding.trace_id)
  AND finding.finding_key = 'call:' || call.call_key
LEFT JOIN loops loop ON (loop.project_id, loop.trace_id) = (finding.project_id, finding.trace_id)
  AND finding.finding_key = 'loop:' || loop.loop_id
ORDER BY finding.start_unix_nano DESC, finding.trace_id, finding.finding_key

-- issue_calls --
-- The newest calls of an issue with their arguments as rows keep them (findings_issue_idx, primary key of tool_calls).
SELECT finding.trace_id, finding.span_id, coalesce(call.arguments_preview, ''),
  coalesce(call.group_says -> 'violations', call.violations)
FROM (
  SELECT project_id, trace_id, finding_key, span_id, start_unix_nano
  FROM findings
  WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
    {within_filter}
  ORDER BY start_unix_nano DESC, trace_id, finding_key
  LIMIT %(limit)s
) finding
JOIN tool_calls call ON (call.project_id, call.trace_id, call.call_key)
  = (finding.project_id, finding.trace_id, substr(finding.finding_key, length('call:') + 1))
ORDER BY finding.start_unix_nano DESC, finding.trace_id, finding.finding_key

-- issue_waste --
-- What the repeats of the loops of an issue took within a window (findings_issue_idx, primary key of loops).
SELECT count(*), coalesce(sum(loop.wasted_calls), 0)::bigint,
  coalesce(sum(loop.wasted_ns), 0)::float8 / 1000000000, coalesce(sum(loop.tokens), 0)::bigint,
  sum(loop.cost_nano_usd)::bigint
FROM (
  SELECT project_id, trace_id, substr(finding_key, 6) AS loop_id
  FROM findings
  WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
    {within_filter}
) finding
JOIN loops loop USING (project_id, trace_id, loop_id)

-- change_issue --
-- Keeps what a person says of an issue (primary key); NULL leaves as it is.
UPDATE issue_states
SET status = coalesce(%(status)s, status),
  resolved_at = CASE WHEN %(status)s::text IS NULL THEN resolved_at WHEN %(status)s = 'resolved' THEN now() END,
  resolved_in_release = CASE WHEN %(status)s::text IS NULL THEN resolved_in_release
    WHEN %(status)s = 'resolved' THEN %(resolved_in_release)s::text END,
  ignored_at = CASE WHEN %(status)s::text IS NULL THEN ignored_at WHEN %(status)s = 'ignored' THEN now() END,
  ignored_until_user_count = CASE WHEN %(status)s::text IS NULL THEN ignored_until_user_count
    WHEN %(status)s = 'ignored' THEN %(ignored_until_user_count)s::integer END,
  assignee = CASE WHEN %(assignee)s::text IS NULL THEN assignee ELSE nullif(%(assignee)s, '') END,
  note = CASE WHEN %(note)s::text IS NULL THEN note ELSE nullif(%(note)s, '') END,
  changed_at = now()
WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
RETURNING fingerprint
