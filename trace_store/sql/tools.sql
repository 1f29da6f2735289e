-- The page of tools.

-- count_tool_calls --
-- How many tool calls of a project are stored, without those that another trace tells, counted no further than a limit
-- (primary key).
SELECT count(*) FROM (
  SELECT FROM tool_calls
  WHERE project_id = %(project_id)s AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
  LIMIT %(limit)s
) call

-- newest_results --
-- What the newest calls of a tool within a time gave back, as rows keep it (tool_calls_name_idx, primary key of traces). Those of
-- other releases and environments are left out after the newest were found.
SELECT call.trace_id, call.span_id, call.start_unix_nano, coalesce(call.group_says ->> 'result_preview', call.result_preview)
FROM (
  SELECT project_id, trace_id, span_id, start_unix_nano, result_preview, group_says
  FROM tool_calls
  WHERE project_id = %(project_id)s AND left(name, 255) = left(%(name)s, 255) AND name = %(name)s
    AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
    AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
  ORDER BY start_unix_nano DESC
  LIMIT %(limit)s
) call
WHERE (%(release)s::text IS NULL AND %(environment)s::text IS NULL) OR EXISTS (
  SELECT FROM traces trace
  WHERE trace.project_id = call.project_id AND trace.trace_id = call.trace_id
    AND (%(release)s::text IS NULL OR trace.release = %(release)s)
    AND (%(environment)s::text IS NULL OR trace.environment = %(environment)s)
)
ORDER BY call.start_unix_nano DESC

-- span_bytes --
-- The bytes of given spans under given days (primary key of spans).
SELECT span.trace_id, span.span_id, max(span.raw_length)
FROM unnest(%(trace_ids)s::bytea[], %(span_ids)s::bytea[], %(buckets)s::date[]) AS wanted (trace_id, span_id, bucket)
JOIN spans span USING (trace_id, span_id, bucket)
WHERE span.project_id = %(project_id)s
GROUP BY span.trace_id, span.span_id
