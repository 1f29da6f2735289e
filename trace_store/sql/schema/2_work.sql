-- work queue ------------------------------------------------------------------------------------------------------

CREATE TABLE dirty_marks (          -- INSERT only; deleted by id in the transaction that replaces the derived rows
  mark_id    bigint GENERATED ALWAYS AS IDENTITY,
  project_id integer NOT NULL,
  unit_kind  smallint NOT NULL,     -- 1 trace, 2 interaction, 3 conversation, 4 log batch, 5 group of a trace,
                                    -- 6 user, 7 conversation as its interactions make it
  unit_id    bytea NOT NULL,        -- trace id for 1 and 5; blob id of a log batch; UTF-8 of the id for the others
  not_before timestamptz NOT NULL DEFAULT now(),
  bucket     date,                  -- with blob_id: where the new spans lie; both NULL: look at the whole unit again
  blob_id    bigint
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);  -- small, but turned over all the time
CREATE INDEX dirty_marks_due_idx ON dirty_marks (not_before, mark_id);                  -- oldest due marks first
CREATE INDEX dirty_marks_unit_idx ON dirty_marks (project_id, unit_kind, unit_id);      -- all marks of a locked unit; delete by id

CREATE INDEX dirty_marks_again_idx ON dirty_marks (mark_id) WHERE blob_id = -2;  -- marks of `reprocess`

-- rules -----------------------------------------------------------------------------------------------------------

CREATE TABLE rules_in_force (       -- what the processor derives with now; one row per project
  project_id integer PRIMARY KEY,
  derived_by text NOT NULL,
  since      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE mapping_versions (     -- the mapping of a project as saved on its settings page; the newest version counts
  project_id integer NOT NULL,
  version    integer NOT NULL,
  text       text NOT NULL,         -- TOML; empty for none
  saved_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, version)
);

CREATE TABLE tool_rule_versions (   -- for all projects, beside the file of --tool-rules; the newest version counts
  version    integer PRIMARY KEY,
  text       text NOT NULL,         -- TOML; empty for none
  saved_at   timestamptz NOT NULL DEFAULT now()
);

-- retention -------------------------------------------------------------------------------------------------------

CREATE TABLE retention_clock (      -- the time that retention goes by: a clock that leaps forward is not believed at once
  is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
  believed_at timestamptz NOT NULL, -- at the last run
  doubted_at  timestamptz           -- when a leap was first seen, by the clock that leapt; NULL: none
);
