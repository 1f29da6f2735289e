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

-- conversations --
-- Conversations of a project after a place, the newest message first (conversations_last_idx, or conversations_user_idx for
-- a user), of at most the newest `looked_at_max` there; each with its first question (interactions_conversation_idx) and what
-- happened in its first `traces_max` traces (traces_conversation_idx).
WITH looked AS (
  SELECT * FROM conversations
  WHERE project_id = %(project_id)s AND (last_unix_nano, conversation_id) < (%(before)s, %(before_id)s)
    AND last_unix_nano >= %(since)s
    AND (%(user_id)s::text IS NULL OR left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s)
  ORDER BY last_unix_nano DESC, conversation_id DESC
  LIMIT %(looked_at_max)s
), shown AS (
  SELECT * FROM looked one
  WHERE (NOT (%(errors)s::boolean OR %(loops)s::boolean) OR (  -- a value, not EXISTS: that may be looked up for all at once
      SELECT true FROM traces trace
      WHERE trace.project_id = one.project_id AND left(trace.conversation_id, 255) = left(one.conversation_id, 255)
        AND trace.conversation_id = one.conversation_id
        AND (NOT %(errors)s::boolean OR trace.error_count + trace.soft_error_count + trace.failed_span_count > 0)
        AND (NOT %(loops)s::boolean OR trace.loop_count > 0)
      LIMIT 1))
    AND (%(pattern)s::text IS NULL OR lower(concat_ws(' ', one.conversation_id, one.user_id)) LIKE %(pattern)s OR (
      SELECT true FROM interactions said
      WHERE said.project_id = one.project_id AND left(said.conversation_id, 255) = left(one.conversation_id, 255)
        AND said.conversation_id = one.conversation_id
        AND lower(concat_ws(' ', said.input_preview, said.output_preview)) LIKE %(pattern)s
      LIMIT 1))
  LIMIT %(limit)s
)
SELECT conversation_id, user_id, first_unix_nano, last_unix_nano, interaction_count, coalesce(asked.question, ''),
  told.traces, told.users, coalesce(told.steps, ''), told.errors, told.soft_errors, told.unanswered, told.failed_spans,
  told.loops, told.tokens, told.cost_nano_usd, coalesce(told.live, false)
FROM shown
LEFT JOIN LATERAL (
  SELECT input_preview AS question FROM interactions said
  WHERE said.project_id = %(project_id)s AND left(said.conversation_id, 255) = left(shown.conversation_id, 255)
    AND said.conversation_id = shown.conversation_id AND said.input_preview IS NOT NULL
  ORDER BY said.start_unix_nano LIMIT 1
) asked ON true
CROSS JOIN LATERAL (
  SELECT count(*) AS traces, count(DISTINCT user_id) AS users,
    string_agg(rtrim(steps, '+'), '' ORDER BY start_unix_nano, trace_id) AS steps,
    coalesce(sum(error_count), 0)::bigint AS errors, coalesce(sum(soft_error_count), 0)::bigint AS soft_errors,
    coalesce(sum(unanswered_count), 0)::bigint AS unanswered,
    coalesce(sum(failed_span_count), 0)::bigint AS failed_spans, coalesce(sum(loop_count), 0)::bigint AS loops,
    coalesce(sum(input_tokens + output_tokens), 0)::bigint AS tokens, sum(cost_nano_usd)::bigint AS cost_nano_usd,
    bool_or(live) AS live
  FROM (
    SELECT * FROM traces trace
    WHERE trace.project_id = %(project_id)s AND left(trace.conversation_id, 255) = left(shown.conversation_id, 255)
      AND trace.conversation_id = shown.conversation_id
    ORDER BY start_unix_nano LIMIT %(traces_max)s
  ) of_it
) told
ORDER BY last_unix_nano DESC, conversation_id DESC

-- last_conversation_looked_at --
-- The last of the conversations that such a page looks at, when there are more.
SELECT last_unix_nano, conversation_id FROM conversations
WHERE project_id = %(project_id)s AND (last_unix_nano, conversation_id) < (%(before)s, %(before_id)s)
  AND last_unix_nano >= %(since)s
  AND (%(user_id)s::text IS NULL OR left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s)
ORDER BY last_unix_nano DESC, conversation_id DESC
OFFSET %(looked_at_max)s::bigint - 1 LIMIT 2
