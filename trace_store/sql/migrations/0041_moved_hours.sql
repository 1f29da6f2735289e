-- Derived rows that change are updated: their triggers mark the hours where they were, too; and each distinct span of hours once.

CREATE OR REPLACE FUNCTION mark_changed_hours() RETURNS trigger LANGUAGE plpgsql AS $$
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

DROP TRIGGER mark_changed ON traces;
CREATE TRIGGER mark_changed AFTER UPDATE ON traces REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
DROP TRIGGER mark_changed ON tool_calls;
CREATE TRIGGER mark_changed AFTER UPDATE ON tool_calls REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
DROP TRIGGER mark_changed ON loops;
CREATE TRIGGER mark_changed AFTER UPDATE ON loops REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
DROP TRIGGER mark_changed ON findings;
CREATE TRIGGER mark_changed AFTER UPDATE ON findings REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_hours();
