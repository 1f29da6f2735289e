-- Lists of traces and what is counted of them. {where} stands for conditions of trace_conditions.sql and steps.sql.

-- list_traces --
-- Traces of a project, newest first (traces_start_idx, traces_failed_idx or traces_loops_idx; planned for exactly these
-- parameters; findings_issue_idx for an issue).
SELECT project_id, trace_id, start_unix_nano, end_unix_nano, bucket_min, bucket_max, live, settle_at, root_name,
       service_name, release, agents, tools, models, coalesce(providers, '{}') AS providers,
       coalesce(dialects, '{}') AS dialects, span_count, root_count, llm_call_count,
       tool_call_count, error_count, soft_error_count, unanswered_count, failed_span_count, loop_count, input_tokens,
       output_tokens, cached_tokens, reasoning_tokens, conversation_id, user_id, interaction_ids, input_preview,
       output_preview, steps, derived_at, environment, group_id, cost_nano_usd, unpriced_models, derived_by
FROM traces t
WHERE t.project_id = %(project_id)s{where}
ORDER BY t.start_unix_nano DESC, t.trace_id DESC
LIMIT %(limit)s

-- last_looked_at --
-- The last of the newest so many traces (traces_start_idx, traces_failed_idx or traces_loops_idx alone).
SELECT t.start_unix_nano, t.trace_id FROM traces t
WHERE t.project_id = %(project_id)s{where}
ORDER BY t.start_unix_nano DESC, t.trace_id DESC
OFFSET %(looked_at_max)s::bigint - 1 LIMIT 2

-- facets --
-- The values of the newest matching traces, with {first_values}. The first row, without a field, counts the traces.
-- Reads at most so many rows, in the order of list_traces; of those with failed calls also findings (primary key).
-- {failing} is the condition that tells which traces fail.
WITH found AS MATERIALIZED (
  SELECT t.project_id, t.trace_id, t.service_name, t.release, t.environment, t.user_id, t.agents, t.tools, t.models,
         t.providers, t.dialects, t.error_count, t.soft_error_count, t.unanswered_count, t.failed_span_count,
         t.loop_count, t.live, {failing} AS is_failing
  FROM traces t
  WHERE t.project_id = %(project_id)s{where}
  ORDER BY t.start_unix_nano DESC, t.trace_id DESC
  LIMIT %(counted_max)s
), valued (field, value, is_failing) AS (
  SELECT '', '', is_failing FROM found
  UNION ALL SELECT 'status', 'error', is_failing FROM found WHERE error_count > 0
  UNION ALL SELECT 'status', 'soft_error', is_failing FROM found WHERE soft_error_count > 0
  UNION ALL SELECT 'status', 'loop', is_failing FROM found WHERE loop_count > 0
  UNION ALL SELECT 'status', 'unanswered', is_failing FROM found WHERE unanswered_count > 0
  UNION ALL SELECT 'status', 'failed_span', is_failing FROM found WHERE failed_span_count > 0
  UNION ALL SELECT 'status', 'live', is_failing FROM found WHERE live
  UNION ALL SELECT 'status', 'ok', is_failing FROM found
    WHERE error_count + soft_error_count + failed_span_count + unanswered_count + loop_count = 0
  UNION ALL SELECT 'service', service_name, is_failing FROM found WHERE service_name <> ''
  UNION ALL SELECT 'release', release, is_failing FROM found WHERE release <> ''
  UNION ALL SELECT 'environment', environment, is_failing FROM found WHERE environment <> ''
  UNION ALL SELECT 'user', user_id, is_failing FROM found WHERE user_id <> ''
  UNION ALL SELECT 'agent', value, is_failing FROM found, unnest(agents) value
  UNION ALL SELECT 'tool', value, is_failing FROM found, unnest(tools) value
  UNION ALL SELECT 'model', value, is_failing FROM found, unnest(models) value
  UNION ALL SELECT 'provider', value, is_failing FROM found, unnest(providers) value
  UNION ALL SELECT 'dialect', value, is_failing FROM found, unnest(dialects) value
  UNION ALL
  SELECT 'failed_tool', tool, is_failing FROM (
    SELECT DISTINCT found.trace_id, f.tool, found.is_failing
    FROM found JOIN findings f USING (project_id, trace_id)
    WHERE found.error_count + found.soft_error_count + found.unanswered_count > 0
      AND f.kind IN ('tool_error', 'soft_error', 'unanswered')
  ) failed
), {first_values}

-- first_values --
-- How `facets` of a list ends, which has gathered `valued (field, value, is_failing)`: the values of each field that most lines have,
-- the first ones of each field: (field, value, lines, those of them that fail, how many values the field has).
counted AS (
  SELECT field, value, count(*) AS lines, count(*) FILTER (WHERE is_failing) AS failing FROM valued GROUP BY 1, 2
), ranked AS (
  SELECT *, count(*) OVER (PARTITION BY field) AS of_field,
         row_number() OVER (PARTITION BY field ORDER BY lines DESC, value) AS place
  FROM counted
)
SELECT field, value, lines, failing, of_field FROM ranked WHERE place <= %(values_max)s ORDER BY field, place

-- values --
-- The values of a field among the newest traces that contain a text, those of most traces first (traces_start_idx).
SELECT value, count(*) AS traces FROM (
  SELECT {value} AS value FROM (
    SELECT t.* FROM traces t WHERE t.project_id = %(project_id)s
    ORDER BY t.start_unix_nano DESC, t.trace_id DESC LIMIT %(counted_max)s
  ) t
) named
WHERE value <> '' AND lower(value) LIKE %(pattern)s
GROUP BY value ORDER BY traces DESC, value LIMIT %(limit)s

-- one_value --
-- The value of a field that has one.
t.{column}

-- each_value --
-- The values of a field that has many.
unnest(t.{column})

-- peek_calls --
-- What happened in a trace, in short: its first tool calls that failed, else its first ones (primary key).
SELECT * FROM tool_calls
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s
ORDER BY status NOT IN ('error', 'soft_error', 'unanswered'), start_unix_nano, call_key
LIMIT %(limit)s
