-- erasure ---------------------------------------------------------------------------------------------------------

CREATE TABLE tombstones (           -- facts; what was erased, by a keyed hash that tells nobody what it was
  tombstone_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- in order of commit: one erasure runs at a time
  digest       bytea PRIMARY KEY,   -- trace_store/tombstones.py
  erased_at    timestamptz NOT NULL DEFAULT now()
);
