-- erasure ---------------------------------------------------------------------------------------------------------

CREATE TABLE tombstones (           -- facts; what was erased, by a keyed hash that tells nobody what it was
  tombstone_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- in order of commit: one erasure runs at a time
  digest       bytea PRIMARY KEY,   -- trace_store/tombstones.py
  erased_at    timestamptz NOT NULL DEFAULT now()
);

-- redaction -------------------------------------------------------------------------------------------------------

CREATE TABLE redaction_versions (   -- the rules of a project as saved on its settings page; the newest version counts
  project_id integer NOT NULL,
  version    integer NOT NULL,
  rules      jsonb NOT NULL,        -- otlp_receiver/redaction/rules.py; an empty list for none
  saved_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, version)
);
