-- Hourly roll-ups of interactions: which of them have which value, as bits, and the hours that have changed since.

CREATE TABLE interaction_rollups (   -- derived of interactions, findings, matches and feedback; replaced per hour
  project_id    integer NOT NULL,
  dimension     text NOT NULL,      -- all, a column, tool, any_failure, any_loop, a kind of signal; unlisted
  hour          integer NOT NULL,   -- since 1970 in UTC, of the interactions' start
  number        integer NOT NULL,   -- of the value within the hour
  value         text NOT NULL,      -- of unlisted: a dimension that has too many values in this hour
  members       bit varying NOT NULL,  -- a bit for each interaction of the hour, in the order of lists: has it the value
  users         bigint[],           -- of all: a hash per interaction of its user, and of its conversation
  conversations bigint[],
  PRIMARY KEY (project_id, dimension, hour, number)
);
CREATE INDEX interaction_rollups_hour_idx ON interaction_rollups (project_id, hour);  -- replacing an hour

CREATE TABLE dirty_hours (           -- INSERT only; deleted by id in the transaction that replaces the hour's roll-up
  mark_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id integer NOT NULL,
  hour       integer NOT NULL,
  marked_at  timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX dirty_hours_hour_idx ON dirty_hours (project_id, hour);

INSERT INTO dirty_hours (project_id, hour)
SELECT DISTINCT project_id, floor(start_unix_nano / 3600000000000.0)::integer FROM interactions;
