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
