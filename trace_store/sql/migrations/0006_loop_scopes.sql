-- What loops across traces compare calls by besides their arguments and outcomes.

ALTER TABLE tool_calls
  ADD COLUMN scope text NOT NULL DEFAULT '',          -- request and worker, see tool_errors/work_scope.py
  ADD COLUMN asked_turn integer NOT NULL DEFAULT 0;   -- which turn of the asking span
