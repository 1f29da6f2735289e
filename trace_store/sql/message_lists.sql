-- Lists of interactions and of conversations with what happened in them. Previews alone, never whole texts.

-- interactions --
-- Interactions of a project after a place, newest first (interactions_start_idx, or interactions_user_idx for a user), of at
-- most the newest `looked_at_max` there; each with the strip of its traces (primary key of traces). A trace that several
-- interactions share has no strip of its own for any of them.
WITH looked AS (
  SELECT * FROM interactions
  WHERE project_id = %(project_id)s AND start_unix_nano <= %(before)s
    AND (start_unix_nano < %(before)s OR event_id > %(before_id)s)
    AND start_unix_nano >= %(since)s
    AND (%(user_id)s::text IS NULL OR left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s)
  ORDER BY start_unix_nano DESC, event_id
  LIMIT %(looked_at_max)s
), shown AS (
  SELECT * FROM looked
  WHERE (NOT %(errors)s::boolean OR error_count + soft_error_count > 0)
    AND (NOT %(loops)s::boolean OR loop_count > 0)
    AND (%(pattern)s::text IS NULL
      OR lower(concat_ws(' ', input_preview, output_preview, event_name)) LIKE %(pattern)s)
  LIMIT %(limit)s
)
SELECT event_id, event_name, user_id, conversation_id, start_unix_nano, duration_ns, is_pending, input_preview,
  output_preview, trace_ids, tool_call_count, error_count, soft_error_count, loop_count, input_tokens + output_tokens,
  cost_usd, coalesce(strip.steps, ''), coalesce(strip.live, false)
FROM shown
LEFT JOIN LATERAL (
  SELECT string_agg(rtrim(trace.steps, '+'), '' ORDER BY trace.start_unix_nano, trace.trace_id) AS steps,
    bool_or(trace.live) AS live
  FROM traces trace
  WHERE trace.project_id = %(project_id)s AND trace.trace_id = ANY (shown.trace_ids[1:20])
    AND cardinality(trace.interaction_ids) <= 1
) strip ON true
ORDER BY start_unix_nano DESC, event_id

-- last_looked_at --
-- The last of the interactions that such a page looks at, when there are more.
SELECT start_unix_nano, event_id FROM interactions
WHERE project_id = %(project_id)s AND start_unix_nano <= %(before)s
  AND (start_unix_nano < %(before)s OR event_id > %(before_id)s)
  AND start_unix_nano >= %(since)s
  AND (%(user_id)s::text IS NULL OR left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s)
ORDER BY start_unix_nano DESC, event_id
OFFSET %(looked_at_max)s::bigint - 1 LIMIT 2
