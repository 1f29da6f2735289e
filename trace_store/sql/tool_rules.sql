-- Rules of tool calls that administrators save on the settings page; one text for all projects.

-- newest_tool_rules --
-- The newest version (primary key); no row when none was ever saved.
SELECT version, text, saved_at FROM tool_rule_versions ORDER BY version DESC LIMIT 1

-- tool_rules_history --
-- The newest 50 versions (primary key).
SELECT version, text, saved_at FROM tool_rule_versions ORDER BY version DESC LIMIT 50

-- tool_rules_version --
-- One version (primary key).
SELECT version, text, saved_at FROM tool_rule_versions WHERE version = %(version)s

-- tool_rules_since --
-- The newest version, unless it is the one that is known (primary key).
SELECT version, text FROM tool_rule_versions
WHERE version > %(known)s AND version = (SELECT max(version) FROM tool_rule_versions)

-- save_tool_rules --
-- Adds the version after `base` (0 for none); no row when somebody else saved one meanwhile (primary key).
INSERT INTO tool_rule_versions (version, text) SELECT %(base)s::integer + 1, %(text)s
WHERE %(base)s = (SELECT coalesce(max(version), 0) FROM tool_rule_versions)
ON CONFLICT (version) DO NOTHING
RETURNING version
