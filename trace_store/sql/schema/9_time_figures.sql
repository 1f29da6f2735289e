-- what the start page counts, by hour and day -----------------------------------------------------------------------

CREATE TABLE figure_rollups (        -- derived of traces, tool calls, loops, findings, interactions; replaced per hour and day
  project_id  integer NOT NULL,
  hours       smallint NOT NULL,     -- how many it covers: 1 or 24
  sort        text NOT NULL,         -- traces, interactions, findings, loops, tools, callers, issues
  hour        integer NOT NULL,      -- the first, since 1970 in UTC
  number      integer NOT NULL,
  release     text NOT NULL,
  environment text NOT NULL,         -- '' for none
  name        text NOT NULL,         -- of a tool, a kind of finding
  sums        bigint[] NOT NULL,     -- trace_store/sql/figures.sql says of what
  users       bytea NOT NULL,        -- numbers of users; trace_store/rollups/user_sets.py
  users_affected bytea NOT NULL,
  durations   bytea NOT NULL,        -- in ns, 8 bytes each, sorted
  latest_unix_nano bigint,           -- of issues: the start of the newest finding
  PRIMARY KEY (project_id, hours, sort, hour, number)
);
ALTER TABLE figure_rollups ALTER COLUMN users SET STORAGE EXTERNAL;
ALTER TABLE figure_rollups ALTER COLUMN users_affected SET STORAGE EXTERNAL;
ALTER TABLE figure_rollups ALTER COLUMN durations SET STORAGE EXTERNAL;

CREATE TABLE user_numbers (          -- small numbers for users, so that many of them are a few bits
  project_id  integer NOT NULL,
  user_hash   bigint NOT NULL,
  number      integer GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (project_id, user_hash)
);

CREATE INDEX findings_loops_idx ON findings (project_id, start_unix_nano DESC, trace_id, finding_key)
  WHERE kind = 'loop';                -- the newest loops
CREATE INDEX findings_loops_end_idx ON findings (project_id, end_unix_nano, start_unix_nano)
  WHERE kind = 'loop';                -- the loops that were there within a time

-- Whoever writes these tables marks the hours from start to end, in the same transaction (of an end that cannot be, a day).
CREATE FUNCTION mark_changed_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rainbarrel.dirty_hours (project_id, hour)
  SELECT DISTINCT project_id, generate_series(first, CASE WHEN last - first < 1000 THEN last ELSE first + 24 END)
  FROM (
    SELECT DISTINCT project_id, (start_unix_nano / 3600000000000)::integer AS first,
      (greatest(start_unix_nano, end_unix_nano) / 3600000000000)::integer AS last
    FROM changed
  ) span
  ORDER BY 1, 2;
  RETURN NULL;
END $$;

-- The hours where a changed row was and those where it is.
CREATE FUNCTION mark_moved_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rainbarrel.dirty_hours (project_id, hour)
  SELECT DISTINCT project_id, generate_series(first, CASE WHEN last - first < 1000 THEN last ELSE first + 24 END)
  FROM (
    SELECT DISTINCT project_id, (start_unix_nano / 3600000000000)::integer AS first,
      (greatest(start_unix_nano, end_unix_nano) / 3600000000000)::integer AS last
    FROM (SELECT project_id, start_unix_nano, end_unix_nano FROM before
          UNION ALL SELECT project_id, start_unix_nano, end_unix_nano FROM changed) both_sides
  ) span
  ORDER BY 1, 2;
  RETURN NULL;
END $$;

CREATE TRIGGER mark_new AFTER INSERT ON traces REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();
CREATE TRIGGER mark_changed AFTER UPDATE ON traces REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
CREATE TRIGGER mark_gone AFTER DELETE ON traces REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();
CREATE TRIGGER mark_new AFTER INSERT ON tool_calls REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();
CREATE TRIGGER mark_changed AFTER UPDATE ON tool_calls REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
CREATE TRIGGER mark_gone AFTER DELETE ON tool_calls REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();
CREATE TRIGGER mark_new AFTER INSERT ON loops REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();
CREATE TRIGGER mark_changed AFTER UPDATE ON loops REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
CREATE TRIGGER mark_gone AFTER DELETE ON loops REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();
CREATE TRIGGER mark_new AFTER INSERT ON findings REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();
CREATE TRIGGER mark_changed AFTER UPDATE ON findings REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
CREATE TRIGGER mark_gone AFTER DELETE ON findings REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_hours();

