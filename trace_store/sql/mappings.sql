-- Mappings that users save on the settings page, and the rules that the processor derives with.

-- mapping_numbers --
-- The newest version of each project that has mappings (primary key); small.
SELECT project_id, max(version) FROM mapping_versions GROUP BY project_id

-- project_ids --
-- Every project; small.
SELECT project_id FROM projects

-- newest_mapping --
-- The newest version of a project's mapping (primary key).
SELECT version, text, saved_at FROM mapping_versions WHERE project_id = %(project_id)s ORDER BY version DESC LIMIT 1

-- newest_rules --
-- The texts of the newest versions of a project's mapping and of the tool rules; NULL for none (primary keys).
SELECT (SELECT text FROM mapping_versions WHERE project_id = %(project_id)s ORDER BY version DESC LIMIT 1),
       (SELECT text FROM tool_rule_versions ORDER BY version DESC LIMIT 1)

-- mapping_history --
-- The newest 50 versions of a project's mapping (primary key).
SELECT version, text, saved_at FROM mapping_versions WHERE project_id = %(project_id)s ORDER BY version DESC LIMIT 50

-- mapping_version --
-- One version (primary key).
SELECT version, text, saved_at FROM mapping_versions WHERE project_id = %(project_id)s AND version = %(version)s

-- save_mapping --
-- Adds the version after `base` (0 for none); no row when somebody else saved one meanwhile (primary key).
INSERT INTO mapping_versions (project_id, version, text) SELECT %(project_id)s, %(base)s::integer + 1, %(text)s
WHERE %(base)s = (SELECT coalesce(max(version), 0) FROM mapping_versions WHERE project_id = %(project_id)s)
ON CONFLICT (project_id, version) DO NOTHING
RETURNING version

-- put_rules_in_force --
-- Says what a project is derived with from now on (primary key).
INSERT INTO rules_in_force AS old (project_id, derived_by) VALUES (%(project_id)s, %(derived_by)s)
ON CONFLICT (project_id) DO UPDATE SET derived_by = excluded.derived_by, since = now()
WHERE old.derived_by <> excluded.derived_by

-- rules_in_force --
-- What each project is derived with (primary key).
SELECT project_id, derived_by FROM rules_in_force
