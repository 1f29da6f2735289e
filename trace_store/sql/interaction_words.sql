-- The words of interactions.

-- add_words --
-- Adds the words of interactions, in key order; each text is words with single spaces between them.
INSERT INTO interaction_words (project_id, event_id, side, part, start_unix_nano, words)
SELECT project_id, event_id, side, part, start_unix_nano, array_to_tsvector(string_to_array(words, ' '))
FROM unnest(%(project_ids)s::integer[], %(event_ids)s::text[], %(sides)s::smallint[], %(parts)s::smallint[],
  %(starts)s::bigint[], %(texts)s::text[]) AS new (project_id, event_id, side, part, start_unix_nano, words)
ORDER BY project_id, event_id, side, part

-- delete_words --
-- Removes the words of these interactions (primary key).
DELETE FROM interaction_words AS old
USING unnest(%(project_ids)s::integer[], %(event_ids)s::text[]) AS gone (project_id, event_id)
WHERE (old.project_id, old.event_id) = (gone.project_id, gone.event_id)
