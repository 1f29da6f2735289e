-- delivery: where messages about findings go, and the messages ------------------------------------------------------

CREATE TABLE channels (              -- where messages about alerts go
  project_id      integer NOT NULL,
  channel_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind            text NOT NULL,    -- slack, teams, webhook or email
  name            text NOT NULL,
  config          jsonb NOT NULL,   -- addresses and secrets, by kind: tool_errors/delivery/channel_config.py
  breaker_iterations integer,       -- a live loop that reaches so many repeats is told at once; NULL: off
  digest_hour     smallint,         -- of the day in digest_time_zone at which the daily digest goes out; NULL: none
  digest_time_zone text NOT NULL DEFAULT 'UTC',
  created_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);

CREATE TABLE outbox (                -- facts; one row per message and channel, written with what the message is about
  project_id      integer NOT NULL,
  delivery_id     uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,  -- the same at every attempt
  channel_id      bigint NOT NULL REFERENCES channels ON DELETE CASCADE,
  dedup_key       text NOT NULL,    -- what happened: the same event never makes a second message
  kind            text NOT NULL,    -- fired, resolved, match, test, digest, circuit_breaker
  subject         jsonb NOT NULL,   -- what the message tells
  created_at      timestamptz NOT NULL DEFAULT now(),
  next_attempt_at timestamptz DEFAULT now(),  -- NULL: delivered or given up; else when it is due, or its attempt overdue
  attempts        integer NOT NULL DEFAULT 0, -- begun
  delivered_at    timestamptz,
  failed_at       timestamptz,      -- given up
  last_error      text,
  UNIQUE (channel_id, dedup_key)
);
CREATE INDEX outbox_due_idx ON outbox (channel_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX outbox_created_idx ON outbox (project_id, created_at DESC, delivery_id);  -- the list of deliveries, retention
