-- Interactions, users and conversations as the processor reads and replaces them.

-- updates_of_events --
-- Everything that was posted of these interactions (primary key, one look into each day).
SELECT posted.project_id, posted.event_id, posted.bucket, posted.digest, posted.arrival, posted.received_at,
  posted.client_unix_nano, posted.kind, posted.body
FROM unnest(%(project_ids)s::integer[], %(event_ids)s::text[]) AS wanted (project_id, event_id)
JOIN interaction_updates posted USING (project_id, event_id)

-- links_of_events --
-- What traces and events say of these interactions (primary key).
SELECT link.* FROM unnest(%(project_ids)s::integer[], %(event_ids)s::text[]) AS wanted (project_id, event_id)
JOIN interaction_traces link USING (project_id, event_id)

-- links_of_traces --
-- What is said of these traces (interaction_traces_trace_idx).
SELECT link.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN interaction_traces link USING (project_id, trace_id)

-- linked_traces --
-- What interactions take of these traces (primary key).
SELECT trace.project_id, trace.trace_id, trace.start_unix_nano, trace.end_unix_nano, trace.bucket_max, trace.live,
  trace.input_tokens, trace.output_tokens, trace.release, trace.environment
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN traces trace USING (project_id, trace_id)

-- linked_llm_calls --
-- The same of their model calls, by time (primary key).
SELECT call.project_id, call.trace_id, call.interaction_id, call.model, call.input_tokens, call.output_tokens,
  call.cost_nano_usd, call.told_in
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN llm_calls call USING (project_id, trace_id)
ORDER BY call.start_unix_nano, call.span_id, call.turn

-- linked_tool_calls --
-- The same of their tool calls, by time (primary key).
SELECT call.project_id, call.trace_id, call.call_key, call.interaction_id, call.name, call.status, call.propagated_from,
  call.group_says
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN tool_calls call USING (project_id, trace_id)
ORDER BY call.start_unix_nano, call.call_key

-- linked_loops --
-- The same of their loops, by time (primary key).
SELECT loop.project_id, loop.trace_id, loop.call_keys
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN loops loop USING (project_id, trace_id)
ORDER BY loop.start_unix_nano, loop.loop_id

-- read_trace_links --
-- What these traces say themselves (interaction_traces_trace_idx).
SELECT link.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN interaction_traces link USING (project_id, trace_id)
WHERE link.said_by = 1

-- delete_trace_links --
-- Removes exactly these (primary key).
DELETE FROM interaction_traces AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(event_id)s::text[])
  AS gone (project_id, trace_id, event_id)
WHERE (old.project_id, old.event_id, old.trace_id, old.said_by) = (gone.project_id, gone.event_id, gone.trace_id, 1)

-- read_event_links --
-- What these events say themselves (primary key).
SELECT link.* FROM unnest(%(project_ids)s::integer[], %(event_ids)s::text[]) AS wanted (project_id, event_id)
JOIN interaction_traces link USING (project_id, event_id)
WHERE link.said_by = 2

-- delete_event_links --
-- Removes exactly these (primary key).
DELETE FROM interaction_traces AS old
USING unnest(%(project_id)s::integer[], %(event_id)s::text[], %(trace_id)s::bytea[])
  AS gone (project_id, event_id, trace_id)
WHERE (old.project_id, old.event_id, old.trace_id, old.said_by) = (gone.project_id, gone.event_id, gone.trace_id, 2)

-- insert_links --
-- Adds rows, in key order.
INSERT INTO interaction_traces SELECT * FROM jsonb_populate_recordset(NULL::interaction_traces, %(rows)s::jsonb)
ORDER BY project_id, event_id, trace_id, said_by

-- part: values_of_interaction_traces --
-- Every column but those of the key.
is_named, user_id, conversation_id, start_unix_nano, end_unix_nano, input_preview, output_preview, input_from,
output_from, told_name

-- update_interaction_traces --
-- Changes rows of these keys (primary key).
UPDATE interaction_traces AS old
SET ({values_of_interaction_traces}) = (SELECT {values_of_interaction_traces} FROM (SELECT new.*) AS one)
FROM jsonb_populate_recordset(NULL::interaction_traces, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.event_id, old.trace_id, old.said_by)
    = (new.project_id, new.event_id, new.trace_id, new.said_by)

-- mark_of_traces --
-- Marks the interactions that these traces say they belong to (interaction_traces_trace_idx).
INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
SELECT DISTINCT project_id, 2, convert_to(event_id, 'UTF8')
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS changed (project_id, trace_id)
JOIN interaction_traces USING (project_id, trace_id)
WHERE said_by = 1

-- mark_interactions --
-- Marks interactions.
INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
SELECT project_id, 2, convert_to(event_id, 'UTF8')
FROM unnest(%(project_ids)s::integer[], %(event_ids)s::text[]) AS changed (project_id, event_id)

-- read_interactions --
-- The rows of these interactions (primary key).
SELECT interaction.* FROM unnest(%(project_ids)s::integer[], %(event_ids)s::text[]) AS wanted (project_id, event_id)
JOIN interactions interaction USING (project_id, event_id)

-- delete_interactions --
-- Removes exactly these (primary key).
DELETE FROM interactions AS old
USING unnest(%(project_id)s::integer[], %(event_id)s::text[]) AS gone (project_id, event_id)
WHERE (old.project_id, old.event_id) = (gone.project_id, gone.event_id)

-- insert_interactions --
-- Adds rows, in key order.
INSERT INTO interactions SELECT * FROM jsonb_populate_recordset(NULL::interactions, %(rows)s::jsonb)
ORDER BY project_id, event_id

-- part: values_of_interactions --
-- Every column but those of the key.
event_name, user_id, conversation_id, start_unix_nano, end_unix_nano, received_at, is_ai, is_pending, is_from_spans,
model, input, output, input_preview, output_preview, properties, feature_flags, attachments, trace_ids, tools,
tool_call_count, error_count, soft_error_count, loop_count, input_tokens, output_tokens, cost_usd, duration_ns,
release, environment, last_bucket, derived_version

-- update_interactions --
-- Changes rows of these keys (primary key).
UPDATE interactions AS old
SET ({values_of_interactions}) = (SELECT {values_of_interactions} FROM (SELECT new.*) AS one)
FROM jsonb_populate_recordset(NULL::interactions, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.event_id) = (new.project_id, new.event_id)

-- updates_of_users --
-- What was said of these users (primary key).
SELECT posted.project_id, posted.user_id, posted.arrival, posted.received_at, posted.client_unix_nano, posted.traits
FROM unnest(%(project_ids)s::integer[], %(user_ids)s::text[]) AS wanted (project_id, user_id)
JOIN user_updates posted USING (project_id, user_id)

-- sums_of_users --
-- First and last time and number of the interactions of these users (interactions_user_idx).
SELECT project_id, wanted.user_id, min(start_unix_nano), max(start_unix_nano), count(*)
FROM unnest(%(project_ids)s::integer[], %(user_ids)s::text[]) AS wanted (project_id, user_id)
JOIN interactions USING (project_id)
WHERE left(interactions.user_id, 255) = left(wanted.user_id, 255) AND interactions.user_id = wanted.user_id
GROUP BY project_id, wanted.user_id

-- read_users --
-- The rows of these users (primary key).
SELECT person.* FROM unnest(%(project_ids)s::integer[], %(user_ids)s::text[]) AS wanted (project_id, user_id)
JOIN users person USING (project_id, user_id)

-- delete_users --
-- Removes exactly these (primary key).
DELETE FROM users AS old
USING unnest(%(project_id)s::integer[], %(user_id)s::text[]) AS gone (project_id, user_id)
WHERE (old.project_id, old.user_id) = (gone.project_id, gone.user_id)

-- insert_users --
-- Adds rows, in key order.
INSERT INTO users SELECT * FROM jsonb_populate_recordset(NULL::users, %(rows)s::jsonb) ORDER BY project_id, user_id

-- part: values_of_users --
-- Every column but those of the key.
traits, first_seen_unix_nano, last_seen_unix_nano, interaction_count

-- update_users --
-- Changes rows of these keys (primary key).
UPDATE users AS old
SET ({values_of_users}) = (SELECT {values_of_users} FROM (SELECT new.*) AS one)
FROM jsonb_populate_recordset(NULL::users, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.user_id) = (new.project_id, new.user_id)

-- sums_of_conversations --
-- User of the newest interaction that has one, first and last time and number of the interactions of these conversations
-- (interactions_conversation_idx).
SELECT project_id, wanted.conversation_id,
  (array_agg(user_id ORDER BY start_unix_nano DESC, event_id) FILTER (WHERE user_id IS NOT NULL))[1],
  min(start_unix_nano), max(start_unix_nano), count(*)
FROM unnest(%(project_ids)s::integer[], %(conversation_ids)s::text[]) AS wanted (project_id, conversation_id)
JOIN interactions USING (project_id)
WHERE left(interactions.conversation_id, 255) = left(wanted.conversation_id, 255)
  AND interactions.conversation_id = wanted.conversation_id
GROUP BY project_id, wanted.conversation_id

-- read_conversations --
-- The rows of these conversations (primary key).
SELECT conversation.*
FROM unnest(%(project_ids)s::integer[], %(conversation_ids)s::text[]) AS wanted (project_id, conversation_id)
JOIN conversations conversation USING (project_id, conversation_id)

-- delete_conversations --
-- Removes exactly these (primary key).
DELETE FROM conversations AS old
USING unnest(%(project_id)s::integer[], %(conversation_id)s::text[]) AS gone (project_id, conversation_id)
WHERE (old.project_id, old.conversation_id) = (gone.project_id, gone.conversation_id)

-- insert_conversations --
-- Adds rows, in key order.
INSERT INTO conversations SELECT * FROM jsonb_populate_recordset(NULL::conversations, %(rows)s::jsonb)
ORDER BY project_id, conversation_id

-- part: values_of_conversations --
-- Every column but those of the key.
user_id, first_unix_nano, last_unix_nano, interaction_count

-- update_conversations --
-- Changes rows of these keys (primary key).
UPDATE conversations AS old
SET ({values_of_conversations}) = (SELECT {values_of_conversations} FROM (SELECT new.*) AS one)
FROM jsonb_populate_recordset(NULL::conversations, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.conversation_id) = (new.project_id, new.conversation_id)
