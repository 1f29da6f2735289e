-- The start page: figures of a project within a time, in steps of equal length.

-- overview_of_traces --
-- Traces that began within a time, per step and in all (the row without a step): how many, their users, those whose traces
-- failed, calls, failures, tokens, cost, and how long the ended ones took (traces_start_idx).
WITH trace AS (
  SELECT (start_unix_nano - %(origin)s) / %(step_ns)s AS step, user_id,
    error_count + soft_error_count + failed_span_count > 0 AS is_failed, tool_call_count, error_count, soft_error_count,
    input_tokens + output_tokens AS tokens, cost_nano_usd,
    CASE WHEN NOT live AND end_unix_nano >= start_unix_nano THEN end_unix_nano - start_unix_nano END AS took_ns
  FROM traces
  WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
    AND (%(release)s::text IS NULL OR release = %(release)s)
    AND (%(environment)s::text IS NULL OR environment = %(environment)s)
), counted AS (
  SELECT step, count(*) AS traces, count(DISTINCT user_id) AS users,
    count(DISTINCT user_id) FILTER (WHERE is_failed) AS users_affected, sum(tool_call_count) AS tool_calls,
    sum(error_count) AS errors, sum(soft_error_count) AS soft_errors, sum(tokens) AS tokens,
    sum(cost_nano_usd) AS cost_nano_usd, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY took_ns::float8) AS took_ns
  FROM trace
  GROUP BY GROUPING SETS ((step), ())
)
SELECT step::integer, traces, users, users_affected, coalesce(tool_calls, 0)::bigint, coalesce(errors, 0)::bigint,
  coalesce(soft_errors, 0)::bigint, coalesce(tokens, 0)::bigint, cost_nano_usd::bigint, took_ns[1]::bigint, took_ns[2]::bigint
FROM counted

-- overview_of_interactions --
-- Interactions with an AI that began within a time, per step (interactions_start_idx).
SELECT ((start_unix_nano - %(origin)s) / %(step_ns)s)::integer, count(*)
FROM interactions
WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s AND is_ai
  AND (%(release)s::text IS NULL OR release = %(release)s)
  AND (%(environment)s::text IS NULL OR environment = %(environment)s)
GROUP BY 1

-- overview_of_failures --
-- Failed and unanswered calls that began within a time, per step and sort; a failure that is part of a loop of this time is
-- of the sort `loop` (findings_start_idx, primary key of loops).
WITH finding AS MATERIALIZED (
  SELECT project_id, trace_id, finding_key, kind, (start_unix_nano - %(origin)s) / %(step_ns)s AS step
  FROM findings
  WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
    AND (%(release)s::text IS NULL OR release = %(release)s)
    AND (%(environment)s::text IS NULL OR environment = %(environment)s)
), looping AS (
  SELECT DISTINCT decode(item ->> 0, 'hex') AS trace_id, 'call:' || (item ->> 1) AS finding_key
  FROM finding
  JOIN loops loop ON (loop.project_id, loop.trace_id, loop.loop_id)
    = (finding.project_id, finding.trace_id, substr(finding.finding_key, 6))
  CROSS JOIN LATERAL jsonb_array_elements(loop.calls) AS part (item)
  WHERE finding.kind = 'loop'
)
SELECT step::integer, CASE WHEN looping.finding_key IS NOT NULL THEN 'loop' ELSE kind END, count(*)
FROM finding
LEFT JOIN looping USING (trace_id, finding_key)
WHERE kind IN ('tool_error', 'soft_error', 'unanswered')
GROUP BY 1, 2

-- part: loops_within --
-- The loops that began within a time, each with its finding.
FROM findings finding
JOIN loops loop ON (loop.project_id, loop.trace_id, loop.loop_id)
  = (finding.project_id, finding.trace_id, substr(finding.finding_key, 6))
WHERE finding.project_id = %(project_id)s AND finding.kind = 'loop'
  AND finding.start_unix_nano >= %(since)s AND finding.start_unix_nano < %(until)s
  AND (%(release)s::text IS NULL OR finding.release = %(release)s)
  AND (%(environment)s::text IS NULL OR finding.environment = %(environment)s)

-- overview_of_loops --
-- Loops that began within a time, per step: how many, the repeated calls, what those cost, and how many were given up
-- (findings_start_idx, primary key of loops).
SELECT ((finding.start_unix_nano - %(origin)s) / %(step_ns)s)::integer, count(*), coalesce(sum(loop.wasted_calls), 0)::bigint,
  sum(loop.cost_nano_usd)::bigint, count(*) FILTER (WHERE loop.ended = 'gave_up')
{loops_within}
GROUP BY 1

-- latest_loops --
-- The newest loops that began within a time (findings_start_idx, primary key of loops).
SELECT finding.trace_id, coalesce(loop.call_keys[1], ''), finding.title, finding.start_unix_nano, loop.tools, loop.iterations, loop.ended,
  loop.tokens, loop.cost_nano_usd, loop.kind
{loops_within}
ORDER BY finding.start_unix_nano DESC, finding.trace_id, finding.finding_key
LIMIT %(limit)s

-- newest_releases --
-- The releases that were first seen last (primary key of releases).
SELECT release
FROM releases
WHERE project_id = %(project_id)s AND release <> ''
ORDER BY first_seen_unix_nano DESC, release
LIMIT %(limit)s

-- recent_environments --
-- The environments of at most the newest `traces_max` traces (traces_start_idx).
SELECT DISTINCT environment
FROM (
  SELECT environment
  FROM traces
  WHERE project_id = %(project_id)s
  ORDER BY start_unix_nano DESC, trace_id DESC
  LIMIT %(traces_max)s
) trace
WHERE environment <> ''
ORDER BY environment
