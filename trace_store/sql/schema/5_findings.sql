-- findings: what is wrong, what people said of it, signals --------------------------------------------------------

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
CREATE INDEX findings_end_idx ON findings (project_id, end_unix_nano);  -- what happened within a window

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
  ignored_at      timestamptz,
  PRIMARY KEY (project_id, fingerprint)
);

CREATE TABLE releases (             -- facts: they outlive retention, like issue_states
  project_id      integer NOT NULL,
  release         text NOT NULL,
  first_seen_unix_nano bigint NOT NULL,  -- start of its first trace; only ever earlier
  PRIMARY KEY (project_id, release)
);

CREATE TABLE verdicts (             -- facts: they survive reprocessing and retention
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,   -- empty: of every finding of an issue
  finding_key     text NOT NULL,    -- of the finding, else "issue:" and the fingerprint
  fingerprint     text NOT NULL,    -- of the issue it belonged to
  kind text NOT NULL, tool text NOT NULL, title text NOT NULL,  -- of the finding
  rule            text NOT NULL,    -- that had found it; of a loop its kind
  verdict         text NOT NULL,    -- right, not_an_error, not_a_loop
  note text NOT NULL DEFAULT '', said_by text NOT NULL DEFAULT '',
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, trace_id, finding_key)
);
CREATE INDEX verdicts_created_idx ON verdicts (project_id, created_at DESC);

CREATE TABLE dismissed_findings (LIKE findings INCLUDING DEFAULTS);  -- derived; what a verdict takes out of `findings`
ALTER TABLE dismissed_findings ADD PRIMARY KEY (project_id, trace_id, finding_key);
CREATE INDEX dismissed_findings_issue_idx ON dismissed_findings (project_id, fingerprint);

CREATE TABLE signals (              -- facts
  project_id      integer NOT NULL,
  signal_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name            text NOT NULL,
  kind            text NOT NULL,    -- keyword, regex
  pattern         text NOT NULL,
  search_in text NOT NULL, sentiment text NOT NULL,  -- input, output, both; negative, neutral, positive
  is_enabled      boolean NOT NULL DEFAULT true,
  created_at      timestamptz NOT NULL DEFAULT now(),
  group_name      text,             -- a group of one's own, which the query API tells; NULL: keywords and patterns
  UNIQUE (project_id, name)
);

CREATE TABLE signal_matches (       -- derived; one row per signal and trace
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  signal_id       uuid NOT NULL,
  start_unix_nano bigint NOT NULL,  -- of the first span that has it
  span_id         bytea NOT NULL,
  side text NOT NULL, excerpt text NOT NULL,  -- side: input, output
  user_id text, conversation_id text, interaction_id text,
  end_unix_nano   bigint NOT NULL, release text NOT NULL, environment text NOT NULL,  -- of the span; of the trace
  is_wrong        boolean NOT NULL DEFAULT false,  -- a verdict says so: it is counted nowhere
  found_at        timestamptz NOT NULL DEFAULT now(),  -- when this row was written
  PRIMARY KEY (project_id, trace_id, signal_id)
);
CREATE INDEX signal_matches_signal_idx ON signal_matches (project_id, signal_id, start_unix_nano DESC);
CREATE INDEX signal_matches_end_idx ON signal_matches (project_id, signal_id, end_unix_nano);
CREATE INDEX signal_matches_found_idx ON signal_matches (project_id, found_at);
