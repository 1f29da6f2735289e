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

-- read_llm_calls --
-- The LLM calls of given traces (primary key).
SELECT call.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN llm_calls call USING (project_id, trace_id)
ORDER BY call.start_unix_nano, call.span_id

-- delete_llm_calls --
-- Removes exactly these rows (primary key).
DELETE FROM llm_calls AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(span_id)s::bytea[])
  AS gone (project_id, trace_id, span_id)
WHERE (old.project_id, old.trace_id, old.span_id) = (gone.project_id, gone.trace_id, gone.span_id)

-- insert_llm_calls --
-- Adds rows, in key order.
INSERT INTO llm_calls SELECT * FROM jsonb_populate_recordset(NULL::llm_calls, %(rows)s::jsonb)
ORDER BY project_id, trace_id, span_id

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
