-- Traces that belong together: the group a trace is in, and what only the group knows of its tool calls and loops.

ALTER TABLE traces ADD COLUMN group_id bytea;  -- trace id of the group's first trace; NULL: the trace stands alone
CREATE INDEX traces_group_idx ON traces (project_id, group_id, start_unix_nano, trace_id) WHERE group_id IS NOT NULL;

ALTER TABLE tool_calls
  ADD COLUMN propagated_from bytea,  -- the error began in this span below; counted there
  ADD COLUMN group_says jsonb;       -- what the group knows better: changed columns, or that the call is told elsewhere
CREATE INDEX tool_calls_open_idx ON tool_calls (project_id, left(call_id, 255), start_unix_nano)  -- asked here, answered there
  WHERE call_id IS NOT NULL AND (asked_by IS NULL OR status IN ('unanswered', 'pending'));
CREATE INDEX tool_calls_arguments_idx ON tool_calls (project_id, arguments_digest, start_unix_nano)  -- the same without ids
  WHERE span_id IS NULL AND arguments_digest IS NOT NULL;

ALTER TABLE loops ADD COLUMN calls jsonb NOT NULL DEFAULT '[]';  -- [trace id, call key, span id, call id] of each call
