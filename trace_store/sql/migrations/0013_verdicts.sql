-- What people say of findings, and the findings that are left out because of it.

CREATE TABLE verdicts (             -- facts: they survive reprocessing and retention
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,   -- empty: of every finding of an issue
  finding_key     text NOT NULL,    -- of the finding, else "issue:" and the fingerprint
  fingerprint     text NOT NULL,    -- of the issue it belonged to
  kind            text NOT NULL,    -- of the finding
  tool            text NOT NULL,
  title           text NOT NULL,
  rule            text NOT NULL,    -- that had found it; of a loop its kind
  verdict         text NOT NULL,    -- right, not_an_error, not_a_loop
  note            text NOT NULL DEFAULT '',
  said_by         text NOT NULL DEFAULT '',
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, trace_id, finding_key)
);
CREATE INDEX verdicts_created_idx ON verdicts (project_id, created_at DESC);

CREATE TABLE dismissed_findings (LIKE findings INCLUDING DEFAULTS);  -- derived; what a verdict takes out of `findings`
ALTER TABLE dismissed_findings ADD PRIMARY KEY (project_id, trace_id, finding_key);
CREATE INDEX dismissed_findings_issue_idx ON dismissed_findings (project_id, fingerprint);
