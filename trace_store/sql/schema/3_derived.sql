-- derived: replaced, never incremented ----------------------------------------------------------------------------

CREATE SEQUENCE fact_part_ids;

CREATE TABLE fact_parts (           -- by bucket; what dialects say of up to 128 spans of a trace: trace_store/fact_parts.py
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  part_id         bigint NOT NULL DEFAULT nextval('fact_part_ids'),
  bucket          date NOT NULL,
  mapping_version smallint NOT NULL,
  detector_version smallint NOT NULL,
  span_count      smallint NOT NULL,
  raw_bytes       integer NOT NULL, -- of body, before it was compressed
  dialects        jsonb NOT NULL,   -- names
  user_ids        jsonb,            -- that the spans name; NULL: none
  keys            bytea NOT NULL,   -- 17 bytes a span: its id, first 8 bytes of the digest, number of its dialect
  body            bytea NOT NULL,   -- zstd of [[type, facts], ...]; plain where an older schema had it
  PRIMARY KEY (project_id, trace_id, part_id, bucket)
) PARTITION BY RANGE (bucket);
ALTER TABLE fact_parts ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE tool_definitions (     -- one row per distinct definition; spans name it by digest
  project_id  integer NOT NULL,
  digest      bytea NOT NULL,       -- over name, description and schema as sent, 16 bytes
  name        text NOT NULL,
  description text NOT NULL,
  schema      jsonb,                -- of the arguments
  is_cut      boolean NOT NULL,     -- too long to be kept whole
  first_seen  date NOT NULL,
  last_seen   date NOT NULL,        -- the row goes when this day goes
  releases    text[] NOT NULL,      -- the last 20 that offered it, the newest last
  PRIMARY KEY (project_id, digest)
);
CREATE INDEX tool_definitions_name_idx ON tool_definitions (project_id, left(name, 255));  -- a tool over releases

CREATE TABLE traces (
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  start_unix_nano bigint NOT NULL,
  end_unix_nano   bigint NOT NULL,
  bucket_min      date NOT NULL,
  bucket_max      date NOT NULL,    -- the row goes when this day goes
  live            boolean NOT NULL,
  settle_at       timestamptz,      -- while live: when it counts as settled unless more arrives
  root_name       text NOT NULL,
  service_name    text NOT NULL,
  release         text NOT NULL,
  agents          text[] NOT NULL,
  tools           text[] NOT NULL,
  models          text[] NOT NULL,
  span_count      integer NOT NULL,
  root_count      integer NOT NULL,
  llm_call_count  integer NOT NULL,
  tool_call_count integer NOT NULL,
  error_count     integer NOT NULL, -- tool calls with status error
  soft_error_count integer NOT NULL,
  unanswered_count integer NOT NULL,
  failed_span_count integer NOT NULL, -- spans with status ERROR
  loop_count      integer NOT NULL,
  input_tokens    bigint NOT NULL,
  output_tokens   bigint NOT NULL,
  cached_tokens   bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  conversation_id text,
  user_id         text,
  interaction_ids text[] NOT NULL,
  input_preview   text,
  output_preview  text,
  steps           text NOT NULL,    -- one letter per step for the strip: see tool_errors/steps.py
  search_text     text NOT NULL,    -- lower case, bounded: what the list's text filter looks at
  derived_at      timestamptz NOT NULL DEFAULT now(),
  environment     text,
  group_id        bytea,            -- trace id of the first trace of its group; NULL: it stands alone
  cost_nano_usd   bigint,           -- of the priced LLM calls; NULL when none is
  unpriced_models text[] DEFAULT '{}',
  derived_by      text NOT NULL DEFAULT '',  -- mapping and detector version, digest of mappings
  providers       text[] DEFAULT '{}',
  dialects        text[] DEFAULT '{}',
  PRIMARY KEY (project_id, trace_id)
);
CREATE INDEX traces_derived_by_idx ON traces (derived_by);  -- are there any that other rules made
CREATE INDEX traces_start_idx ON traces (project_id, start_unix_nano DESC, trace_id DESC);  -- the list, newest first
-- left(): an index entry has a size limit, an id that somebody sends has none
CREATE INDEX traces_conversation_idx ON traces (project_id, left(conversation_id, 255), start_unix_nano)
  WHERE conversation_id IS NOT NULL;
CREATE INDEX traces_failed_idx ON traces (project_id, start_unix_nano DESC, trace_id DESC)  -- the list, errors only
  WHERE error_count + soft_error_count + failed_span_count > 0;
CREATE INDEX traces_loops_idx ON traces (project_id, start_unix_nano DESC, trace_id DESC)  -- the list, loops only
  WHERE loop_count > 0;
CREATE INDEX traces_group_idx ON traces (project_id, group_id, start_unix_nano, trace_id) WHERE group_id IS NOT NULL;
CREATE INDEX traces_bucket_idx ON traces (bucket_max);  -- retention

CREATE TABLE llm_calls (
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  span_id         bytea NOT NULL,
  start_unix_nano bigint NOT NULL,
  model           text,
  provider        text,
  input_tokens    bigint,
  output_tokens   bigint,
  interaction_id  text,
  error_type      text,
  error_message   text,
  finish_reason   text,
  time_to_first_token_ns bigint,    -- of a streamed answer
  cached_tokens   bigint,
  cost_nano_usd   bigint,
  price           text,             -- name of its price, 'as sent', '' when unpriced; NULL: nothing to be paid for
  tool_definition_digests bytea[] NOT NULL DEFAULT '{}',  -- of the first 128 tools it was offered
  tool_definition_count integer NOT NULL DEFAULT 0,  -- of all of them
  turn            integer NOT NULL DEFAULT 0,  -- of a run whose messages alone tell its model calls, from 1; else 0
  end_unix_nano   bigint,
  reasoning_tokens bigint,
  response_key    bigint,           -- of the id of the provider's answer; NULL for one that joins nothing
  told_by         text,             -- the dialects of its spans, where it has a response_key
  told_in         bytea,            -- the trace that tells this call too and counts it; only the group tells it
  PRIMARY KEY (project_id, trace_id, span_id, turn)
);
CREATE INDEX llm_calls_unpriced_idx ON llm_calls (project_id) WHERE price = '';  -- the price page
CREATE INDEX llm_calls_response_idx ON llm_calls (project_id, response_key, start_unix_nano)  -- the same answer elsewhere
  WHERE response_key IS NOT NULL;

CREATE TABLE tool_calls (
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  call_key        text NOT NULL,    -- span id in hex, else "call:" and the call id, else "asked:" span id, position
  span_id         bytea,
  call_id         text,
  asked_by        bytea,
  start_unix_nano bigint NOT NULL,
  end_unix_nano   bigint NOT NULL,
  name            text NOT NULL,
  status          text NOT NULL,
  rule            text NOT NULL,
  path            text NOT NULL,
  error_type      text,
  error_message   text,
  fingerprint     text,
  recovered       boolean NOT NULL,
  arguments_digest bytea,
  result_digest   bytea,
  arguments_preview text,
  result_preview  text,
  interaction_id  text,
  propagated_from bytea,            -- the error began in this span below; counted there
  group_says      jsonb,            -- what the group knows better: changed columns, or that the call is told elsewhere
  scope           text NOT NULL DEFAULT '',   -- request and worker, see tool_errors/loop/work_scope.py
  asked_turn      integer NOT NULL DEFAULT 0, -- which turn of the asking span
  violations      jsonb,            -- where the arguments break the schema of the tool that was offered
  asked_in        bytea,            -- the trace of asked_by where it is another one; only group_says tells it
  PRIMARY KEY (project_id, trace_id, call_key)
);
CREATE INDEX tool_calls_failed_idx ON tool_calls (project_id, left(name, 255), start_unix_nano DESC)
  WHERE status IN ('error', 'soft_error');
CREATE INDEX tool_calls_open_idx ON tool_calls (project_id, left(call_id, 255), start_unix_nano)  -- asked here, answered there
  WHERE call_id IS NOT NULL AND (asked_by IS NULL OR status IN ('unanswered', 'pending'));
CREATE INDEX tool_calls_arguments_idx ON tool_calls (project_id, arguments_digest, start_unix_nano)  -- the same without ids
  WHERE span_id IS NULL AND arguments_digest IS NOT NULL;
CREATE INDEX tool_calls_lone_idx ON tool_calls (project_id, arguments_digest, start_unix_nano)  -- spans that nobody asked for
  WHERE span_id IS NOT NULL AND call_id IS NULL AND asked_by IS NULL AND arguments_digest IS NOT NULL;
CREATE INDEX tool_calls_name_idx ON tool_calls (project_id, left(name, 255), start_unix_nano DESC);  -- rate of a tool
CREATE INDEX tool_calls_start_idx ON tool_calls (project_id, start_unix_nano);  -- the page of tools

CREATE TABLE loops (
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  loop_id         text NOT NULL,
  kind            text NOT NULL,
  tools           text[] NOT NULL,
  iterations      integer NOT NULL,
  failures        integer NOT NULL,
  call_keys       text[] NOT NULL,
  start_unix_nano bigint NOT NULL,
  end_unix_nano   bigint NOT NULL,
  tokens          bigint,
  fingerprint     text NOT NULL,
  ended           text NOT NULL,
  calls           jsonb NOT NULL DEFAULT '[]',  -- [trace id, call key, span id, call id] of each call
  cost_nano_usd   bigint,
  wasted_calls    integer NOT NULL DEFAULT 0,  -- the repeats: all calls but those of the first round
  wasted_ns       bigint NOT NULL DEFAULT 0,   -- from the end of the first round to the end of the last call
  PRIMARY KEY (project_id, trace_id, loop_id)
);
