-- What models were told of their tools.

-- put --
-- Adds definitions in key order (primary key); of one that is there, what is new: days and releases, of which the last
-- 20 stay. A row that says nothing new is not written again.
INSERT INTO tool_definitions AS old
SELECT * FROM jsonb_populate_recordset(NULL::tool_definitions, %(rows)s::jsonb) ORDER BY project_id, digest
ON CONFLICT (project_id, digest) DO UPDATE
SET first_seen = least(old.first_seen, excluded.first_seen),
    last_seen = greatest(old.last_seen, excluded.last_seen),
    releases = (SELECT told[greatest(cardinality(told) - 19, 1):]
                FROM (SELECT old.releases || ARRAY(SELECT unnest(excluded.releases)
                                                   EXCEPT SELECT unnest(old.releases)) AS told) all_of_them)
WHERE excluded.first_seen < old.first_seen OR excluded.last_seen > old.last_seen
   OR NOT old.releases @> excluded.releases

-- of_llm_call --
-- The definitions that an LLM call names, in its order (primary keys).
SELECT definition.*
FROM llm_calls call
CROSS JOIN unnest(call.tool_definition_digests) WITH ORDINALITY AS named (digest, position)
JOIN tool_definitions definition USING (project_id, digest)
WHERE call.project_id = %(project_id)s AND call.trace_id = %(trace_id)s AND call.span_id = %(span_id)s
  AND call.turn < 2  -- the turns of a run are offered the same
ORDER BY position

-- by_name --
-- How a tool was defined, the last seen first (tool_definitions_name_idx).
SELECT * FROM tool_definitions
WHERE project_id = %(project_id)s AND left(name, 255) = left(%(name)s, 255) AND name = %(name)s
ORDER BY schema IS NULL, last_seen DESC, first_seen DESC, digest
LIMIT %(limit)s

-- history --
-- The definitions of a tool, the newest first (tool_definitions_name_idx), each with the first of the releases that
-- offered it (primary key of releases), and how many there are; without those that tell the name alone.
SELECT definition.*, coalesce(since.release, '') AS since_release, count(*) OVER () AS total
FROM tool_definitions definition
LEFT JOIN LATERAL (
  SELECT known.release, known.first_seen_unix_nano
  FROM releases known
  WHERE known.project_id = definition.project_id AND known.release = ANY (definition.releases)
  ORDER BY known.first_seen_unix_nano, known.release
  LIMIT 1
) since ON true
WHERE definition.project_id = %(project_id)s AND left(name, 255) = left(%(name)s, 255) AND name = %(name)s
  AND (schema IS NOT NULL OR description <> '' OR is_cut)
ORDER BY first_seen DESC, since.first_seen_unix_nano DESC NULLS LAST, digest
LIMIT %(limit)s

-- delete_expired --
-- Removes definitions that no span of a kept day names; the table is small.
DELETE FROM tool_definitions WHERE last_seen < %(cutoff)s
