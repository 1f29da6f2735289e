-- Groups of traces that belong together: finding their members, and writing what only the group knows.

-- try_lock_project --
-- One processor settles the groups of a project at a time; held until the transaction ends.
SELECT pg_try_advisory_xact_lock(hashtextextended('rainbarrel trace groups', %(project_id)s::bigint))

-- try_lock_traces --
-- Those of the traces that nobody derives at the moment, locked like a claim of them.
SELECT project_id, trace_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
WHERE pg_try_advisory_xact_lock(hashtextextended(encode(trace_id, 'hex'), project_id::bigint * 16 + 1))

-- of_conversations --
-- The traces of conversations (traces_conversation_idx).
SELECT trace.project_id, trace.trace_id, trace.group_id, trace.conversation_id
FROM unnest(%(conversation_ids)s::text[]) AS wanted (conversation_id)
JOIN traces trace ON trace.project_id = %(project_id)s
  AND left(trace.conversation_id, 255) = left(wanted.conversation_id, 255)
  AND trace.conversation_id = wanted.conversation_id

-- of_traces --
-- Given traces that have been derived (primary key).
SELECT trace.project_id, trace.trace_id, trace.group_id, trace.conversation_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN traces trace USING (project_id, trace_id)

-- members --
-- Given traces, and all that share a group or a conversation with one of them (primary key, traces_group_idx,
-- traces_conversation_idx).
WITH seed AS MATERIALIZED (
  SELECT trace.project_id, trace.trace_id, trace.group_id, trace.conversation_id
  FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
  JOIN traces trace USING (project_id, trace_id)
)
SELECT project_id, trace_id, group_id, conversation_id FROM seed
UNION
SELECT trace.project_id, trace.trace_id, trace.group_id, trace.conversation_id
FROM (SELECT DISTINCT project_id, group_id FROM seed WHERE group_id IS NOT NULL) wanted
JOIN traces trace USING (project_id, group_id)
UNION
SELECT trace.project_id, trace.trace_id, trace.group_id, trace.conversation_id
FROM (SELECT DISTINCT project_id, conversation_id FROM seed WHERE conversation_id IS NOT NULL) wanted
JOIN traces trace ON trace.project_id = wanted.project_id
  AND left(trace.conversation_id, 255) = left(wanted.conversation_id, 255)
  AND trace.conversation_id = wanted.conversation_id

-- neighbours --
-- Pairs of one of these traces and another one that asks for a call which it answers, or answers one that it asks for: by
-- call id (tool_calls_open_idx), for calls without one by their arguments (tool_calls_arguments_idx), and for spans of
-- tools without one likewise (tool_calls_lone_idx). Which of them truly belong together is decided in
-- tool_errors/grouped/linked_traces.py. Times are compared together with the id, so that the index of times alone
-- (tool_calls_start_idx) is out of the question: where many projects have few calls each it looks as good to the
-- planner, and reads every call of a large project's last minutes for each call.
SELECT DISTINCT own.project_id, own.trace_id, other.trace_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN tool_calls own USING (project_id, trace_id)
CROSS JOIN LATERAL (
  (SELECT trace_id FROM tool_calls asked
   WHERE own.asked_by IS NULL AND own.status NOT IN ('unanswered', 'pending')
     AND asked.project_id = own.project_id AND left(asked.call_id, 255) = left(own.call_id, 255)
     AND asked.call_id IS NOT NULL AND asked.status IN ('unanswered', 'pending')
     AND (asked.name = own.name OR own.name = '')
     AND (left(asked.call_id, 255), asked.start_unix_nano) >= (left(own.call_id, 255), own.start_unix_nano - %(window)s)
     AND (left(asked.call_id, 255), asked.start_unix_nano) <= (left(own.call_id, 255), own.start_unix_nano)
   ORDER BY asked.start_unix_nano DESC LIMIT 16)
  UNION ALL
  (SELECT trace_id FROM tool_calls answer
   WHERE own.status IN ('unanswered', 'pending')
     AND answer.project_id = own.project_id AND left(answer.call_id, 255) = left(own.call_id, 255)
     AND answer.call_id IS NOT NULL AND answer.asked_by IS NULL AND answer.status NOT IN ('unanswered', 'pending')
     AND (answer.name = own.name OR answer.name = '')
     AND (left(answer.call_id, 255), answer.start_unix_nano) >= (left(own.call_id, 255), own.start_unix_nano)
     AND (left(answer.call_id, 255), answer.start_unix_nano) <= (left(own.call_id, 255), own.start_unix_nano + %(window)s)
   ORDER BY answer.start_unix_nano LIMIT 64)
  UNION ALL
  (SELECT trace_id FROM tool_calls asked
   WHERE own.span_id IS NULL AND own.asked_by IS NULL AND own.status NOT IN ('unanswered', 'pending')
     AND asked.project_id = own.project_id AND asked.arguments_digest = own.arguments_digest
     AND asked.span_id IS NULL AND asked.arguments_digest IS NOT NULL AND asked.call_id IS NULL
     AND asked.status IN ('unanswered', 'pending') AND asked.name = own.name
     AND (asked.arguments_digest, asked.start_unix_nano) >= (own.arguments_digest, own.start_unix_nano - %(window)s)
     AND (asked.arguments_digest, asked.start_unix_nano) <= (own.arguments_digest, own.start_unix_nano)
   ORDER BY asked.start_unix_nano DESC LIMIT 16)
  UNION ALL
  (SELECT trace_id FROM tool_calls answer
   WHERE own.span_id IS NULL AND own.call_id IS NULL AND own.status IN ('unanswered', 'pending')
     AND answer.project_id = own.project_id AND answer.arguments_digest = own.arguments_digest
     AND answer.span_id IS NULL AND answer.arguments_digest IS NOT NULL AND answer.asked_by IS NULL
     AND answer.status NOT IN ('unanswered', 'pending') AND answer.name = own.name
     AND (answer.arguments_digest, answer.start_unix_nano) >= (own.arguments_digest, own.start_unix_nano)
     AND (answer.arguments_digest, answer.start_unix_nano) <= (own.arguments_digest, own.start_unix_nano + %(window)s)
   ORDER BY answer.start_unix_nano LIMIT 64)
  UNION ALL
  (SELECT trace_id FROM tool_calls asked
   WHERE own.span_id IS NOT NULL AND own.call_id IS NULL AND own.asked_by IS NULL
     AND asked.project_id = own.project_id AND asked.arguments_digest = own.arguments_digest
     AND asked.span_id IS NULL AND asked.arguments_digest IS NOT NULL AND asked.status IN ('unanswered', 'pending')
     AND (asked.arguments_digest, asked.start_unix_nano) >= (own.arguments_digest, own.start_unix_nano - %(window)s)
     AND (asked.arguments_digest, asked.start_unix_nano) <= (own.arguments_digest, own.start_unix_nano)
   ORDER BY asked.start_unix_nano DESC LIMIT 16)
  UNION ALL
  (SELECT trace_id FROM tool_calls lone
   WHERE own.span_id IS NULL AND own.status IN ('unanswered', 'pending')
     AND lone.project_id = own.project_id AND lone.arguments_digest = own.arguments_digest
     AND lone.span_id IS NOT NULL AND lone.call_id IS NULL AND lone.asked_by IS NULL
     AND lone.arguments_digest IS NOT NULL
     AND (lone.arguments_digest, lone.start_unix_nano) >= (own.arguments_digest, own.start_unix_nano)
     AND (lone.arguments_digest, lone.start_unix_nano) <= (own.arguments_digest, own.start_unix_nano + %(window)s)
   ORDER BY lone.start_unix_nano LIMIT 64)
) other
WHERE other.trace_id <> own.trace_id

-- same_responses --
-- Pairs of one of these traces and another one with a model call that bears the same response id, was told by another
-- library, and of which one began while the other ran, at most `duration` ns earlier (llm_calls_response_idx). Of an id
-- that a server repeats, 16 calls are looked at. Which are truly one is decided in tool_errors/grouped/told_twice.py.
SELECT DISTINCT own.project_id, own.trace_id, other.trace_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN llm_calls own USING (project_id, trace_id)
CROSS JOIN LATERAL (
  SELECT trace_id, end_unix_nano, told_by FROM llm_calls twin
  WHERE twin.project_id = own.project_id AND twin.response_key = own.response_key
    AND (twin.response_key, twin.start_unix_nano) >= (own.response_key, own.start_unix_nano - %(duration)s)
    AND (twin.response_key, twin.start_unix_nano) <= (own.response_key, own.end_unix_nano)
    AND twin.trace_id <> own.trace_id
  ORDER BY twin.start_unix_nano DESC LIMIT 16
) other
WHERE own.response_key IS NOT NULL AND other.end_unix_nano >= own.start_unix_nano AND other.told_by <> own.told_by

-- links --
-- Pairs of different traces of which one links to the other, with one of these traces on either side (primary key of
-- span_links, span_links_linked_idx); at most 1,000 links of each trace are looked at on each side.
SELECT DISTINCT wanted.project_id, wanted.trace_id, link.linked_trace_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
CROSS JOIN LATERAL (
  SELECT linked_trace_id FROM span_links carried
  WHERE carried.project_id = wanted.project_id AND carried.trace_id = wanted.trace_id LIMIT 1000
) link
WHERE link.linked_trace_id <> wanted.trace_id
UNION
SELECT DISTINCT wanted.project_id, link.trace_id, wanted.trace_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
CROSS JOIN LATERAL (
  SELECT trace_id FROM span_links incoming
  WHERE incoming.project_id = wanted.project_id AND incoming.linked_trace_id = wanted.trace_id LIMIT 1000
) link
WHERE link.trace_id <> wanted.trace_id

-- update_traces --
-- Writes what the group says of its traces (primary key); derived_at tells open pages that there is something new.
UPDATE traces AS old
SET group_id = new.group_id, tool_call_count = new.tool_call_count, error_count = new.error_count,
    soft_error_count = new.soft_error_count, unanswered_count = new.unanswered_count, loop_count = new.loop_count,
    llm_call_count = new.llm_call_count, input_tokens = new.input_tokens, output_tokens = new.output_tokens,
    cached_tokens = new.cached_tokens, reasoning_tokens = new.reasoning_tokens, cost_nano_usd = new.cost_nano_usd,
    unpriced_models = new.unpriced_models, steps = new.steps, derived_at = clock_timestamp()
FROM jsonb_populate_recordset(NULL::traces, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.trace_id) = (new.project_id, new.trace_id)

-- update_calls --
-- Writes what the group says of tool calls (primary key).
UPDATE tool_calls AS old SET group_says = new.group_says
FROM jsonb_populate_recordset(NULL::tool_calls, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.trace_id, old.call_key) = (new.project_id, new.trace_id, new.call_key)

-- update_llm_calls --
-- Writes which trace counts model calls that several tell (primary key).
UPDATE llm_calls AS old SET told_in = new.told_in
FROM jsonb_populate_recordset(NULL::llm_calls, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.trace_id, old.span_id, old.turn) = (new.project_id, new.trace_id, new.span_id, 0)

-- group_page --
-- Traces of a group by time (traces_group_idx).
SELECT * FROM traces WHERE project_id = %(project_id)s AND group_id = %(group_id)s
ORDER BY start_unix_nano, trace_id OFFSET %(offset)s LIMIT %(limit)s

-- group_from --
-- A trace of a group and those that follow it, by time (traces_group_idx).
SELECT * FROM traces
WHERE project_id = %(project_id)s AND group_id = %(group_id)s
  AND (start_unix_nano, trace_id) >= (%(start_unix_nano)s::bigint, %(trace_id)s::bytea)
ORDER BY start_unix_nano, trace_id LIMIT %(limit)s

-- group_size --
-- How many traces a group has, and how many of them come before a moment and a trace id (traces_group_idx).
SELECT count(*), count(*) FILTER (
  WHERE (start_unix_nano, trace_id) < (%(start_unix_nano)s::bigint, %(trace_id)s::bytea))
FROM traces WHERE project_id = %(project_id)s AND group_id = %(group_id)s

-- first_of_conversation --
-- The first trace of a conversation (traces_conversation_idx).
SELECT * FROM traces
WHERE project_id = %(project_id)s AND left(conversation_id, 255) = left(%(conversation_id)s, 255)
  AND conversation_id = %(conversation_id)s
ORDER BY start_unix_nano, trace_id LIMIT 1

-- troubled_calls --
-- Tool calls of given traces that failed, by their own word or that of their group; at most 50 each (primary key).
SELECT call.*
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
CROSS JOIN LATERAL (
  SELECT * FROM tool_calls own
  WHERE own.project_id = wanted.project_id AND own.trace_id = wanted.trace_id
    AND (own.status IN ('error', 'soft_error') OR own.group_says IS NOT NULL)
  ORDER BY own.start_unix_nano, own.call_key LIMIT 50
) call

-- trace_row --
-- One derived trace (primary key).
SELECT * FROM traces WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s
