-- Which rules made a derived trace, so that `reprocess` finds what older ones made; mappings that users write.

ALTER TABLE traces ADD COLUMN derived_by text NOT NULL DEFAULT '';  -- mapping and detector version, digest of mappings
CREATE INDEX traces_derived_by_idx ON traces (derived_by);          -- are there any that other rules made

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

CREATE INDEX dirty_marks_again_idx ON dirty_marks (mark_id) WHERE blob_id = -2;  -- marks of `reprocess`
