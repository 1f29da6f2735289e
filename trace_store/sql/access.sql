-- Access keys, the projects that they open, and the secrets that processes share.

-- access_keys --
-- Every key, revoked ones too, in the order in which they were made; small.
SELECT key_id, kind, name, project_ids, shown, sha256, created_at, last_used_at, revoked_at
FROM access_keys
ORDER BY key_id

-- add_key --
-- The new key's row.
INSERT INTO access_keys (kind, name, project_ids, shown, sha256)
VALUES (%(kind)s, %(name)s, %(project_ids)s::integer[], %(shown)s, %(sha256)s)
RETURNING key_id, kind, name, project_ids, shown, sha256, created_at, last_used_at, revoked_at

-- add_first_key --
-- The same, but no row when there was ever a key; the lock lets one process alone make it.
WITH alone AS MATERIALIZED (SELECT pg_advisory_xact_lock(7219, 4))
INSERT INTO access_keys (kind, name, project_ids, shown, sha256)
SELECT %(kind)s, %(name)s, %(project_ids)s::integer[], %(shown)s, %(sha256)s
FROM alone
WHERE NOT EXISTS (SELECT FROM access_keys)
RETURNING key_id, kind, name, project_ids, shown, sha256, created_at, last_used_at, revoked_at

-- revoke_key --
-- No row when there is no such key or it is revoked already (primary key).
UPDATE access_keys SET revoked_at = now() WHERE key_id = %(key_id)s AND revoked_at IS NULL RETURNING key_id

-- note_uses --
-- Several processes may note the same key; the later time stays (primary key, in the order of keys).
UPDATE access_keys SET last_used_at = greatest(last_used_at, used.at)
FROM (
  SELECT key.key_id, given.at
  FROM unnest(%(key_ids)s::integer[], %(times)s::timestamptz[]) AS given (key_id, at)
  JOIN access_keys key USING (key_id)
  ORDER BY key.key_id
  FOR UPDATE OF key
) used
WHERE access_keys.key_id = used.key_id

-- all_projects --
-- Every project with its state; small.
SELECT project_id, slug, created_at, archived_at FROM projects ORDER BY project_id

-- add_project --
-- No row when the slug is taken (unique key) or there are as many projects as there may be.
INSERT INTO projects (slug)
SELECT %(slug)s WHERE (SELECT count(*) FROM projects) < %(projects_max)s
ON CONFLICT (slug) DO NOTHING
RETURNING project_id, slug, created_at, archived_at

-- archive_project --
-- No row when there is no such project; archiving twice keeps the first time (unique key).
UPDATE projects
SET archived_at = CASE WHEN %(is_archived)s THEN coalesce(archived_at, now()) END
WHERE slug = %(slug)s
RETURNING project_id, slug, created_at, archived_at

-- secret --
-- A secret that all processes share; the first that asks makes it (primary key).
WITH made AS (
  INSERT INTO server_secrets (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT (name) DO NOTHING RETURNING value
)
SELECT value FROM made UNION ALL SELECT value FROM server_secrets WHERE name = %(name)s LIMIT 1
