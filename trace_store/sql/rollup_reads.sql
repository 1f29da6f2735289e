-- Counts of interactions from hourly roll-ups (rollups.sql), and of the rows themselves where an hour has no valid one.
-- {meeting} stands for one `meeting` per condition, {where} for the same conditions on rows (interaction_conditions.sql).

-- live_hours --
-- Hours of a range that must be read as rows: those that have changed since (dirty_hours_hour_idx), and those in which one of
-- these dimensions has too many values (primary key).
SELECT hour FROM dirty_hours
WHERE project_id = %(project_id)s AND hour >= %(hour_since)s AND hour < %(hour_until)s
UNION
SELECT hour FROM interaction_rollups
WHERE project_id = %(project_id)s AND dimension = 'unlisted' AND value = ANY (%(dimensions)s::text[])
  AND hour >= %(hour_since)s AND hour < %(hour_until)s
ORDER BY hour

-- part: live --
-- The interactions that begin within given parts of time (interactions_start_idx).
unnest(%(live_since)s::bigint[], %(live_until)s::bigint[]) AS part (since, until)
CROSS JOIN LATERAL (
  SELECT * FROM interactions
  WHERE project_id = %(project_id)s AND start_unix_nano >= part.since AND start_unix_nano < part.until
) i

-- part: settled --
-- The rows of the hours that need not be read as rows (primary key).
FROM interaction_rollups i
WHERE i.project_id = %(project_id)s AND i.hour >= %(hour_since)s AND i.hour < %(hour_until)s
  AND i.hour <> ALL (%(live_hours)s::integer[])

-- settled_count --
-- How many interactions the hours have that need not be read as rows.
SELECT coalesce(sum(length(i.members)), 0)::bigint {settled} AND i.dimension = 'all'

-- part: selected --
-- By hour, the interactions that meet all conditions: those that every condition has, without those that a negated one has.
met AS (
  SELECT i.hour, false AS is_negated, i.members {settled} AND i.dimension = 'all'{meeting}
), selected AS MATERIALIZED (
  SELECT hour, CASE WHEN bool_or(is_negated)
    THEN bit_and(members) FILTER (WHERE NOT is_negated) & ~bit_or(members) FILTER (WHERE is_negated)
    ELSE bit_and(members) END AS members
  FROM met
  GROUP BY hour
  HAVING count(*) FILTER (WHERE NOT is_negated) = %(positive_count)s
)

-- meeting --
-- By hour, the interactions that have a value that meets a condition.
 UNION ALL SELECT i.hour, {is_negated}, bit_or(i.members) {settled} AND i.dimension = '{dimension}' AND ({condition}) GROUP BY i.hour

-- live_count --
-- How many interactions would have to be read as rows, counted no further than a limit.
SELECT count(*) FROM (SELECT FROM {live} LIMIT %(limit)s) AS counted

-- count --
-- How many interactions.
WITH {selected}
SELECT (SELECT coalesce(sum(bit_count(members)), 0) FROM selected)::bigint
  + (SELECT count(*) FROM {live} WHERE true{where})

-- timeseries --
-- Interactions per step of time in UTC, of those steps that have any.
WITH {selected}
SELECT date_trunc(%(interval)s, to_timestamp(hour * 3600::bigint) AT TIME ZONE 'UTC') AS step, sum(found)::bigint
FROM (
  SELECT hour, bit_count(members) AS found FROM selected
  UNION ALL
  SELECT i.start_unix_nano / 3600000000000, count(*) FROM {live} WHERE true{where} GROUP BY 1
) parts
WHERE found > 0
GROUP BY step
ORDER BY step

-- part: values_of_hours --
-- The values of a dimension, each with its interactions among those selected.
SELECT i.value, sum(bit_count(i.members & selected.members))::bigint AS found
FROM selected JOIN interaction_rollups i
  ON i.project_id = %(project_id)s AND i.dimension = %(facet)s AND i.hour = selected.hour
GROUP BY i.value

-- facets --
-- The values of a column that most interactions have.
WITH {selected}
SELECT value, sum(found)::bigint AS found
FROM (
  {values_of_hours}
  UNION ALL
  SELECT i.{column}, count(*) FROM {live} WHERE i.{column} IS NOT NULL{where} GROUP BY 1
) parts
WHERE found > 0
GROUP BY value
ORDER BY found DESC, value
LIMIT %(limit)s

-- facets_of_tools --
-- The tools that most interactions call.
WITH {selected}
SELECT value, sum(found)::bigint AS found
FROM (
  {values_of_hours}
  UNION ALL
  SELECT tool, count(*) FROM {live} CROSS JOIN unnest(i.tools) AS tool WHERE true{where} GROUP BY 1
) parts
WHERE found > 0
GROUP BY value
ORDER BY found DESC, value
LIMIT %(limit)s

-- facets_of_signals --
-- How many interactions have each signal.
WITH {selected}, live AS MATERIALIZED (
  SELECT i.event_id FROM {live} WHERE true{where}
), linked AS MATERIALIZED (
  SELECT DISTINCT live.event_id, link.trace_id
  FROM live JOIN interaction_traces link ON link.project_id = %(project_id)s AND link.event_id = live.event_id
), met_live AS (
  SELECT linked.event_id, CASE finding.kind WHEN 'loop' THEN 'loop' ELSE 'tool_error' END AS kind, finding.tool AS name
  FROM linked JOIN findings finding ON finding.project_id = %(project_id)s AND finding.trace_id = linked.trace_id
  WHERE finding.kind <> 'schema_violation' AND coalesce(finding.interaction_id, linked.event_id) = linked.event_id
  UNION
  SELECT linked.event_id, 'own', match.signal_id::text
  FROM linked JOIN signal_matches match ON match.project_id = %(project_id)s AND match.trace_id = linked.trace_id
  WHERE NOT match.is_wrong AND coalesce(match.interaction_id, linked.event_id) = linked.event_id
  UNION
  SELECT live.event_id, 'posted', posted.name
  FROM live JOIN feedback posted ON posted.project_id = %(project_id)s AND posted.event_id = live.event_id
)
SELECT kind, name, sum(found)::bigint
FROM (
  SELECT i.dimension AS kind, i.value AS name, sum(bit_count(i.members & selected.members)) AS found
  FROM selected JOIN interaction_rollups i ON i.project_id = %(project_id)s
    AND i.dimension IN ('tool_error', 'loop', 'own', 'posted') AND i.hour = selected.hour
  GROUP BY i.dimension, i.value
  UNION ALL
  SELECT kind, name, count(*) FROM met_live GROUP BY kind, name
) parts
WHERE found > 0
GROUP BY kind, name

-- part: hashes --
-- The users or conversations of the interactions, each as a hash, with the hour.
SELECT selected.hour, coded.hash
FROM selected JOIN interaction_rollups i
  ON i.project_id = %(project_id)s AND i.dimension = 'all' AND i.hour = selected.hour
CROSS JOIN LATERAL unnest(i.{hash_column}) WITH ORDINALITY AS coded (hash, number)
WHERE coded.hash IS NOT NULL AND get_bit(selected.members, coded.number::integer - 1) = 1
UNION ALL
SELECT i.start_unix_nano / 3600000000000, hashtextextended(i.{column}, 0)
FROM {live}
WHERE i.{column} IS NOT NULL{where}

-- count_distinct --
-- How many users or conversations.
WITH {selected}
SELECT count(DISTINCT hash) FROM (
  {hashes}
) coded

-- timeseries_distinct --
-- Users or conversations per step of time in UTC, of those steps that have any.
WITH {selected}
SELECT date_trunc(%(interval)s, to_timestamp(hour * 3600::bigint) AT TIME ZONE 'UTC') AS step, count(DISTINCT hash)
FROM (
  {hashes}
) coded
GROUP BY step
ORDER BY step

-- page --
-- A page of interactions by start, after a place in that order: of hours as bits only so many as it takes, their ids from
-- interactions_start_idx alone; then the rows (primary key).
WITH {selected}, counted AS (
  SELECT hour, members, bit_count(members) AS found, sum(bit_count(members)) OVER (ORDER BY hour {direction}) AS found_so_far
  FROM selected
  WHERE bit_count(members) > 0
), needed AS MATERIALIZED (
  SELECT hour, members FROM counted WHERE found_so_far - found < %(limit)s
), listed AS MATERIALIZED (
  SELECT event_id, start_unix_nano
  FROM (
    SELECT placed.event_id, placed.start_unix_nano
    FROM needed CROSS JOIN LATERAL (
      SELECT event_id, start_unix_nano, row_number() OVER (ORDER BY start_unix_nano DESC, event_id)::integer - 1 AS place
      FROM interactions
      WHERE project_id = %(project_id)s AND start_unix_nano >= needed.hour * 3600000000000
        AND start_unix_nano < (needed.hour + 1) * 3600000000000
    ) placed
    WHERE get_bit(needed.members, placed.place) = 1
    UNION ALL
    SELECT i.event_id, i.start_unix_nano
    FROM {live}
    WHERE (%(after_start)s::bigint IS NULL OR i.start_unix_nano {beyond} %(after_start)s
      OR i.start_unix_nano = %(after_start)s AND i.event_id {beyond_id} %(after_id)s){where}
  ) met
  ORDER BY start_unix_nano {direction}, event_id {direction_of_id}
  LIMIT %(limit)s
)
SELECT i.*
FROM listed JOIN interactions i ON i.project_id = %(project_id)s AND i.event_id = listed.event_id
ORDER BY i.start_unix_nano {direction}, i.event_id {direction_of_id}
