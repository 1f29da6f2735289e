-- Reads and writes of the derived tables. Rows come and go by key; the difference is taken in derived_tables.py.

-- read_traces --
-- The rows of given traces (primary key).
SELECT trace.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN traces trace USING (project_id, trace_id)

-- delete_traces --
-- Removes exactly these rows (primary key).
DELETE FROM traces AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[]) AS gone (project_id, trace_id)
WHERE (old.project_id, old.trace_id) = (gone.project_id, gone.trace_id)

-- insert_traces --
-- Adds rows, in key order.
INSERT INTO traces SELECT * FROM jsonb_populate_recordset(NULL::traces, %(rows)s::jsonb) ORDER BY project_id, trace_id

-- part: values_of_traces --
-- Every column but those of the key.
start_unix_nano, end_unix_nano, bucket_min, bucket_max, live, settle_at, root_name, service_name, release, agents,
tools, models, span_count, root_count, llm_call_count, tool_call_count, error_count, soft_error_count,
unanswered_count, failed_span_count, loop_count, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
conversation_id, user_id, interaction_ids, input_preview, output_preview, steps, search_text, derived_at,
environment, group_id, cost_nano_usd, unpriced_models, derived_by, providers, dialects

-- update_traces --
-- Changes rows of these keys (primary key).
UPDATE traces AS old
SET ({values_of_traces}) = (SELECT {values_of_traces} FROM (SELECT new.*) AS one)
FROM jsonb_populate_recordset(NULL::traces, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.trace_id) = (new.project_id, new.trace_id)

-- read_llm_calls --
-- The LLM calls of given traces (primary key).
SELECT call.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN llm_calls call USING (project_id, trace_id)
ORDER BY call.start_unix_nano, call.span_id, call.turn

-- delete_llm_calls --
-- Removes exactly these rows (primary key).
DELETE FROM llm_calls AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(span_id)s::bytea[], %(turn)s::integer[])
  AS gone (project_id, trace_id, span_id, turn)
WHERE (old.project_id, old.trace_id, old.span_id, old.turn) = (gone.project_id, gone.trace_id, gone.span_id, gone.turn)

-- insert_llm_calls --
-- Adds rows, in key order.
INSERT INTO llm_calls SELECT * FROM jsonb_populate_recordset(NULL::llm_calls, %(rows)s::jsonb)
ORDER BY project_id, trace_id, span_id, turn

-- part: values_of_llm_calls --
-- Every column but those of the key.
start_unix_nano, model, provider, input_tokens, output_tokens, interaction_id, error_type, error_message,
finish_reason, time_to_first_token_ns, cached_tokens, cost_nano_usd, price, tool_definition_digests,
tool_definition_count, end_unix_nano, reasoning_tokens, response_key, told_by, told_in

-- update_llm_calls --
-- Changes rows of these keys (primary key).
UPDATE llm_calls AS old
SET ({values_of_llm_calls}) = (SELECT {values_of_llm_calls} FROM (SELECT new.*) AS one)
FROM jsonb_populate_recordset(NULL::llm_calls, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.trace_id, old.span_id, old.turn) = (new.project_id, new.trace_id, new.span_id, new.turn)

-- read_tool_calls --
-- The tool calls of given traces (primary key).
SELECT call.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN tool_calls call USING (project_id, trace_id)
ORDER BY call.start_unix_nano, call.call_key

-- delete_tool_calls --
-- Removes exactly these rows (primary key).
DELETE FROM tool_calls AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(call_key)s::text[])
  AS gone (project_id, trace_id, call_key)
WHERE (old.project_id, old.trace_id, old.call_key) = (gone.project_id, gone.trace_id, gone.call_key)

-- insert_tool_calls --
-- Adds rows, in key order.
INSERT INTO tool_calls SELECT * FROM jsonb_populate_recordset(NULL::tool_calls, %(rows)s::jsonb)
ORDER BY project_id, trace_id, call_key

-- part: values_of_tool_calls --
-- Every column but those of the key.
span_id, call_id, asked_by, start_unix_nano, end_unix_nano, name, status, rule, path, error_type, error_message,
fingerprint, recovered, arguments_digest, result_digest, arguments_preview, result_preview, interaction_id,
propagated_from, group_says, scope, asked_turn, violations, asked_in

-- update_tool_calls --
-- Changes rows of these keys (primary key).
UPDATE tool_calls AS old
SET ({values_of_tool_calls}) = (SELECT {values_of_tool_calls} FROM (SELECT new.*) AS one)
FROM jsonb_populate_recordset(NULL::tool_calls, %(rows)s::jsonb) AS new
WHERE (old.project_id, old.trace_id, old.call_key) = (new.project_id, new.trace_id, new.call_key)

-- read_loops --
-- The loops of given traces (primary key).
SELECT loop.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN loops loop USING (project_id, trace_id)
ORDER BY loop.start_unix_nano, loop.loop_id

-- delete_loops --
-- Removes exactly these rows (primary key).
DELETE FROM loops AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(loop_id)s::text[])
  AS gone (project_id, trace_id, loop_id)
WHERE (old.project_id, old.trace_id, old.loop_id) = (gone.project_id, gone.trace_id, gone.loop_id)

-- insert_loops --
-- Adds rows, in key order.
INSERT INTO loops SELECT * FROM jsonb_populate_recordset(NULL::loops, %(rows)s::jsonb)
ORDER BY project_id, trace_id, loop_id

-- read_findings --
-- The findings of given traces (primary key).
SELECT finding.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN findings finding USING (project_id, trace_id)
ORDER BY finding.start_unix_nano, finding.finding_key

-- delete_findings --
-- Removes exactly these rows (primary key).
DELETE FROM findings AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(finding_key)s::text[])
  AS gone (project_id, trace_id, finding_key)
WHERE (old.project_id, old.trace_id, old.finding_key) = (gone.project_id, gone.trace_id, gone.finding_key)

-- insert_findings --
-- Adds rows, in key order.
INSERT INTO findings SELECT * FROM jsonb_populate_recordset(NULL::findings, %(rows)s::jsonb)
ORDER BY project_id, trace_id, finding_key

-- note_issues --
-- Makes sure that every issue of these findings is known, with its earliest occurrence, of several at one time that of the
-- first release and title, so that it is the same whichever came first; in key order, so that two processors never wait for
-- each other in turn. An issue that is known as early is not even locked (primary key).
INSERT INTO issue_states AS old (project_id, fingerprint, kind, tool, title, first_seen_unix_nano, first_release)
SELECT DISTINCT ON (project_id, fingerprint)
       project_id, fingerprint, kind, tool, title, start_unix_nano, release
FROM jsonb_populate_recordset(NULL::findings, %(rows)s::jsonb) AS seen
WHERE NOT EXISTS (
  SELECT FROM issue_states known
  WHERE (known.project_id, known.fingerprint) = (seen.project_id, seen.fingerprint)
    AND (known.first_seen_unix_nano, known.first_release, known.title) <= (seen.start_unix_nano, seen.release, seen.title))
ORDER BY project_id, fingerprint, start_unix_nano, release, title
ON CONFLICT (project_id, fingerprint) DO UPDATE
SET first_seen_unix_nano = excluded.first_seen_unix_nano, first_release = excluded.first_release,
    title = excluded.title
WHERE (excluded.first_seen_unix_nano, excluded.first_release, excluded.title)
    < (old.first_seen_unix_nano, old.first_release, old.title)

-- note_releases --
-- Makes sure that every release of these traces is known, with its earliest trace; in key order. A release that is known
-- as early is not even locked (primary key).
INSERT INTO releases AS old (project_id, release, first_seen_unix_nano)
SELECT project_id, release, min(start_unix_nano)
FROM unnest(%(project_ids)s::integer[], %(releases)s::text[], %(starts)s::bigint[])
  AS seen (project_id, release, start_unix_nano)
WHERE NOT EXISTS (
  SELECT FROM releases known
  WHERE (known.project_id, known.release) = (seen.project_id, seen.release)
    AND known.first_seen_unix_nano <= seen.start_unix_nano)
GROUP BY project_id, release
ORDER BY project_id, release
ON CONFLICT (project_id, release) DO UPDATE SET first_seen_unix_nano = excluded.first_seen_unix_nano
WHERE excluded.first_seen_unix_nano < old.first_seen_unix_nano
