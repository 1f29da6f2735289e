-- Keyword search of interactions, newest first, a slice of time after the other. {where} stands for the conditions that were
-- asked for besides time and words (interaction_conditions.sql), {of_hours} for the hours of the slice.

-- start_of_slice --
-- The start of the interaction that so many newer ones of a time follow (interactions_start_idx alone).
SELECT start_unix_nano
FROM interactions
WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
ORDER BY start_unix_nano DESC
OFFSET %(beyond)s LIMIT 1

-- stored_times --
-- When the first and the newest interaction of a time began (interactions_start_idx alone).
SELECT min(start_unix_nano), max(start_unix_nano)
FROM interactions
WHERE project_id = %(project_id)s AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s

-- of_hours --
-- Words of the hours of the slice, as interaction_words_idx has them.
ARRAY[(project_id::bigint << 32) + start_unix_nano / 3600000000000] && %(keys)s::bigint[]

-- part: met --
-- The interactions of the slice with all words of the search in their input or their output (interaction_words_idx).
SELECT DISTINCT event_id, start_unix_nano
FROM interaction_words
WHERE words @@ %(words)s::tsquery AND {of_hours} AND project_id = %(project_id)s AND side = ANY (%(sides)s::smallint[])
  AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
  AND (%(after_start)s::bigint IS NULL OR start_unix_nano < %(after_start)s
    OR start_unix_nano = %(after_start)s AND event_id > %(after_id)s)

-- page_of_all --
-- The newest of them (primary key of interactions).
WITH listed AS MATERIALIZED (
  {met}
  ORDER BY start_unix_nano DESC, event_id
  LIMIT %(limit)s
)
SELECT i.*
FROM listed JOIN interactions i ON i.project_id = %(project_id)s AND i.event_id = listed.event_id
ORDER BY i.start_unix_nano DESC, i.event_id

-- page_of_some --
-- The newest of them that meet other conditions, too (primary key of interactions).
WITH met AS MATERIALIZED (
  {met}
)
SELECT i.*
FROM met JOIN interactions i ON i.project_id = %(project_id)s AND i.event_id = met.event_id
WHERE true{where}
ORDER BY i.start_unix_nano DESC, i.event_id
LIMIT %(limit)s
