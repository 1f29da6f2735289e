-- What `/metrics` asks the database: over all projects.

-- work_left --
-- Due marks and the seconds since the oldest fell due (dirty_marks_due_idx); those of `reprocess` are no lag.
SELECT count(*), coalesce(greatest(extract(epoch FROM now() - min(not_before)), 0), 0)::float8
FROM dirty_marks
WHERE not_before <= now() AND blob_id IS DISTINCT FROM -2

-- deliveries_by_state --
-- Messages of channels as long as they are kept; a look at the whole outbox, which maintenance keeps small.
SELECT CASE WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END
  AS state, count(*)
FROM outbox
GROUP BY state
