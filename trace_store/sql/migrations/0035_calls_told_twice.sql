-- A model call that two traces tell (by two libraries) is found by the id of its answer, and counted in one of them.

ALTER TABLE llm_calls
  ADD COLUMN end_unix_nano bigint,
  ADD COLUMN reasoning_tokens bigint,
  ADD COLUMN response_key bigint,   -- of the id of the provider's answer; NULL for one that joins nothing
  ADD COLUMN told_by text,          -- the dialects of its spans, where it has a response_key
  ADD COLUMN told_in bytea;         -- the trace that tells this call too and counts it; only the group tells it
CREATE INDEX llm_calls_response_idx ON llm_calls (project_id, response_key, start_unix_nano)  -- the same answer elsewhere
  WHERE response_key IS NOT NULL;
