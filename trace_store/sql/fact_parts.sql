-- Facts of spans in compressed parts; see trace_store/fact_parts.py.

-- part: columns --
-- A part, in the order of StoredPart.
part.project_id, part.trace_id, part.bucket, part.mapping_version, part.detector_version, part.part_id, part.span_count,
       part.raw_bytes, part.dialects, part.user_ids, part.keys, part.body

-- of_traces --
-- The facts of these traces (primary key). Read apart from spans: they are matched by what is inside.
SELECT {columns}
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS trace (project_id, trace_id)
JOIN fact_parts part USING (project_id, trace_id)

-- of_spans --
-- The parts that hold the facts of these span versions, by trace and `span_key` (primary key).
SELECT DISTINCT ON (part.project_id, part.trace_id, part.bucket, part.part_id) {columns}
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(span_keys)s::bytea[]) AS wanted (project_id, trace_id, span_key)
JOIN fact_parts part USING (project_id, trace_id)
WHERE position(wanted.span_key IN part.keys) > 0

-- of_settled --
-- All parts of those days of settled traces that have more than one small part (primary keys of traces and fact_parts).
SELECT {columns}
FROM (
  SELECT part.*, count(*) FILTER (WHERE part.span_count < %(span_count)s AND part.raw_bytes < %(raw_bytes)s)
    OVER (PARTITION BY part.project_id, part.trace_id, part.bucket) AS small_count
  FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
  JOIN traces trace USING (project_id, trace_id)
  JOIN fact_parts part USING (project_id, trace_id)
  WHERE part.bucket BETWEEN trace.bucket_min AND trace.bucket_max
) part
WHERE small_count > 1

-- living --
-- What tells the stored span versions of these traces, 16 bytes each, by day (primary key of spans).
SELECT span.project_id, span.trace_id, span.bucket, string_agg(span.span_id || substr(span.digest, 1, 8), ''::bytea)
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS trace (project_id, trace_id)
JOIN spans span USING (project_id, trace_id)
GROUP BY span.project_id, span.trace_id, span.bucket

-- insert --
-- Adds parts in key order (primary key).
INSERT INTO fact_parts (project_id, trace_id, bucket, mapping_version, detector_version, span_count, raw_bytes, dialects,
  user_ids, keys, body)
SELECT project_id, trace_id, bucket, mapping_version, detector_version, span_count, raw_bytes, dialects::jsonb,
       nullif(user_ids, '')::jsonb, keys, body
FROM unnest(%s::integer[], %s::bytea[], %s::date[], %s::smallint[], %s::smallint[], %s::smallint[], %s::integer[], %s::text[],
  %s::text[], %s::bytea[], %s::bytea[])
  AS new (project_id, trace_id, bucket, mapping_version, detector_version, span_count, raw_bytes, dialects, user_ids, keys, body)
ORDER BY project_id, bucket, trace_id

-- delete --
-- Removes parts that were merged (primary key).
DELETE FROM fact_parts AS part
USING unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(part_ids)s::bigint[], %(buckets)s::date[])
  AS gone (project_id, trace_id, part_id, bucket)
WHERE (part.project_id, part.trace_id, part.part_id, part.bucket)
    = (gone.project_id, gone.trace_id, gone.part_id, gone.bucket)

-- delete_outdated --
-- Removes the facts of traces that are made anew as a whole, unless newer rules made them (primary key).
DELETE FROM fact_parts AS part
USING unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS trace (project_id, trace_id)
WHERE (part.project_id, part.trace_id) = (trace.project_id, trace.trace_id)
  AND (part.mapping_version, part.detector_version) <= (%(mapping_version)s::integer, %(detector_version)s::integer)
