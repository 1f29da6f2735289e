-- What each LLM call was told of the tools it may call.

CREATE TABLE tool_definitions (     -- one row per distinct definition; spans name it by digest
  project_id  integer NOT NULL,
  digest      bytea NOT NULL,       -- over name, description and schema as sent, 16 bytes
  name        text NOT NULL,
  description text NOT NULL,
  schema      jsonb,                -- of the arguments
  is_cut      boolean NOT NULL,     -- too long to be kept whole
  first_seen  date NOT NULL,
  last_seen   date NOT NULL,        -- the row goes when this day goes
  releases    text[] NOT NULL,      -- the last 20 that offered it, the newest last
  PRIMARY KEY (project_id, digest)
);
CREATE INDEX tool_definitions_name_idx ON tool_definitions (project_id, left(name, 255));  -- a tool over releases

ALTER TABLE llm_calls
  ADD COLUMN tool_definition_digests bytea[] NOT NULL DEFAULT '{}',  -- of the first 128 tools it was offered
  ADD COLUMN tool_definition_count integer NOT NULL DEFAULT 0;      -- of all of them
