-- Rules for redaction that users save on the settings page.

-- newer_rules --
-- The newest rules of each project that has a newer version than a process knows (primary key); small.
SELECT DISTINCT ON (project_id) project_id, version, rules, saved_at
FROM redaction_versions saved
WHERE version > coalesce((
  SELECT known.version FROM unnest(%(project_ids)s::integer[], %(versions)s::integer[]) AS known (project_id, version)
  WHERE known.project_id = saved.project_id), 0)
ORDER BY project_id, version DESC

-- newest_rules --
-- The newest rules of a project (primary key).
SELECT project_id, version, rules, saved_at FROM redaction_versions WHERE project_id = %(project_id)s
ORDER BY version DESC LIMIT 1

-- save_rules --
-- Adds the version after `base` (0 for none); no row when somebody else saved one meanwhile (primary key).
INSERT INTO redaction_versions (project_id, version, rules) SELECT %(project_id)s, %(base)s::integer + 1, %(rules)s
WHERE %(base)s = (SELECT coalesce(max(version), 0) FROM redaction_versions WHERE project_id = %(project_id)s)
ON CONFLICT (project_id, version) DO NOTHING
RETURNING version
