-- A tool call that was asked for in another trace of its group names the trace of the model call.

ALTER TABLE tool_calls ADD COLUMN asked_in bytea;  -- only group_says tells it
