-- alerts: rules, what they say, what they told ----------------------------------------------------------------------

CREATE TABLE alert_rules (          -- facts
  project_id      integer NOT NULL,
  rule_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name            text NOT NULL,
  definition      jsonb NOT NULL,   -- tool_errors/alerts/rule.py
  is_enabled      boolean NOT NULL DEFAULT true,
  snoozed_until   timestamptz,
  channel_ids     bigint[] NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  changed_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);

CREATE TABLE alert_progress (       -- how far a rule has looked; apart from the rule, because it is written often
  rule_id         bigint PRIMARY KEY REFERENCES alert_rules ON DELETE CASCADE,
  looked_until    timestamptz NOT NULL DEFAULT now(),  -- findings of transactions that began before were looked at
  evaluated_at    timestamptz NOT NULL DEFAULT now()   -- written once in a while, and with every change
);

CREATE TABLE alert_firings (        -- facts: what a rule has told, or would have while it was snoozed
  project_id      integer NOT NULL,
  firing_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule_id         bigint NOT NULL REFERENCES alert_rules ON DELETE CASCADE,
  subject         text NOT NULL,    -- of a count: "", an issue or a tool; else what happened
  event_key       text,             -- of what happens once: an issue, its regression, a finding; NULL: lasts until resolved
  fired_at        timestamptz NOT NULL DEFAULT now(),
  resolved_at     timestamptz,
  is_snoozed      boolean NOT NULL, -- nobody was told
  value           float8 NOT NULL,  -- events, users or the rate when it fired
  message         jsonb NOT NULL,   -- the subject of its deliveries
  UNIQUE (rule_id, event_key)
);
CREATE INDEX alert_firings_fired_idx ON alert_firings (project_id, fired_at DESC, firing_id DESC);  -- history
CREATE INDEX alert_firings_rule_idx ON alert_firings (rule_id, fired_at DESC, firing_id DESC);      -- history of a rule

CREATE TABLE alert_states (         -- subjects that are not ok
  project_id      integer NOT NULL,
  rule_id         bigint NOT NULL REFERENCES alert_rules ON DELETE CASCADE,
  subject         text NOT NULL,
  state           text NOT NULL,    -- firing, or snoozed: its condition holds, and nobody was told
  firing_id       bigint REFERENCES alert_firings ON DELETE CASCADE,  -- of a firing subject
  value           float8 NOT NULL,  -- when it came into this state
  changed_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rule_id, subject)
);
