-- What is going on right now.

-- latest_calls --
-- The newest `calls_max` tool calls of each of these traces, the newest first (primary key of tool_calls).
SELECT trace.trace_id, call.name, call.status, call.start_unix_nano, call.end_unix_nano
FROM unnest(%(trace_ids)s::bytea[]) AS trace (trace_id)
CROSS JOIN LATERAL (
  SELECT name, coalesce(group_says ->> 'status', status) AS status, start_unix_nano, end_unix_nano
  FROM tool_calls
  WHERE project_id = %(project_id)s AND tool_calls.trace_id = trace.trace_id
  ORDER BY start_unix_nano DESC, call_key
  LIMIT %(calls_max)s
) call
