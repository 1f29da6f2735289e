-- Messages that wait for their channel. An attempt is counted and its lease committed before anything is sent.

-- put_delivery --
-- One message for one channel; nothing when this event has its message already (unique key) or the channel is gone.
INSERT INTO outbox (project_id, channel_id, dedup_key, kind, subject)
SELECT project_id, channel_id, %(dedup_key)s, %(kind)s, %(subject)s::jsonb
FROM channels
WHERE project_id = %(project_id)s AND channel_id = %(channel_id)s
ON CONFLICT (channel_id, dedup_key) DO NOTHING
RETURNING delivery_id

-- claim_due --
-- Begins an attempt of the oldest due message of every channel that is not busy here (outbox_due_idx per channel):
-- nobody else begins one before its lease ends.
WITH due AS (
  SELECT delivery_id, config, channel.kind AS channel_kind, name
  FROM channels channel
  CROSS JOIN LATERAL (
    SELECT delivery_id
    FROM outbox
    WHERE outbox.channel_id = channel.channel_id AND next_attempt_at <= now()
    ORDER BY next_attempt_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
  ) oldest
  WHERE channel.channel_id <> ALL (%(busy)s::bigint[])
  LIMIT %(deliveries_max)s
)
UPDATE outbox
SET attempts = attempts + 1, next_attempt_at = now() + %(lease_s)s * interval '1 second'
FROM due
WHERE outbox.delivery_id = due.delivery_id
RETURNING outbox.project_id, outbox.delivery_id, outbox.channel_id, outbox.kind, subject, created_at, attempts,
  channel_kind, name, config, (SELECT slug FROM projects WHERE projects.project_id = outbox.project_id)

-- record_delivered --
-- The endpoint has taken the message (primary key).
UPDATE outbox SET delivered_at = now(), next_attempt_at = NULL, failed_at = NULL, last_error = %(note)s
WHERE delivery_id = %(delivery_id)s

-- record_failed --
-- This attempt failed: the next one is due after `delay_s`, none when that is NULL. Nothing when a later attempt has
-- begun meanwhile (primary key).
UPDATE outbox
SET last_error = %(error)s, next_attempt_at = now() + %(delay_s)s::float8 * interval '1 second',
    failed_at = CASE WHEN %(delay_s)s::float8 IS NULL THEN now() END
WHERE delivery_id = %(delivery_id)s AND attempts = %(attempt)s AND delivered_at IS NULL

-- deliveries --
-- The newest messages of a project, and how many there are (outbox_created_idx).
SELECT delivery_id, channel_id, name, outbox.kind, subject, outbox.created_at, next_attempt_at, attempts, delivered_at,
  failed_at, last_error, count(*) OVER () AS total
FROM outbox
JOIN channels USING (project_id, channel_id)
WHERE project_id = %(project_id)s
ORDER BY outbox.created_at DESC, delivery_id
LIMIT %(limit)s

-- delivery --
-- One message of a project (primary key).
SELECT delivery_id, channel_id, name, outbox.kind, subject, outbox.created_at, next_attempt_at, attempts, delivered_at,
  failed_at, last_error, 1 AS total
FROM outbox
JOIN channels USING (project_id, channel_id)
WHERE project_id = %(project_id)s AND delivery_id = %(delivery_id)s

-- delete_old_deliveries --
-- Messages that were delivered or given up before the cutoff; small, once per maintenance.
DELETE FROM outbox WHERE next_attempt_at IS NULL AND created_at < %(cutoff)s
