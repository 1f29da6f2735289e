-- What a daily digest tells of a time range of one project.

-- issues_of_day --
-- The issues met in the range, new ones first, then by events; without those that are ignored still, as in
-- `rank_issues` (findings_start_idx, findings_issue_idx).
SELECT state.fingerprint, state.kind, state.tool, min(finding.title) AS title,
  count(*) AS events, count(DISTINCT user_id) AS users, state.first_seen_unix_nano >= %(since)s AS is_new,
  count(*) OVER () AS total, count(*) FILTER (WHERE state.first_seen_unix_nano >= %(since)s) OVER () AS new_total
FROM findings finding
JOIN issue_states state ON (state.project_id, state.fingerprint) = (finding.project_id, finding.fingerprint)
WHERE finding.project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
GROUP BY state.project_id, state.fingerprint
HAVING state.status <> 'ignored' OR state.ignored_until_user_count <= (
  SELECT count(DISTINCT met.user_id) FROM findings met
  WHERE met.project_id = state.project_id AND met.fingerprint = state.fingerprint
    AND met.start_unix_nano > (extract(epoch FROM state.ignored_at) * 1000000000)::bigint)
ORDER BY is_new DESC, events DESC, fingerprint
LIMIT %(limit)s

-- resolved_issues --
-- The issues that somebody resolved in the range and that did not come back, as in `rank_issues` (primary key: all
-- issues of the project; findings_issue_idx).
SELECT fingerprint, tool, title, count(*) OVER () AS total
FROM issue_states state
WHERE project_id = %(project_id)s AND status = 'resolved'
  AND resolved_at >= to_timestamp(%(since)s::float8 / 1e9) AND resolved_at < to_timestamp(%(until)s::float8 / 1e9)
  AND NOT EXISTS (
    SELECT FROM findings again
    WHERE again.project_id = state.project_id AND again.fingerprint = state.fingerprint
      AND again.start_unix_nano > (extract(epoch FROM state.resolved_at) * 1000000000)::bigint
      AND (state.resolved_in_release IS NULL OR again.release = state.resolved_in_release OR EXISTS (
        SELECT FROM releases fixed JOIN releases later USING (project_id)
        WHERE fixed.project_id = state.project_id AND fixed.release = state.resolved_in_release
          AND later.release = again.release AND later.first_seen_unix_nano > fixed.first_seen_unix_nano)))
ORDER BY resolved_at, fingerprint
LIMIT %(limit)s

-- call_failures --
-- Tool calls and failed ones of the traces that began in the range (traces_start_idx).
SELECT coalesce(sum(tool_call_count), 0)::bigint, coalesce(sum(error_count + soft_error_count), 0)::bigint
FROM traces
WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s

-- waste_of_loops --
-- Loops that began in the range, and what their repeats took (findings_start_idx, primary key of loops).
SELECT count(*), coalesce(sum(tokens), 0)::bigint, coalesce(sum(cost_nano_usd), 0)::bigint,
  coalesce(sum(loop.wasted_ns), 0)::bigint, coalesce(sum(loop.wasted_calls), 0)::bigint
FROM findings finding
JOIN loops loop USING (project_id, trace_id)
WHERE project_id = %(project_id)s AND finding.kind = 'loop' AND finding.finding_key = 'loop:' || loop.loop_id
  AND finding.start_unix_nano >= %(since)s AND finding.start_unix_nano < %(until)s
