-- Which version of the code derived an interaction, so that `reprocess` finds those of older ones.

ALTER TABLE interactions ADD COLUMN derived_version integer NOT NULL DEFAULT 0;  -- INTERACTION_VERSION of then
CREATE INDEX interactions_version_idx ON interactions (project_id, derived_version);  -- reprocess
