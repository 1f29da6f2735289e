-- Two groups of traces beside each other: how often they failed, how long they took, what they cost.

-- part: cohort --
-- The newest traces within a time that have a value, with what figures are made of.
SELECT trace.trace_id, trace.tool_call_count, trace.error_count, trace.soft_error_count, trace.failed_span_count,
  trace.unanswered_count, trace.loop_count, trace.input_tokens + trace.output_tokens AS tokens, trace.cost_nano_usd,
  CASE WHEN NOT trace.live AND trace.end_unix_nano >= trace.start_unix_nano
    THEN trace.end_unix_nano - trace.start_unix_nano END AS took_ns
FROM traces trace
WHERE trace.project_id = %(project_id)s AND trace.start_unix_nano >= %(since)s AND trace.start_unix_nano < %(until)s
  AND CASE %(by)s
    WHEN 'release' THEN trace.release = %(value)s
    WHEN 'environment' THEN coalesce(trace.environment, '') = %(value)s
    WHEN 'service' THEN trace.service_name = %(value)s
    WHEN 'user' THEN trace.user_id = %(value)s
    WHEN 'agent' THEN %(value)s = ANY (trace.agents)
    WHEN 'model' THEN %(value)s = ANY (trace.models)
    WHEN 'tool' THEN %(value)s = ANY (trace.tools)
    ELSE EXISTS (
      SELECT FROM interaction_traces link
      JOIN interactions interaction USING (project_id, event_id)
      WHERE link.project_id = trace.project_id AND link.trace_id = trace.trace_id
        AND interaction.properties ->> %(property)s = %(value)s)
  END
ORDER BY trace.start_unix_nano DESC
LIMIT %(traces_max)s

-- cohort_figures --
-- Figures of at most the newest `traces_max` traces that began within a time and have a value (traces_start_idx; of a
-- property also the primary keys of interactions and the traces of an interaction).
WITH trace AS MATERIALIZED ({cohort})
SELECT count(*), count(*) FILTER (WHERE error_count + soft_error_count + failed_span_count > 0),
  count(*) FILTER (WHERE loop_count > 0), coalesce(sum(tool_call_count), 0)::bigint,
  coalesce(sum(least(error_count + soft_error_count, tool_call_count)), 0)::bigint,
  coalesce(sum(least(unanswered_count, tool_call_count)), 0)::bigint,
  (percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ns::float8))::bigint,
  (percentile_cont(0.95) WITHIN GROUP (ORDER BY took_ns::float8))::bigint,
  (percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens::float8))::bigint, coalesce(sum(tokens), 0)::bigint,
  sum(cost_nano_usd)::bigint, count(cost_nano_usd)
FROM trace

-- cohort_tools --
-- The tools with most calls in these traces (as above, primary key of tool_calls): calls, failed ones, durations. Calls that
-- another trace tells are left out; an error that only climbed up is no error of its tool.
WITH trace AS MATERIALIZED ({cohort})
SELECT call.name, count(*), count(*) FILTER (
    WHERE call.propagated_from IS NULL AND coalesce(call.group_says ->> 'status', call.status) IN ('error', 'soft_error')),
  (percentile_cont(0.5) WITHIN GROUP (ORDER BY (call.end_unix_nano - call.start_unix_nano)::float8)
    FILTER (WHERE call.span_id IS NOT NULL AND call.end_unix_nano >= call.start_unix_nano))::bigint,
  (percentile_cont(0.95) WITHIN GROUP (ORDER BY (call.end_unix_nano - call.start_unix_nano)::float8)
    FILTER (WHERE call.span_id IS NOT NULL AND call.end_unix_nano >= call.start_unix_nano))::bigint,
  count(*) OVER ()
FROM trace
JOIN tool_calls call ON call.project_id = %(project_id)s AND call.trace_id = trace.trace_id
WHERE NOT coalesce((call.group_says ->> 'is_told_elsewhere')::boolean, false)
GROUP BY call.name
ORDER BY count(*) DESC, call.name
LIMIT %(tools_max)s
