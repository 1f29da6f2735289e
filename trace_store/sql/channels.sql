-- The channels of a project.

-- channels --
-- All channels of a project in the order in which they were made; small.
SELECT project_id, channel_id, kind, name, config, breaker_iterations, digest_hour, digest_time_zone, created_at
FROM channels
WHERE project_id = %(project_id)s
ORDER BY channel_id

-- channel --
-- One channel of a project (primary key).
SELECT project_id, channel_id, kind, name, config, breaker_iterations, digest_hour, digest_time_zone, created_at
FROM channels
WHERE project_id = %(project_id)s AND channel_id = %(channel_id)s

-- add_channel --
-- No row when the project has a channel of that name (unique key).
INSERT INTO channels (project_id, kind, name, config, breaker_iterations, digest_hour, digest_time_zone)
VALUES (%(project_id)s, %(kind)s, %(name)s, %(config)s::jsonb, %(breaker_iterations)s, %(digest_hour)s,
  %(digest_time_zone)s)
ON CONFLICT (project_id, name) DO NOTHING
RETURNING channel_id

-- set_notices --
-- What a channel is told besides its alerts (primary key).
UPDATE channels
SET breaker_iterations = %(breaker_iterations)s, digest_hour = %(digest_hour)s, digest_time_zone = %(digest_time_zone)s
WHERE project_id = %(project_id)s AND channel_id = %(channel_id)s
RETURNING channel_id

-- remove_channel --
-- Takes its deliveries with it, those that wait as well (primary key; outbox goes by its foreign key).
DELETE FROM channels WHERE project_id = %(project_id)s AND channel_id = %(channel_id)s RETURNING channel_id

-- breaker_channels --
-- The channels that are told of loops while they run; small.
SELECT project_id, channel_id, breaker_iterations
FROM channels
WHERE project_id = ANY (%(project_ids)s) AND breaker_iterations IS NOT NULL
ORDER BY channel_id

-- digest_channels --
-- The channels of all projects that get a daily digest; small.
SELECT project_id, channel_id, kind, name, config, breaker_iterations, digest_hour, digest_time_zone, created_at
FROM channels
WHERE digest_hour IS NOT NULL
ORDER BY channel_id
