-- Roll-ups of what the start page counts (figures.sql): their rows, and what they tell of a time. A day has rows once it is over
-- and none of its hours has changed since; replacing an hour removes those of its day.

-- lock_day --
-- Waits for whoever replaces rows of this day; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('rainbarrel day', %(project_id)s::bigint << 32 | %(hour)s / 24))

-- number_users --
-- Gives numbers to users who have none (primary key).
INSERT INTO user_numbers (project_id, user_hash)
SELECT %(project_id)s, user_hash
FROM (SELECT DISTINCT unnest(%(hashes)b::bigint[]) AS user_hash) asked
WHERE NOT EXISTS (SELECT FROM user_numbers known WHERE known.project_id = %(project_id)s AND known.user_hash = asked.user_hash)
ORDER BY user_hash
ON CONFLICT (project_id, user_hash) DO NOTHING

-- numbers_of_users --
-- The numbers of users that have one (primary key).
SELECT user_hash, number FROM user_numbers WHERE project_id = %(project_id)s AND user_hash = ANY (%(hashes)b::bigint[])

-- delete_figures --
-- Removes the rows of an hour, and of its day (primary key).
DELETE FROM figure_rollups
WHERE project_id = %(project_id)s AND sort = ANY (%(sorts)s::text[])
  AND (hours = 1 AND hour = %(hour)s OR hours = 24 AND hour = %(hour)s / 24 * 24)

-- delete_day --
-- Removes the rows of a day (primary key).
DELETE FROM figure_rollups
WHERE project_id = %(project_id)s AND hours = 24 AND sort = ANY (%(sorts)s::text[]) AND hour = %(hour)s

-- insert_figure --
-- Adds a row.
INSERT INTO figure_rollups VALUES (%(project_id)s, %(hours)s, %(sort)s, %(hour)s, %(number)s, %(release)s, %(environment)s,
  %(name)s, %(sums)s, %(users)b, %(users_affected)b, %(durations)b, %(latest_unix_nano)s)

-- days_to_make --
-- Days before one that have hours with traces and no rows yet, and no hour that has changed (primary key, dirty_hours_hour_idx).
SELECT DISTINCT project_id, hour / 24 * 24
FROM figure_rollups whole
WHERE hours = 1 AND sort = 'traces' AND hour < %(before)s
  AND NOT EXISTS (
    SELECT FROM figure_rollups made
    WHERE made.project_id = whole.project_id AND made.hours = 24 AND made.sort = 'traces' AND made.hour = whole.hour / 24 * 24)
  AND NOT EXISTS (
    SELECT FROM dirty_hours dirty
    WHERE dirty.project_id = whole.project_id AND dirty.hour / 24 = whole.hour / 24)
ORDER BY 2 DESC
LIMIT %(limit)s

-- changed_hours --
-- Hours of a range that have changed since they were rolled up (dirty_hours_hour_idx).
SELECT DISTINCT hour FROM dirty_hours
WHERE project_id = %(project_id)s AND hour >= %(hour_since)s AND hour < %(hour_until)s

-- days_made --
-- Days of a range that have rows, by their first hour (primary key).
SELECT DISTINCT hour FROM figure_rollups
WHERE project_id = %(project_id)s AND hours = 24 AND sort = 'traces' AND hour >= %(hour_since)s AND hour < %(hour_until)s

-- part: told --
-- Rows of given days and runs of hours (primary key); callers and issues are asked for by what their names begin with.
FROM (
  SELECT * FROM figure_rollups
  WHERE project_id = %(project_id)s AND hours = 24 AND sort = ANY (%(sorts)s::text[])
    AND hour = ANY (%(days)b::integer[])
  UNION ALL
  SELECT found.*
  FROM unnest(%(hours_since)b::integer[], %(hours_until)b::integer[]) AS run (since, until)
  JOIN figure_rollups found ON found.project_id = %(project_id)s AND found.hours = 1
    AND found.sort = ANY (%(sorts)s::text[]) AND found.hour >= run.since AND found.hour < run.until
) told
WHERE (%(release)s::text IS NULL OR release = %(release)s)
  AND (%(environment)s::text IS NULL OR environment = %(environment)s)
  AND (%(names)s::text[] IS NULL OR name = ANY (%(names)s) OR split_part(name, E'\x1f', 1) = ANY (%(names)s))

-- figures --
-- What hours and days tell, by the first hour.
SELECT hour, sort, name, sums, users, users_affected, durations, latest_unix_nano {told}

-- part: summed --
-- The sums of several rows.
ARRAY[coalesce(sum(sums[1]), 0), coalesce(sum(sums[2]), 0), coalesce(sum(sums[3]), 0), coalesce(sum(sums[4]), 0),
  coalesce(sum(sums[5]), 0), coalesce(sum(sums[6]), 0), coalesce(sum(sums[7]), 0)]::bigint[]

-- sums --
-- The same by step, without users and durations.
SELECT sort, name, (hour * 3600000000000 - %(origin)s) / %(step_ns)s AS step, {summed}, max(latest_unix_nano) {told}
GROUP BY sort, name, step

-- hours_of_traces --
-- The hours in which these traces were (primary key); of one that took impossibly long, those of its first day.
SELECT DISTINCT generate_series(first, CASE WHEN last - first < 1000 THEN last ELSE first + 24 END)
FROM (
  SELECT floor(start_unix_nano / 3600000000000.0)::integer AS first,
    floor(greatest(start_unix_nano, end_unix_nano) / 3600000000000.0)::integer AS last
  FROM traces
  WHERE project_id = %(project_id)s AND trace_id = ANY (%(trace_ids)s::bytea[])
) span

-- forget_hours --
-- Removes the rows of hours and of their days, and marks the hours: nothing of what has gone may stay (primary key).
WITH gone AS (
  DELETE FROM figure_rollups
  WHERE project_id = %(project_id)s AND sort = ANY (%(sorts)s::text[])
    AND (hours = 1 AND hour = ANY (%(hours)s::integer[])
      OR hours = 24 AND hour = ANY (SELECT unnest / 24 * 24 FROM unnest(%(hours)s::integer[])))
)
INSERT INTO dirty_hours (project_id, hour) SELECT %(project_id)s, unnest(%(hours)s::integer[]) ORDER BY 2

-- forget_user --
-- Takes the number of a user away (primary key).
DELETE FROM user_numbers WHERE project_id = %(project_id)s AND user_hash = hashtextextended(%(user_id)s::text, 0)

-- read_hours --
-- The rows of the hours of a day (primary key).
SELECT sort, release, environment, name, sums, users, users_affected, durations, latest_unix_nano
FROM figure_rollups
WHERE project_id = %(project_id)s AND hours = 1 AND sort = ANY (%(sorts)s::text[])
  AND hour >= %(hour)s AND hour < %(hour)s + 24
