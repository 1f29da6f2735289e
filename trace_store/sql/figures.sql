-- What is counted within a time, by step, release and environment: of the rows themselves. The same statements make the
-- roll-ups of an hour (figure_rollups.sql) and read what those do not tell. Each gives the columns of figure_rollups with a step
-- in place of the hour; users are hashes, durations are sorted. Only issues have a newest start.

-- part: within --
-- What began within the time.
project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s

-- part: filtered --
-- Only of a release and an environment, where those are asked for.
(%(release)s::text IS NULL OR release = %(release)s) AND (%(environment)s::text IS NULL OR environment = %(environment)s)

-- part: step --
-- The step of the time in which it began.
((start_unix_nano - %(origin)s) / %(step_ns)s)::integer

-- part: looping --
-- The calls that are part of loops that were there within the time (findings_loops_end_idx, primary key of loops).
looping AS MATERIALIZED (
  SELECT DISTINCT decode(item ->> 0, 'hex') AS trace_id, item ->> 1 AS call_key
  FROM findings finding
  JOIN loops loop ON (loop.project_id, loop.trace_id, loop.loop_id)
    = (finding.project_id, finding.trace_id, substr(finding.finding_key, 6))
  CROSS JOIN LATERAL jsonb_array_elements(loop.calls) AS part (item)
  WHERE finding.project_id = %(project_id)s AND finding.kind = 'loop' AND finding.end_unix_nano >= %(since)s
    AND finding.start_unix_nano < %(until)s
)

-- part: no_sets --
-- Sorts without users and durations.
'{}'::bigint[], '{}'::bigint[], '{}'::bigint[], NULL::bigint

-- traces --
-- Traces: how many, tool calls, errors, soft errors, tokens, cost and how many have one; users, those with a trace in which
-- something failed; durations of ended ones (traces_start_idx).
SELECT {step}, 'traces', release, coalesce(environment, ''), '',
  ARRAY[count(*), sum(tool_call_count), sum(error_count), sum(soft_error_count), sum(input_tokens + output_tokens),
    coalesce(sum(cost_nano_usd), 0), count(cost_nano_usd)]::bigint[],
  array_agg(DISTINCT hashtextextended(user_id, 0)) FILTER (WHERE user_id IS NOT NULL),
  array_agg(DISTINCT hashtextextended(user_id, 0))
    FILTER (WHERE user_id IS NOT NULL AND error_count + soft_error_count + failed_span_count > 0),
  array_agg(end_unix_nano - start_unix_nano ORDER BY end_unix_nano - start_unix_nano)
    FILTER (WHERE NOT live AND end_unix_nano >= start_unix_nano), NULL::bigint
FROM traces
WHERE {within} AND {filtered}
GROUP BY 1, 3, 4

-- interactions --
-- Interactions with an AI: how many (interactions_start_idx).
SELECT {step}, 'interactions', release, coalesce(environment, ''), '', ARRAY[count(*)], {no_sets}
FROM interactions
WHERE {within} AND is_ai AND {filtered}
GROUP BY 1, 3, 4

-- findings --
-- Failed and unanswered calls by kind: how many that are in no loop, and in one (findings_start_idx).
WITH {looping}
SELECT {step}, 'findings', release, environment, kind,
  ARRAY[count(*) FILTER (WHERE looping.call_key IS NULL), count(looping.call_key)], {no_sets}
FROM findings
LEFT JOIN looping ON looping.trace_id = findings.trace_id AND 'call:' || looping.call_key = finding_key
WHERE {within} AND kind IN ('tool_error', 'soft_error', 'unanswered') AND {filtered}
GROUP BY 1, 3, 4, 5

-- issues --
-- Findings by issue, signal and tool, the name has all three: how many; users; the start of the newest (findings_start_idx).
SELECT {step}, 'issues', release, environment,
  fingerprint || E'\x1f' || CASE WHEN kind IN ('loop', 'schema_violation') THEN kind ELSE 'tool_error' END || E'\x1f' || tool,
  ARRAY[count(*)], array_agg(DISTINCT hashtextextended(user_id, 0)) FILTER (WHERE user_id IS NOT NULL), '{}'::bigint[],
  '{}'::bigint[], max(start_unix_nano)
FROM findings
WHERE {within} AND {filtered} AND (%(names)s::text[] IS NULL OR fingerprint = ANY (%(names)s))
GROUP BY 1, 3, 4, 5

-- loops --
-- Loops: how many, repeated calls, their cost and how many have one, given up (findings_loops_idx, primary key of loops).
SELECT {step}, 'loops', release, environment, '',
  ARRAY[count(*), sum(wasted_calls), coalesce(sum(cost_nano_usd), 0), count(cost_nano_usd),
    count(*) FILTER (WHERE ended = 'gave_up')]::bigint[], {no_sets}
FROM (
  SELECT finding.project_id, finding.start_unix_nano, release, environment, wasted_calls, cost_nano_usd, ended
  FROM findings finding
  JOIN loops loop ON (loop.project_id, loop.trace_id, loop.loop_id)
    = (finding.project_id, finding.trace_id, substr(finding.finding_key, 6))
  WHERE finding.kind = 'loop' AND finding.project_id = %(project_id)s
    AND finding.start_unix_nano >= %(since)s AND finding.start_unix_nano < %(until)s
) found
WHERE {filtered}
GROUP BY 1, 3, 4

-- part: outcome --
-- How a call ended, as the group of its trace tells it.
CASE WHEN propagated_from IS NULL THEN coalesce(group_says ->> 'status', status) ELSE 'ok' END

-- part: calls --
-- Tool calls with the agents of their trace and what was called before (tool_calls_start_idx, primary keys). Calls that another
-- trace tells are left out; an error that only climbed up is no error of its tool. Durations are of calls with a span.
call AS MATERIALIZED (
  SELECT call.project_id, call.trace_id, call.call_key, call.name, call.start_unix_nano, {outcome} AS status,
    CASE WHEN call.span_id IS NOT NULL AND call.end_unix_nano >= call.start_unix_nano
      THEN call.end_unix_nano - call.start_unix_nano END AS took_ns,
    coalesce(trace.release, '') AS release, coalesce(trace.environment, '') AS environment, trace.agents,
    trace.start_unix_nano < %(since)s AS began_before
  FROM tool_calls call LEFT JOIN traces trace USING (project_id, trace_id)
  WHERE call.project_id = %(project_id)s AND call.start_unix_nano >= %(since)s AND call.start_unix_nano < %(until)s
    AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
    AND (%(names)s::text[] IS NULL OR call.name = ANY (%(names)s))
), numbered AS (
  SELECT *, row_number() OVER same AS number, lag(status IN ('error', 'soft_error')) OVER same AS follows_failed
  FROM call
  WHERE {filtered}
  WINDOW same AS (PARTITION BY trace_id, name ORDER BY start_unix_nano, call_key)
), placed AS MATERIALIZED (
  SELECT numbered.*, number = 1 AND before.follows_failed IS NULL AS is_first,
    CASE WHEN number > 1 THEN numbered.follows_failed ELSE before.follows_failed END AS is_retry
  FROM numbered
  LEFT JOIN LATERAL (
    SELECT {outcome} IN ('error', 'soft_error') AS follows_failed
    FROM tool_calls earlier
    WHERE numbered.number = 1 AND numbered.began_before AND earlier.project_id = numbered.project_id
      AND earlier.trace_id = numbered.trace_id AND earlier.name = numbered.name AND earlier.start_unix_nano < %(since)s
      AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
    ORDER BY earlier.start_unix_nano DESC, earlier.call_key DESC
    LIMIT 1
  ) before ON true
)

-- tools --
-- Calls by tool: how many, errors, soft errors, unanswered, calls after one that failed in the same trace, traces that call
-- it for the first time, calls in loops; durations.
WITH {looping}, {calls}
SELECT {step}, 'tools', release, environment, name,
  ARRAY[count(*), count(*) FILTER (WHERE status = 'error'), count(*) FILTER (WHERE status = 'soft_error'),
    count(*) FILTER (WHERE status = 'unanswered'), count(*) FILTER (WHERE is_retry), count(*) FILTER (WHERE is_first),
    count(looping.call_key)],
  '{}'::bigint[], '{}'::bigint[], array_agg(took_ns ORDER BY took_ns) FILTER (WHERE took_ns IS NOT NULL), NULL::bigint
FROM placed LEFT JOIN looping USING (trace_id, call_key)
GROUP BY 1, 3, 4, 5

-- callers --
-- Agents by tool, the name has both: the traces that call it for the first time.
WITH {calls}
SELECT {step}, 'callers', release, environment, name || E'\x1f' || agent, ARRAY[count(*) FILTER (WHERE is_first)], {no_sets}
FROM placed CROSS JOIN unnest(agents) AS agent
GROUP BY 1, 3, 4, 5
