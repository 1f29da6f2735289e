-- The bookkeeping of migrations.

-- lock --
-- Waits until no other process migrates this database; held until the session ends.
SELECT pg_advisory_lock(hashtextextended('rainbarrel migrate', 0))

-- create_bookkeeping --
-- The schema and its list of applied migrations, where they are missing.
CREATE SCHEMA IF NOT EXISTS rainbarrel;
CREATE TABLE IF NOT EXISTS rainbarrel.migrations (
  version    integer PRIMARY KEY,
  name       text NOT NULL,
  sha256     text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)

-- has_bookkeeping --
-- True when any version of Rainbarrel has migrated this database.
SELECT to_regclass('rainbarrel.migrations') IS NOT NULL

-- applied --
-- Every applied migration in order (primary key).
SELECT version, name, sha256 FROM migrations ORDER BY version

-- record --
-- Notes one migration as applied, in the transaction that applies it.
INSERT INTO migrations (version, name, sha256) VALUES (%(version)s, %(name)s, %(sha256)s)
