-- Findings: each failed or unanswered call and each loop as one row, beside whom it met; and what is known of each issue.

CREATE TABLE findings (             -- derived; what issues, signals and alerts count
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  finding_key     text NOT NULL,    -- "call:" and the call key, "loop:" and the loop id
  kind            text NOT NULL,    -- tool_error, soft_error, unanswered, schema_violation, loop
  fingerprint     text NOT NULL,    -- of the issue
  tool            text NOT NULL,    -- of a loop: all of them, with commas
  title           text NOT NULL,    -- what happened, in a line
  span_id         bytea,
  start_unix_nano bigint NOT NULL,
  end_unix_nano   bigint NOT NULL,
  is_recovered    boolean NOT NULL,
  user_id         text,
  conversation_id text,
  interaction_id  text,
  release         text NOT NULL,
  environment     text NOT NULL,
  found_at        timestamptz NOT NULL DEFAULT now(),  -- when this row was written
  PRIMARY KEY (project_id, trace_id, finding_key)
);
CREATE INDEX findings_issue_idx ON findings (project_id, fingerprint, start_unix_nano DESC, trace_id, finding_key);
CREATE INDEX findings_start_idx ON findings (project_id, start_unix_nano DESC, trace_id, finding_key);
CREATE INDEX findings_tool_idx ON findings (project_id, left(tool, 255), start_unix_nano DESC);
CREATE INDEX findings_user_idx ON findings (project_id, left(user_id, 255), start_unix_nano DESC) WHERE user_id IS NOT NULL;
CREATE INDEX findings_found_idx ON findings (project_id, found_at);  -- alerts: what is new

CREATE TABLE issue_states (         -- facts: they outlive retention and reprocessing
  project_id      integer NOT NULL,
  fingerprint     text NOT NULL,
  kind            text NOT NULL,
  tool            text NOT NULL,
  title           text NOT NULL,    -- of the first occurrence
  first_seen_unix_nano bigint NOT NULL,  -- only ever earlier
  first_release   text NOT NULL,    -- of the first occurrence
  status          text NOT NULL DEFAULT 'open',  -- open, resolved, ignored: what a person said last
  resolved_in_release text,         -- NULL: at once
  resolved_at     timestamptz,
  ignored_until_user_count integer, -- NULL: for good
  assignee        text,
  note            text,
  changed_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, fingerprint)
);
