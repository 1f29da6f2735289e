-- keys and projects -----------------------------------------------------------------------------------------------

ALTER TABLE projects ADD COLUMN archived_at timestamptz;  -- an archived project takes nothing and shows nothing

CREATE TABLE access_keys (          -- a revoked key stays, so that its use is told from that of an unknown one
  key_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text NOT NULL,       -- write, read or admin
  name         text NOT NULL,       -- what people call it
  project_ids  integer[],           -- the first is meant by a request that names none; NULL: all projects
  shown        text NOT NULL,       -- how it begins, to tell keys apart
  sha256       bytea NOT NULL UNIQUE, -- of the key, which has 256 random bits and is stored nowhere
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,         -- to the minute
  revoked_at   timestamptz
);

CREATE TABLE server_secrets (       -- random values that all processes on this database share
  name  text PRIMARY KEY,
  value bytea NOT NULL
);
