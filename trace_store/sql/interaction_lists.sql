-- What pages read of interactions, users and feedback. Lists never read whole texts.

-- of_traces --
-- The interactions of these traces (interaction_traces_trace_idx, primary key), by time.
SELECT trace_id, interaction.event_id, event_name, interaction.user_id, interaction.conversation_id,
  interaction.start_unix_nano, interaction.is_ai, is_pending, is_from_spans, model, interaction.input_preview,
  interaction.output_preview, octet_length(input) > 400, octet_length(output) > 400,
  right(input, 26) = '...[truncated by raindrop]', right(output, 26) = '...[truncated by raindrop]', attachments, trace_ids, tools,
  tool_call_count, error_count, soft_error_count, loop_count, duration_ns, cost_usd,
  feature_flags, properties -> '$context'
FROM unnest(%(trace_ids)s::bytea[]) AS wanted (trace_id)
JOIN interaction_traces link USING (trace_id)
JOIN interactions interaction USING (project_id, event_id)
WHERE link.project_id = %(project_id)s AND link.said_by = 1
ORDER BY interaction.start_unix_nano, interaction.event_id

-- of_conversation_without_traces --
-- The interactions of a conversation that have no trace and begin within a time (interactions_conversation_idx), by
-- time; with how many there are.
SELECT NULL::bytea, event_id, event_name, user_id, conversation_id, start_unix_nano, is_ai, is_pending, is_from_spans,
  model, input_preview, output_preview, octet_length(input) > 400, octet_length(output) > 400,
  right(input, 26) = '...[truncated by raindrop]', right(output, 26) = '...[truncated by raindrop]', attachments, trace_ids,
  tools, tool_call_count, error_count, soft_error_count, loop_count, duration_ns, cost_usd,
  feature_flags, properties -> '$context', count(*) OVER ()
FROM interactions
WHERE project_id = %(project_id)s AND left(conversation_id, 255) = left(%(conversation_id)s, 255)
  AND conversation_id = %(conversation_id)s AND trace_ids = '{}'
  AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
ORDER BY start_unix_nano, event_id
OFFSET %(offset)s LIMIT %(limit)s

-- of_user --
-- The interactions of a user before a place, the newest first (interactions_user_idx).
SELECT NULL::bytea, event_id, event_name, user_id, conversation_id, start_unix_nano, is_ai, is_pending, is_from_spans,
  model, input_preview, output_preview, octet_length(input) > 400, octet_length(output) > 400,
  right(input, 26) = '...[truncated by raindrop]', right(output, 26) = '...[truncated by raindrop]', attachments, trace_ids,
  tools, tool_call_count, error_count, soft_error_count, loop_count, duration_ns, cost_usd,
  feature_flags, properties -> '$context'
FROM interactions
WHERE project_id = %(project_id)s AND left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s
  AND (start_unix_nano, event_id) < (%(before)s, %(before_id)s)
ORDER BY start_unix_nano DESC, event_id DESC
LIMIT %(limit)s

-- feedback_of --
-- Signals that were posted about these interactions, in the order of their receipt (primary key); each once, however
-- many days it was delivered on.
SELECT event_id, name, type, sentiment, attachment_id, properties, received_at, client_unix_nano
FROM (
  SELECT DISTINCT ON (posted.event_id, posted.digest) posted.*
  FROM unnest(%(event_ids)s::text[]) AS wanted (event_id)
  JOIN feedback posted USING (event_id)
  WHERE posted.project_id = %(project_id)s
  ORDER BY posted.event_id, posted.digest, posted.received_at
) once
ORDER BY received_at, name

-- feedback_counts --
-- Signals posted since a moment, by name, type and sentiment, the most first (partitions since that day).
SELECT name, type, sentiment, count(DISTINCT feedback.event_id), count(DISTINCT user_id),
  max(extract(epoch FROM feedback.received_at) * 1000000000)::bigint, count(*) OVER ()
FROM feedback
LEFT JOIN interactions USING (project_id, event_id)
WHERE project_id = %(project_id)s AND bucket >= %(since)s::timestamptz::date AND feedback.received_at >= %(since)s
GROUP BY name, type, sentiment
ORDER BY 4 DESC, name, type, sentiment
LIMIT %(limit)s

-- users --
-- A page of users, the last seen first (users_last_seen_idx).
SELECT project_id, user_id, traits, first_seen_unix_nano, last_seen_unix_nano, interaction_count
FROM users
WHERE project_id = %(project_id)s AND (last_seen_unix_nano, user_id) < (%(before)s, %(before_id)s)
  AND (%(text)s = '' OR strpos(lower(user_id || ' ' || traits::text), lower(%(text)s)) > 0)
ORDER BY last_seen_unix_nano DESC, user_id DESC
LIMIT %(limit)s

-- user --
-- One user (primary key).
SELECT project_id, user_id, traits, first_seen_unix_nano, last_seen_unix_nano, interaction_count
FROM users
WHERE project_id = %(project_id)s AND user_id = %(user_id)s

-- conversation_count --
-- How many conversations a project has.
SELECT count(*) FROM conversations WHERE project_id = %(project_id)s

-- user_count --
-- How many users a project has.
SELECT count(*) FROM users WHERE project_id = %(project_id)s
