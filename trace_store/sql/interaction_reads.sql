-- What the query API reads of interactions, conversations and users. {where} stands for the conditions that were asked
-- for (interaction_conditions.sql), each planned for its own values.

-- list_newest_first --
-- Interactions by start, newest first, after a place in that order (interactions_start_idx, or that of the user or the
-- conversation).
SELECT i.*
FROM interactions i
WHERE i.project_id = %(project_id)s
  AND (%(after_start)s::bigint IS NULL OR i.start_unix_nano <= %(after_start)s
    AND (i.start_unix_nano < %(after_start)s OR i.event_id > %(after_id)s)){where}
ORDER BY i.start_unix_nano DESC, i.event_id
LIMIT %(limit)s

-- list_oldest_first --
-- The same order from its end.
SELECT i.*
FROM interactions i
WHERE i.project_id = %(project_id)s
  AND (%(after_start)s::bigint IS NULL OR i.start_unix_nano >= %(after_start)s
    AND (i.start_unix_nano > %(after_start)s OR i.event_id < %(after_id)s)){where}
ORDER BY i.start_unix_nano, i.event_id DESC
LIMIT %(limit)s

-- interaction --
-- One interaction (primary key).
SELECT i.* FROM interactions i WHERE i.project_id = %(project_id)s AND i.event_id = %(event_id)s

-- start_of --
-- Where an interaction stands in the order of lists (primary key).
SELECT start_unix_nano FROM interactions WHERE project_id = %(project_id)s AND event_id = %(event_id)s

-- signals_of --
-- The signals that interactions have, of all kinds, and how often (primary keys of interaction_traces, findings,
-- signal_matches and feedback).
SELECT event_id, kind, name, count(*)
FROM (
  SELECT t.event_id, CASE f.kind WHEN 'loop' THEN 'loop' ELSE 'tool_error' END AS kind, f.tool AS name
  FROM interaction_traces t JOIN findings f USING (project_id, trace_id)
  WHERE t.project_id = %(project_id)s AND t.event_id = ANY (%(event_ids)s::text[])
    AND coalesce(f.interaction_id, t.event_id) = t.event_id AND f.kind <> 'schema_violation'
    AND t.said_by = (SELECT min(said_by) FROM interaction_traces s
                     WHERE (s.project_id, s.event_id, s.trace_id) = (t.project_id, t.event_id, t.trace_id))
  UNION ALL
  SELECT t.event_id, 'own', m.signal_id::text
  FROM interaction_traces t JOIN signal_matches m USING (project_id, trace_id)
  WHERE t.project_id = %(project_id)s AND t.event_id = ANY (%(event_ids)s::text[])
    AND coalesce(m.interaction_id, t.event_id) = t.event_id AND NOT m.is_wrong
    AND t.said_by = (SELECT min(said_by) FROM interaction_traces s
                     WHERE (s.project_id, s.event_id, s.trace_id) = (t.project_id, t.event_id, t.trace_id))
  UNION ALL
  SELECT event_id, 'posted', name FROM feedback
  WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[])
) met
GROUP BY event_id, kind, name
ORDER BY event_id, kind, name

-- calls_of --
-- The tool calls of traces, oldest first (primary key of tool_calls).
SELECT trace_id, interaction_id, span_id, name, status, start_unix_nano, end_unix_nano, error_message
FROM tool_calls
WHERE project_id = %(project_id)s AND trace_id = ANY (%(trace_ids)s::bytea[])
ORDER BY start_unix_nano, call_key

-- failed_model_calls_of --
-- The model calls of traces that failed, oldest first, each with the name of its span (primary keys).
SELECT trace_id, interaction_id, span_id,
  coalesce((SELECT name FROM spans
            WHERE (spans.project_id, spans.trace_id, spans.span_id) = (call.project_id, call.trace_id, call.span_id)
            LIMIT 1), model, ''),
  'error', start_unix_nano, coalesce(end_unix_nano, start_unix_nano), error_message
FROM llm_calls call
WHERE project_id = %(project_id)s AND trace_id = ANY (%(trace_ids)s::bytea[]) AND error_message IS NOT NULL
ORDER BY start_unix_nano, span_id

-- conversations --
-- Conversations in an order of their times, after a place in it (conversations_last_idx or conversations_first_idx).
SELECT conversation_id, user_id, first_unix_nano, last_unix_nano, interaction_count
FROM conversations i
WHERE project_id = %(project_id)s
  AND (%(after_start)s::bigint IS NULL OR ({column}, conversation_id) {beyond} (%(after_start)s, %(after_id)s)){where}
ORDER BY {column} {direction}, conversation_id {direction}
LIMIT %(limit)s

-- conversation --
-- One conversation (primary key).
SELECT conversation_id, user_id, first_unix_nano, last_unix_nano, interaction_count
FROM conversations WHERE project_id = %(project_id)s AND conversation_id = %(conversation_id)s

-- interactions_of --
-- The ids of the interactions of conversations (interactions_conversation_idx).
SELECT conversation_id, event_id FROM interactions
WHERE project_id = %(project_id)s AND left(conversation_id, 255) = ANY (%(prefixes)s::text[])
  AND conversation_id = ANY (%(conversation_ids)s::text[])

-- users --
-- Users in an order of their times, after a place in it (users_last_seen_idx or users_first_seen_idx).
SELECT user_id, traits, first_seen_unix_nano, last_seen_unix_nano, interaction_count
FROM users i
WHERE project_id = %(project_id)s
  AND (%(after_start)s::bigint IS NULL OR ({column}, user_id) {beyond} (%(after_start)s, %(after_id)s)){where}
ORDER BY {column} {direction}, user_id {direction}
LIMIT %(limit)s

-- user --
-- One user (primary key).
SELECT user_id, traits, first_seen_unix_nano, last_seen_unix_nano, interaction_count
FROM users WHERE project_id = %(project_id)s AND user_id = %(user_id)s

-- posted_signals --
-- The signals that applications post, by name, with what most of them say (feedback_name_idx).
SELECT name, min(received_at), bool_or(sentiment = 'POSITIVE'), bool_or(sentiment = 'NEGATIVE'), min(type),
  bool_or(type IN ('agent', 'agent_internal'))
FROM feedback WHERE project_id = %(project_id)s
GROUP BY name
ORDER BY name

-- derived_signals --
-- The tools that fail and the loops, with when each was first met (issue_states, one row per issue).
SELECT CASE kind WHEN 'loop' THEN 'loop' ELSE 'tool_error' END AS kind, tool, min(first_seen_unix_nano)
FROM issue_states WHERE project_id = %(project_id)s
GROUP BY 1, 2
ORDER BY 1, 2
