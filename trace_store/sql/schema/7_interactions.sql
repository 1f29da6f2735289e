-- interactions -----------------------------------------------------------------------------------------------------
-- Interactions: what applications post of a user's question and its answer, of users and of feedback, tied to traces.

CREATE SEQUENCE arrivals;            -- orders what came, over all writers

CREATE TABLE interaction_updates (  -- facts; by bucket (day of receipt); every event and partial as sent
  project_id integer NOT NULL,
  bucket     date NOT NULL,
  event_id   text NOT NULL,         -- at most 400 bytes
  digest     bytea NOT NULL,        -- over kind and canonical body, first 16 bytes: the same delivered again counts once
  arrival    bigint NOT NULL DEFAULT nextval('arrivals'),
  received_at timestamptz NOT NULL DEFAULT now(),
  client_unix_nano bigint,          -- the sender's timestamp; NULL: it gave none
  kind       smallint NOT NULL,     -- 1 track, 2 partial
  body       bytea NOT NULL,        -- zstd of the JSON object
  PRIMARY KEY (project_id, event_id, digest, bucket)
) PARTITION BY RANGE (bucket);

CREATE TABLE feedback (             -- facts; by bucket (day of receipt); signals that applications post about an interaction
  project_id integer NOT NULL,
  bucket     date NOT NULL,
  event_id   text NOT NULL,
  digest     bytea NOT NULL,        -- over the canonical body, first 16 bytes
  received_at timestamptz NOT NULL DEFAULT now(),
  name       text NOT NULL,
  type       text NOT NULL,         -- default, feedback, edit, standard, agent, agent_internal, or as sent
  sentiment  text,                  -- POSITIVE, NEGATIVE; NULL: not told
  client_unix_nano bigint,
  attachment_id text,
  properties jsonb NOT NULL,
  PRIMARY KEY (project_id, event_id, digest, bucket)
) PARTITION BY RANGE (bucket);
CREATE INDEX feedback_name_idx ON feedback (project_id, left(name, 255), received_at DESC);  -- counts per signal
CREATE INDEX feedback_received_idx ON feedback (project_id, received_at);  -- alerts: what is new

CREATE TABLE user_updates (         -- facts; what applications say of a user
  project_id integer NOT NULL,
  user_id    text NOT NULL,         -- at most 400 bytes
  digest     bytea NOT NULL,
  arrival    bigint NOT NULL DEFAULT nextval('arrivals'),
  received_at timestamptz NOT NULL DEFAULT now(),
  client_unix_nano bigint,
  traits     jsonb NOT NULL,
  PRIMARY KEY (project_id, user_id, digest)
);

CREATE TABLE interactions (         -- derived; one row per event id
  project_id      integer NOT NULL,
  event_id        text NOT NULL,    -- the trace id in hex where spans alone made it and name none
  event_name      text NOT NULL,
  user_id         text,
  conversation_id text,
  start_unix_nano bigint NOT NULL,  -- earliest timestamp of its updates; else start of its traces; else receipt
  end_unix_nano   bigint NOT NULL,
  received_at     timestamptz NOT NULL,  -- of its first update; of spans alone: their end
  is_ai           boolean NOT NULL, -- false: a plain analytics event
  is_pending      boolean NOT NULL,
  is_from_spans   boolean NOT NULL, -- nobody posted it
  model           text,
  input           text,
  output          text,
  input_preview   text,             -- at most 400 bytes, as output_preview
  output_preview  text,
  properties      jsonb NOT NULL,
  feature_flags   jsonb NOT NULL,   -- {"name": "value"}
  attachments     jsonb NOT NULL,   -- [{"type", "value", "role", "name", "language", "attachment_id"}]
  trace_ids       bytea[] NOT NULL, -- in order of their start
  tools           text[] NOT NULL,
  tool_call_count integer NOT NULL, -- of its own calls in those traces; so are the next ones
  error_count     integer NOT NULL,
  soft_error_count integer NOT NULL,
  loop_count      integer NOT NULL,
  input_tokens    bigint NOT NULL,
  output_tokens   bigint NOT NULL,
  cost_usd        double precision, -- NULL when nothing of it is priced
  duration_ns     bigint NOT NULL,
  release         text NOT NULL,
  environment     text,
  last_bucket     date NOT NULL,    -- the row goes when this day goes
  derived_version integer NOT NULL DEFAULT 0,  -- INTERACTION_VERSION of then
  PRIMARY KEY (project_id, event_id)
);
CREATE INDEX interactions_start_idx ON interactions (project_id, start_unix_nano DESC, event_id);  -- newest first
-- left(): an index entry has a size limit, an id that somebody sends has none
CREATE INDEX interactions_user_idx ON interactions (project_id, left(user_id, 255), start_unix_nano DESC, event_id)
  WHERE user_id IS NOT NULL;
CREATE INDEX interactions_conversation_idx
  ON interactions (project_id, left(conversation_id, 255), start_unix_nano, event_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX interactions_bucket_idx ON interactions (last_bucket);  -- retention
CREATE INDEX interactions_version_idx ON interactions (project_id, derived_version);  -- reprocess

CREATE TABLE interaction_traces (   -- derived; which traces belong to which interaction, and who says so
  project_id      integer NOT NULL,
  event_id        text NOT NULL,
  trace_id        bytea NOT NULL,
  said_by         smallint NOT NULL, -- 1 the trace, 2 the posted event
  is_named        boolean NOT NULL, -- of 1: its spans name the event id; of 2: the event names the trace
  user_id         text,             -- as this side says, so that neither side takes it back from the other
  conversation_id text,
  start_unix_nano bigint,           -- NULL where the event says it, as the next ones
  end_unix_nano   bigint,
  input_preview   text,
  output_preview  text,
  input_from      bytea,            -- span id and digest of the span whose text is longer than the preview
  output_from     bytea,
  told_name       text,             -- what its spans call the interaction
  PRIMARY KEY (project_id, event_id, trace_id, said_by)
);
CREATE INDEX interaction_traces_trace_idx ON interaction_traces (project_id, trace_id);

CREATE TABLE users (                -- derived
  project_id           integer NOT NULL,
  user_id              text NOT NULL,
  traits               jsonb NOT NULL,
  first_seen_unix_nano bigint NOT NULL,
  last_seen_unix_nano  bigint NOT NULL,
  interaction_count    bigint NOT NULL,
  PRIMARY KEY (project_id, user_id)
);
CREATE INDEX users_last_seen_idx ON users (project_id, last_seen_unix_nano DESC, user_id);
CREATE INDEX users_first_seen_idx ON users (project_id, first_seen_unix_nano DESC, user_id);

CREATE TABLE conversations (        -- derived of interactions
  project_id           integer NOT NULL,
  conversation_id      text NOT NULL,
  user_id              text,        -- of its newest interaction that has one
  first_unix_nano      bigint NOT NULL,
  last_unix_nano       bigint NOT NULL,
  interaction_count    bigint NOT NULL,
  PRIMARY KEY (project_id, conversation_id)
);
CREATE INDEX conversations_last_idx ON conversations (project_id, last_unix_nano DESC, conversation_id);
CREATE INDEX conversations_first_idx ON conversations (project_id, first_unix_nano DESC, conversation_id);
CREATE INDEX conversations_user_idx ON conversations (project_id, left(user_id, 255), last_unix_nano DESC)
  WHERE user_id IS NOT NULL;

CREATE TABLE interaction_words (    -- derived, with its interaction
  project_id integer NOT NULL,
  event_id   text NOT NULL,
  side       smallint NOT NULL,     -- 1 input, 2 output
  part       smallint NOT NULL,     -- a tsvector holds 1 MiB
  start_unix_nano bigint NOT NULL,  -- of its interaction
  words      tsvector NOT NULL,     -- trace_store/interactions/search_words.py
  PRIMARY KEY (project_id, event_id, side, part),
  FOREIGN KEY (project_id, event_id) REFERENCES interactions ON DELETE CASCADE
);
-- words within hours of a project
CREATE INDEX interaction_words_idx ON interaction_words
  USING gin (words, (ARRAY[(project_id::bigint << 32) + start_unix_nano / 3600000000000]));
