-- What a pasted id or a few typed letters lead to. Every query is bounded.

-- known_traces --
-- Which of these trace ids are derived (primary key).
SELECT trace_id, coalesce(input_preview, root_name) FROM traces
WHERE project_id = %(project_id)s AND trace_id = ANY (%(trace_ids)s::bytea[])

-- traces_by_half --
-- The traces among the newest `looked_at` that end in one of these 8 bytes (traces_start_idx).
SELECT trace_id, coalesce(input_preview, root_name)
FROM (
  SELECT trace_id, input_preview, root_name FROM traces
  WHERE project_id = %(project_id)s
  ORDER BY start_unix_nano DESC, trace_id DESC
  LIMIT %(looked_at)s
) newest
WHERE substr(trace_id, 9) = ANY (%(halves)s::bytea[])
LIMIT %(limit)s

-- spans_by_id --
-- Spans with one of these ids, in the newest `looked_at` traces (traces_start_idx, primary key of spans).
SELECT DISTINCT span.trace_id, span.span_id, span.name
FROM (
  SELECT project_id, trace_id, bucket_min, bucket_max FROM traces
  WHERE project_id = %(project_id)s
  ORDER BY start_unix_nano DESC, trace_id DESC
  LIMIT %(looked_at)s
) newest
JOIN spans span ON span.project_id = newest.project_id AND span.trace_id = newest.trace_id
  AND span.span_id = ANY (%(halves)s::bytea[]) AND span.bucket BETWEEN newest.bucket_min AND newest.bucket_max
WHERE span.kind <> -1
LIMIT %(limit)s

-- exact_names --
-- What has exactly this id (primary keys): event, conversation, user, issue.
SELECT 'event', event_id, conversation_id FROM interactions
WHERE project_id = %(project_id)s AND event_id = %(text)s
UNION ALL
SELECT 'conversation', conversation_id, user_id FROM conversations
WHERE project_id = %(project_id)s AND conversation_id = %(text)s
UNION ALL
SELECT 'user', user_id, NULL FROM users WHERE project_id = %(project_id)s AND user_id = %(text)s
UNION ALL
SELECT 'issue', fingerprint, title FROM issue_states WHERE project_id = %(project_id)s AND fingerprint = %(text)s

-- trace_of_event --
-- A trace of an event, the one that says so by itself first (primary key).
SELECT trace_id FROM interaction_traces
WHERE project_id = %(project_id)s AND event_id = %(text)s
ORDER BY said_by, trace_id
LIMIT 1

-- conversation_of_traces --
-- Whether a trace is of this conversation, which no event may have named (traces_conversation_idx).
SELECT 1 FROM traces
WHERE project_id = %(project_id)s AND left(conversation_id, 255) = left(%(text)s, 255) AND conversation_id = %(text)s
LIMIT 1

-- tools_like --
-- Names of tools with this text in them; at most `looked_at` names are read, one probe of tool_calls_name_idx each.
WITH RECURSIVE tool (name) AS (
  (SELECT left(name, 255) FROM tool_calls WHERE project_id = %(project_id)s ORDER BY left(name, 255) LIMIT 1)
  UNION ALL
  SELECT (
    SELECT left(call.name, 255) FROM tool_calls call
    WHERE call.project_id = %(project_id)s AND left(call.name, 255) > tool.name
    ORDER BY left(call.name, 255) LIMIT 1)
  FROM tool WHERE tool.name IS NOT NULL
)
SELECT name FROM (SELECT name FROM tool WHERE name IS NOT NULL LIMIT %(looked_at)s) known
WHERE lower(name) LIKE %(pattern)s
ORDER BY length(name), name
LIMIT %(limit)s

-- issues_like --
-- Issues with this text in title, tool or fingerprint, among the newest `looked_at` findings (findings_start_idx).
SELECT fingerprint, kind, title, tool
FROM (
  SELECT DISTINCT ON (fingerprint) fingerprint, kind, title, tool, start_unix_nano
  FROM (
    SELECT fingerprint, kind, title, tool, start_unix_nano FROM findings
    WHERE project_id = %(project_id)s
    ORDER BY start_unix_nano DESC, trace_id, finding_key
    LIMIT %(looked_at)s
  ) newest
  WHERE lower(title) LIKE %(pattern)s OR lower(tool) LIKE %(pattern)s OR fingerprint LIKE %(pattern)s
  ORDER BY fingerprint, start_unix_nano DESC
) issue
ORDER BY start_unix_nano DESC
LIMIT %(limit)s

-- users_like --
-- Users with this text in their id, among the last seen `looked_at` (users_last_seen_idx).
SELECT user_id FROM (
  SELECT user_id, last_seen_unix_nano FROM users
  WHERE project_id = %(project_id)s
  ORDER BY last_seen_unix_nano DESC, user_id LIMIT %(looked_at)s
) seen
WHERE lower(user_id) LIKE %(pattern)s
ORDER BY last_seen_unix_nano DESC
LIMIT %(limit)s

-- conversations_like --
-- Conversations with this text in their id, among the latest `looked_at` (conversations_last_idx).
SELECT conversation_id, user_id FROM (
  SELECT conversation_id, user_id, last_unix_nano FROM conversations
  WHERE project_id = %(project_id)s
  ORDER BY last_unix_nano DESC, conversation_id LIMIT %(looked_at)s
) latest
WHERE lower(conversation_id) LIKE %(pattern)s
ORDER BY last_unix_nano DESC
LIMIT %(limit)s
