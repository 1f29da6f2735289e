-- What the newest traces are written in, for the settings page: bounded, so that it costs the same however much is stored.

-- dialects_seen --
-- Spans of the newest traces (traces_start_idx, primary keys of spans and fact_parts) by dialect, and by scope where no
-- dialect claims them: how many, first and last start, mapping versions, and the newest of them. Of a larger trace than
-- that only as many.
WITH recent AS MATERIALIZED (
  SELECT project_id, trace_id
  FROM (
    SELECT project_id, trace_id, sum(span_count) OVER (ORDER BY start_unix_nano DESC, trace_id DESC) - span_count AS before
    FROM (
      SELECT project_id, trace_id, start_unix_nano, span_count FROM traces
      WHERE project_id = %(project_id)s
      ORDER BY start_unix_nano DESC, trace_id DESC
      LIMIT %(traces_max)s
    ) newest
  ) trace
  WHERE before < %(spans_max)s
), seen AS MATERIALIZED (
  SELECT span.trace_id, span.span_id, span.start_unix_nano, span.bucket, span.scope_id,
         span.span_id || substr(span.digest, 1, 8) AS span_key
  FROM recent JOIN spans span USING (project_id, trace_id)
  LIMIT %(spans_max)s
), fact AS MATERIALIZED (  -- of two entries of a span version the one that counts: trace_store/fact_parts.py
  SELECT DISTINCT ON (part.trace_id, part.bucket, span_key) part.trace_id, part.bucket, span_key, part.mapping_version,
         part.dialects ->> get_byte(part.keys, 17 * number + 16) AS dialect
  FROM recent
  JOIN fact_parts part USING (project_id, trace_id)
  CROSS JOIN generate_series(0, part.span_count - 1) AS number
  CROSS JOIN LATERAL (SELECT substr(part.keys, 17 * number + 1, 16)) AS inside (span_key)
  ORDER BY part.trace_id, part.bucket, span_key, part.mapping_version DESC, part.detector_version DESC, part.part_id DESC
)
SELECT fact.dialect, scope.name, count(*), min(seen.start_unix_nano), max(seen.start_unix_nano),
       min(fact.mapping_version), max(fact.mapping_version),
       (array_agg(seen.trace_id ORDER BY seen.start_unix_nano DESC))[1],
       (array_agg(seen.span_id ORDER BY seen.start_unix_nano DESC))[1]
FROM seen
LEFT JOIN fact USING (trace_id, bucket, span_key)
LEFT JOIN scopes scope
  ON fact.dialect IS NULL AND (scope.project_id, scope.scope_id) = (%(project_id)s::integer, seen.scope_id)
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2

-- recent_count --
-- How many traces that looks at (traces_start_idx).
SELECT count(*) FROM (SELECT FROM traces WHERE project_id = %(project_id)s LIMIT %(traces_max)s) recent
