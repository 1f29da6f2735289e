ALTER TABLE projects ADD COLUMN archived_at timestamptz;
SELECT setval(pg_get_serial_sequence('projects', 'project_id'), (SELECT max(project_id) FROM projects));

CREATE TABLE access_keys (
  key_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text NOT NULL,
  name         text NOT NULL,
  project_ids  integer[],
  shown        text NOT NULL,
  sha256       bytea NOT NULL UNIQUE,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at   timestamptz
);

CREATE TABLE server_secrets (
  name  text PRIMARY KEY,
  value bytea NOT NULL
);
