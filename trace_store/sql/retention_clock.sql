-- The time that retention goes by, and what a clock that was wrong has left behind.

-- read --
-- One row: the time that was believed at the last run and since when a leap is doubted, both NULL before the first
-- run, and the database's clock.
SELECT believed_at, doubted_at, clock_timestamp()
FROM (SELECT) AS one_row LEFT JOIN retention_clock ON true

-- write --
-- Keeps the time that is believed now.
INSERT INTO retention_clock (believed_at, doubted_at) VALUES (%(believed_at)s, %(doubted_at)s)
ON CONFLICT (is_only_row) DO UPDATE SET (believed_at, doubted_at) = (excluded.believed_at, excluded.doubted_at)

-- mark_stranded_units --
-- Marks anew the units whose marks fall due later than anything is ever put off: they were written while the clock was
-- ahead. Marks are only ever inserted; those go when their unit is derived.
INSERT INTO dirty_marks (project_id, unit_kind, unit_id, bucket, blob_id)
SELECT project_id, unit_kind, unit_id, bucket, blob_id
FROM (
  SELECT DISTINCT project_id, unit_kind, unit_id, bucket, blob_id
  FROM dirty_marks WHERE not_before > now() + interval '25 hours'
  ORDER BY 1, 2, 3 LIMIT 10000
) stranded

-- send_stranded_messages --
-- Messages whose next attempt lies later than any is ever put off are due now.
UPDATE outbox SET next_attempt_at = now() WHERE next_attempt_at > now() + interval '25 hours'
