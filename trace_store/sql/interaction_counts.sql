-- What interactions come to: counts, counts per step of time and per value. {where} stands for the conditions that were
-- asked for (interaction_conditions.sql), {counted} for what is counted.

-- reach --
-- The start of the interaction that so many newer ones of a range follow (interactions_start_idx alone).
SELECT i.start_unix_nano FROM interactions i
WHERE i.project_id = %(project_id)s{where}
ORDER BY i.start_unix_nano DESC
OFFSET %(beyond)s LIMIT 1

-- count --
-- How many interactions, or how many users or conversations they have.
SELECT count({counted}) FROM interactions i WHERE i.project_id = %(project_id)s{where}

-- count_all_users --
-- How many users have interactions, of all time.
SELECT count(*) FROM users WHERE project_id = %(project_id)s AND interaction_count > 0

-- count_all_conversations --
-- How many conversations have interactions, of all time.
SELECT count(*) FROM conversations WHERE project_id = %(project_id)s AND interaction_count > 0

-- timeseries --
-- Interactions per step of time in UTC, of those steps that have any: first by number of the hour or minute, which costs
-- less than a date for each.
SELECT date_trunc(%(interval)s, to_timestamp(part * %(part_s)s) AT TIME ZONE 'UTC') AS step, sum(found)::bigint
FROM (
  SELECT i.start_unix_nano / (%(part_s)s * 1000000000::bigint) AS part, count(*) AS found
  FROM interactions i
  WHERE i.project_id = %(project_id)s{where}
  GROUP BY part
) parts
GROUP BY step
ORDER BY step

-- timeseries_distinct --
-- Users or conversations per step of time in UTC, of those steps that have any.
SELECT date_trunc(%(interval)s, to_timestamp(i.start_unix_nano / 1000000000) AT TIME ZONE 'UTC') AS step, count({counted})
FROM interactions i
WHERE i.project_id = %(project_id)s{where}
GROUP BY step
ORDER BY step

-- facets --
-- The values of a column that most interactions have.
SELECT i.{column} AS value, count({counted}) AS found
FROM interactions i
WHERE i.project_id = %(project_id)s AND i.{column} IS NOT NULL{where}
GROUP BY value
ORDER BY found DESC, value
LIMIT %(limit)s

-- facets_of_all_users --
-- The users that have most interactions, of all time.
SELECT user_id AS value, interaction_count AS found FROM users
WHERE project_id = %(project_id)s AND interaction_count > 0
ORDER BY found DESC, value
LIMIT %(limit)s

-- facets_of_tools --
-- The tools that most interactions call.
SELECT tool AS value, count({counted}) AS found
FROM interactions i, unnest(i.tools) tool
WHERE i.project_id = %(project_id)s{where}
GROUP BY value
ORDER BY found DESC, value
LIMIT %(limit)s

-- facets_of_signals --
-- How many interactions, or users or conversations of them, have each signal: all signals in one go.
WITH i AS MATERIALIZED (
  SELECT i.event_id, i.user_id, i.conversation_id FROM interactions i WHERE i.project_id = %(project_id)s{where}
)
SELECT met.kind, met.name, count({counted})
FROM (
  SELECT t.event_id, CASE f.kind WHEN 'loop' THEN 'loop' ELSE 'tool_error' END AS kind, f.tool AS name
  FROM findings f JOIN interaction_traces t USING (project_id, trace_id)
  WHERE f.project_id = %(project_id)s AND f.kind <> 'schema_violation'
    AND coalesce(f.interaction_id, t.event_id) = t.event_id
  UNION
  SELECT t.event_id, 'own', m.signal_id::text
  FROM signal_matches m JOIN interaction_traces t USING (project_id, trace_id)
  WHERE m.project_id = %(project_id)s AND NOT m.is_wrong AND coalesce(m.interaction_id, t.event_id) = t.event_id
  UNION
  SELECT event_id, 'posted', name FROM feedback WHERE project_id = %(project_id)s
) met JOIN i USING (event_id)
GROUP BY met.kind, met.name
