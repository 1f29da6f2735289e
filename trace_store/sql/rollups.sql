-- Hourly roll-ups of interactions: the marks of changed hours, and the replacement of an hour's rows.

-- mark_hours --
-- Says that interactions that begin at these times have changed, or something that is counted with them.
INSERT INTO dirty_hours (project_id, hour)
SELECT DISTINCT project_id, floor(start_unix_nano / 3600000000000.0)::integer
FROM unnest(%(project_ids)s::integer[], %(starts)s::bigint[]) AS changed (project_id, start_unix_nano)
ORDER BY 1, 2

-- forget_hours_of_events --
-- Removes the rows of the hours of these interactions, which are about to go (primary key, interaction_rollups_hour_idx),
-- and marks the hours: nothing of what goes may stay until they are counted again.
WITH changed AS MATERIALIZED (
  SELECT DISTINCT project_id, floor(start_unix_nano / 3600000000000.0)::integer AS hour
  FROM interactions
  WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[])
), gone AS (
  DELETE FROM interaction_rollups old USING changed WHERE (old.project_id, old.hour) = (changed.project_id, changed.hour)
)
INSERT INTO dirty_hours (project_id, hour) SELECT project_id, hour FROM changed ORDER BY 1, 2

-- mark_hours_before --
-- Marks what is left of the hours before a day (interaction_rollups_hour_idx): feedback of days before has gone.
INSERT INTO dirty_hours (project_id, hour)
SELECT DISTINCT project_id, hour
FROM interaction_rollups
WHERE hour < extract(epoch FROM %(cutoff)s::date)::bigint / 3600
ORDER BY 1, 2

-- due_hours --
-- Hours that have not been marked for a while, or keep being marked for long, the longest waiting first; reads all marks, of
-- which few outlive a minute.
SELECT project_id, hour
FROM dirty_hours
GROUP BY project_id, hour
HAVING max(marked_at) <= now() - %(delay_s)s * interval '1 second'
  OR min(marked_at) <= now() - %(delay_s_max)s * interval '1 second'
ORDER BY min(mark_id)
LIMIT %(limit)s

-- try_lock_hour --
-- Whether nobody else replaces this hour at the moment; it is locked for the rest of the transaction, then.
SELECT pg_try_advisory_xact_lock(hashtextextended('rainbarrel hour', %(project_id)s::bigint << 32 | %(hour)s))

-- marks_of_hour --
-- All marks of an hour (dirty_hours_hour_idx), read after the lock and before its rows.
SELECT mark_id FROM dirty_hours WHERE project_id = %(project_id)s AND hour = %(hour)s

-- read_hour --
-- Which interactions of an hour have which value of which dimension, each interaction by its place in the order of lists
-- (interactions_start_idx, then primary keys); with a hash of the user and of the conversation of all of them.
WITH member AS MATERIALIZED (
  SELECT event_id, event_name, model, release, environment, tools, error_count + soft_error_count > 0 AS has_failure,
    loop_count > 0 AS has_loop, hashtextextended(user_id, 0) AS user_hash,
    hashtextextended(conversation_id, 0) AS conversation_hash,
    row_number() OVER (ORDER BY start_unix_nano DESC, event_id)::integer - 1 AS place
  FROM interactions
  WHERE project_id = %(project_id)s AND start_unix_nano >= %(hour)s * 3600000000000
    AND start_unix_nano < (%(hour)s + 1) * 3600000000000
), linked AS MATERIALIZED (
  SELECT DISTINCT member.place, member.event_id, link.trace_id
  FROM member JOIN interaction_traces link ON link.project_id = %(project_id)s AND link.event_id = member.event_id
), told AS (
  SELECT 'event_name' AS dimension, event_name AS value, place FROM member
  UNION ALL SELECT 'model', model, place FROM member WHERE model IS NOT NULL
  UNION ALL SELECT 'release', release, place FROM member
  UNION ALL SELECT 'environment', environment, place FROM member WHERE environment IS NOT NULL
  UNION ALL SELECT DISTINCT 'tool', tool, place FROM member CROSS JOIN unnest(tools) AS tool
  UNION ALL SELECT 'any_failure', '', place FROM member WHERE has_failure
  UNION ALL SELECT 'any_loop', '', place FROM member WHERE has_loop
  UNION ALL
  SELECT DISTINCT CASE finding.kind WHEN 'loop' THEN 'loop' ELSE 'tool_error' END, finding.tool, place
  FROM linked JOIN findings finding ON finding.project_id = %(project_id)s AND finding.trace_id = linked.trace_id
  WHERE finding.kind <> 'schema_violation' AND coalesce(finding.interaction_id, linked.event_id) = linked.event_id
  UNION ALL
  SELECT DISTINCT 'own', match.signal_id::text, place
  FROM linked JOIN signal_matches match ON match.project_id = %(project_id)s AND match.trace_id = linked.trace_id
  WHERE NOT match.is_wrong AND coalesce(match.interaction_id, linked.event_id) = linked.event_id
  UNION ALL
  SELECT DISTINCT 'posted', posted.name, place
  FROM member JOIN feedback posted ON posted.project_id = %(project_id)s AND posted.event_id = member.event_id
)
SELECT dimension, value, array_agg(place) AS places, NULL::bigint[] AS users, NULL::bigint[] AS conversations
FROM told GROUP BY dimension, value
UNION ALL
SELECT 'all', '', array_agg(place), array_agg(user_hash ORDER BY place), array_agg(conversation_hash ORDER BY place)
FROM member HAVING count(*) > 0

-- delete_hour --
-- Removes the rows of an hour (interaction_rollups_hour_idx).
DELETE FROM interaction_rollups WHERE project_id = %(project_id)s AND hour = %(hour)s

-- insert_hour --
-- Adds the rows of an hour, in key order.
INSERT INTO interaction_rollups (project_id, dimension, hour, number, value, members, users, conversations)
SELECT %(project_id)s, dimension, %(hour)s, number, value, members::bit varying,
  CASE dimension WHEN 'all' THEN %(users)s::bigint[] END, CASE dimension WHEN 'all' THEN %(conversations)s::bigint[] END
FROM unnest(%(dimensions)s::text[], %(numbers)s::integer[], %(values)s::text[], %(members)s::text[])
  AS new (dimension, number, value, members)
ORDER BY dimension, number

-- delete_marks --
-- Removes exactly the marks that were read (primary key).
DELETE FROM dirty_hours WHERE mark_id = ANY (%(mark_ids)s::bigint[])
