-- The write path of interactions. Each insert numbers its rows in the order in which they were posted, although it adds
-- them in key order, so that two writers never wait for each other in turn.

-- insert_updates --
-- Adds updates that are not known from the same day, and marks their interactions; returns their keys (primary key).
WITH added AS (
  INSERT INTO interaction_updates (project_id, event_id, digest, bucket, arrival, client_unix_nano, kind, body)
  SELECT project_id, event_id, digest, bucket, (SELECT nextval('arrivals')) * 1048576 + position, client_unix_nano, kind,
    body
  FROM unnest(%s::integer[], %s::text[], %s::bytea[], %s::date[], %s::bigint[], %s::bigint[], %s::smallint[], %s::bytea[])
    AS new (project_id, event_id, digest, bucket, position, client_unix_nano, kind, body)
  ORDER BY project_id, event_id, digest
  ON CONFLICT (project_id, event_id, digest, bucket) DO NOTHING
  RETURNING project_id, event_id, digest
), marked AS (
  INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
  SELECT DISTINCT project_id, 2, convert_to(event_id, 'UTF8') FROM added
)
SELECT project_id, event_id, digest FROM added

-- insert_feedback --
-- Adds signals about interactions that are not known from the same day, and marks these: their hour counts signals, too;
-- returns the keys (primary key).
WITH added AS (
  INSERT INTO feedback (project_id, event_id, digest, bucket, name, type, sentiment, client_unix_nano, attachment_id,
    properties)
  SELECT * FROM unnest(%s::integer[], %s::text[], %s::bytea[], %s::date[], %s::text[], %s::text[], %s::text[],
    %s::bigint[], %s::text[], %s::jsonb[])
    AS new (project_id, event_id, digest, bucket, name, type, sentiment, client_unix_nano, attachment_id, properties)
  ORDER BY project_id, event_id, digest
  ON CONFLICT (project_id, event_id, digest, bucket) DO NOTHING
  RETURNING project_id, event_id, digest
), marked AS (
  INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
  SELECT DISTINCT project_id, 2, convert_to(event_id, 'UTF8') FROM added
)
SELECT project_id, event_id, digest FROM added

-- insert_user_updates --
-- Adds what is said of users and not known, and marks them; returns the keys (primary key).
WITH added AS (
  INSERT INTO user_updates (project_id, user_id, digest, arrival, client_unix_nano, traits)
  SELECT project_id, user_id, digest, (SELECT nextval('arrivals')) * 1048576 + position, client_unix_nano, traits
  FROM unnest(%s::integer[], %s::text[], %s::bytea[], %s::bigint[], %s::bigint[], %s::jsonb[])
    AS new (project_id, user_id, digest, position, client_unix_nano, traits)
  ORDER BY project_id, user_id, digest
  ON CONFLICT (project_id, user_id, digest) DO NOTHING
  RETURNING project_id, user_id, digest
), marked AS (
  INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
  SELECT DISTINCT project_id, 6, convert_to(user_id, 'UTF8') FROM added
)
SELECT project_id, user_id, digest FROM added
