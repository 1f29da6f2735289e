-- The page of tools.

-- tool_stats --
-- What became of the calls of each tool, of at most the newest `calls_max` that began within a time
-- (tool_calls_start_idx), the tools with most calls first; how many tools there are, and how many calls were looked at.
-- Calls that another trace tells are left out; an error that only climbed up is no error of its tool. Durations are of calls
-- with a span. A retry is a call after one of the same tool failed in the same trace.
WITH call AS MATERIALIZED (
  SELECT trace_id, call_key, name, start_unix_nano,
    CASE WHEN propagated_from IS NULL THEN coalesce(group_says ->> 'status', status) ELSE 'ok' END AS status,
    CASE WHEN span_id IS NOT NULL AND end_unix_nano >= start_unix_nano THEN end_unix_nano - start_unix_nano END AS took_ns
  FROM tool_calls
  WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
    AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
    AND (coalesce(%(release)s, %(environment)s) IS NULL OR EXISTS (
      SELECT FROM traces trace
      WHERE trace.project_id = tool_calls.project_id AND trace.trace_id = tool_calls.trace_id
        AND (%(release)s::text IS NULL OR trace.release = %(release)s)
        AND (%(environment)s::text IS NULL OR trace.environment = %(environment)s)))
  ORDER BY start_unix_nano DESC
  LIMIT %(calls_max)s
), followed AS (
  SELECT *, lag(status IN ('error', 'soft_error')) OVER (PARTITION BY trace_id, name ORDER BY start_unix_nano, call_key)
    AS is_retry
  FROM call
), tool AS (
  SELECT name, count(*) AS calls, count(*) FILTER (WHERE status = 'error') AS errors,
    count(*) FILTER (WHERE status = 'soft_error') AS soft_errors,
    count(*) FILTER (WHERE status = 'unanswered') AS unanswered,
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY took_ns::float8) AS took_ns,
    count(*) FILTER (WHERE is_retry) AS retries, count(DISTINCT trace_id) AS traces
  FROM followed
  GROUP BY name
)
SELECT name, calls, errors, soft_errors, unanswered, took_ns[1]::bigint, took_ns[2]::bigint, retries, traces,
  count(*) OVER (), (SELECT count(*) FROM call)
FROM tool
ORDER BY calls DESC, name
LIMIT %(limit)s

-- looping_calls --
-- Calls of given tools that are part of a loop whose event began within a time (findings_start_idx, primary keys of loops
-- and tool_calls), of at most the newest `loops_max` loops.
SELECT call.name, count(*)
FROM (
  SELECT DISTINCT decode(item ->> 0, 'hex') AS trace_id, item ->> 1 AS call_key
  FROM (
    SELECT project_id, trace_id, substr(finding_key, 6) AS loop_id
    FROM findings
    WHERE project_id = %(project_id)s AND kind = 'loop' AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
      AND (%(release)s::text IS NULL OR release = %(release)s)
      AND (%(environment)s::text IS NULL OR environment = %(environment)s)
    ORDER BY start_unix_nano DESC
    LIMIT %(loops_max)s
  ) finding
  JOIN loops loop USING (project_id, trace_id, loop_id)
  CROSS JOIN LATERAL jsonb_array_elements(loop.calls) AS part (item)
) within
JOIN tool_calls call ON call.project_id = %(project_id)s AND call.trace_id = within.trace_id AND call.call_key = within.call_key
WHERE call.name = ANY (%(names)s::text[])
GROUP BY call.name

-- tool_callers --
-- The agents of the traces that call given tools within a time, with the number of these traces
-- (tool_calls_start_idx, primary key of traces), of at most the newest `calls_max` calls.
SELECT name, agent, count(DISTINCT trace_id)
FROM (
  SELECT project_id, trace_id, name
  FROM tool_calls
  WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
  ORDER BY start_unix_nano DESC
  LIMIT %(calls_max)s
) call
JOIN traces trace USING (project_id, trace_id)
CROSS JOIN LATERAL unnest(trace.agents) AS part (agent)
WHERE name = ANY (%(names)s::text[])
  AND (%(release)s::text IS NULL OR trace.release = %(release)s)
  AND (%(environment)s::text IS NULL OR trace.environment = %(environment)s)
GROUP BY name, agent
ORDER BY name, count(DISTINCT trace_id) DESC, agent

-- tool_issues --
-- How many issues of failed and unanswered calls each of given tools has within a time (findings_start_idx).
SELECT tool, count(DISTINCT fingerprint)
FROM findings
WHERE project_id = %(project_id)s AND kind <> 'loop' AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
  AND tool = ANY (%(names)s::text[])
  AND (%(release)s::text IS NULL OR release = %(release)s)
  AND (%(environment)s::text IS NULL OR environment = %(environment)s)
GROUP BY tool

-- count_tool_calls --
-- How many tool calls of a project are stored, without those that another trace tells, counted no further than a limit
-- (primary key).
SELECT count(*) FROM (
  SELECT FROM tool_calls
  WHERE project_id = %(project_id)s AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
  LIMIT %(limit)s
) call
