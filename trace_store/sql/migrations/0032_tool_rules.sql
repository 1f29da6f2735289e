-- Rules of tool calls that administrators save on the settings page.
CREATE TABLE tool_rule_versions (   -- for all projects, beside the file of --tool-rules; the newest version counts
  version    integer PRIMARY KEY,
  text       text NOT NULL,         -- TOML; empty for none
  saved_at   timestamptz NOT NULL DEFAULT now()
);
