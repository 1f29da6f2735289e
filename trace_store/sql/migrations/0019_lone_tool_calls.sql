-- The span of a tool in a trace of its own is looked for by its arguments when a trace asks for them.

CREATE INDEX tool_calls_lone_idx ON tool_calls (project_id, arguments_digest, start_unix_nano)  -- spans that nobody asked for
  WHERE span_id IS NOT NULL AND call_id IS NULL AND asked_by IS NULL AND arguments_digest IS NOT NULL;
