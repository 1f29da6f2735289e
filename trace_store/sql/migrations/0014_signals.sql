-- Signals of one's own: words looked for in what users say and agents answer, and where they were found.

CREATE TABLE signals (              -- facts
  project_id      integer NOT NULL,
  signal_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name            text NOT NULL,
  kind            text NOT NULL,    -- keyword, regex
  pattern         text NOT NULL,
  search_in       text NOT NULL,    -- input, output, both
  sentiment       text NOT NULL,    -- negative, neutral, positive
  is_enabled      boolean NOT NULL DEFAULT true,
  created_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);

CREATE TABLE signal_matches (       -- derived; one row per signal and trace
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  signal_id       uuid NOT NULL,
  start_unix_nano bigint NOT NULL,  -- of the first span that has it
  span_id         bytea NOT NULL,
  side            text NOT NULL,    -- input, output
  excerpt         text NOT NULL,
  user_id         text,
  conversation_id text,
  interaction_id  text,
  PRIMARY KEY (project_id, trace_id, signal_id)
);
CREATE INDEX signal_matches_signal_idx ON signal_matches (project_id, signal_id, start_unix_nano DESC);
