-- What a daily digest tells of a time range of one project.

-- issues_of_day --
-- The issues met in the range, new ones first, then by events; without ignored ones (findings_start_idx).
SELECT fingerprint, min(finding.kind) AS kind, min(finding.tool) AS tool, min(finding.title) AS title,
  count(*) AS events, count(DISTINCT user_id) AS users, state.first_seen_unix_nano >= %(since)s AS is_new,
  count(*) OVER () AS total, count(*) FILTER (WHERE state.first_seen_unix_nano >= %(since)s) OVER () AS new_total
FROM findings finding
JOIN issue_states state USING (project_id, fingerprint)
WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
  AND status <> 'ignored'
GROUP BY fingerprint, state.first_seen_unix_nano
ORDER BY is_new DESC, events DESC, fingerprint
LIMIT %(limit)s

-- resolved_issues --
-- The issues that somebody resolved in the range (primary key: all issues of the project).
SELECT fingerprint, tool, title, count(*) OVER () AS total
FROM issue_states
WHERE project_id = %(project_id)s AND status = 'resolved'
  AND resolved_at >= to_timestamp(%(since)s::float8 / 1e9) AND resolved_at < to_timestamp(%(until)s::float8 / 1e9)
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
  coalesce(sum(loop.end_unix_nano - loop.start_unix_nano), 0)::bigint
FROM findings finding
JOIN loops loop USING (project_id, trace_id)
WHERE project_id = %(project_id)s AND finding.kind = 'loop' AND finding.finding_key = 'loop:' || loop.loop_id
  AND finding.start_unix_nano >= %(since)s AND finding.start_unix_nano < %(until)s
