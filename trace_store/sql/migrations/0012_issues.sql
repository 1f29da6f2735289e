-- Issues: in which order releases came, since when an issue is ignored, and tools by time.

CREATE TABLE releases (             -- facts: they outlive retention, like issue_states
  project_id      integer NOT NULL,
  release         text NOT NULL,
  first_seen_unix_nano bigint NOT NULL,  -- start of its first trace; only ever earlier
  PRIMARY KEY (project_id, release)
);
INSERT INTO releases
SELECT project_id, release, min(start_unix_nano) FROM traces WHERE release <> '' GROUP BY project_id, release;

ALTER TABLE issue_states ADD COLUMN ignored_at timestamptz;
CREATE INDEX tool_calls_start_idx ON tool_calls (project_id, start_unix_nano);  -- the page of tools
