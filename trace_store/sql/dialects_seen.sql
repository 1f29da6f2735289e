-- What the newest traces are written in, for the settings page: bounded, so that it costs the same however much is stored.

-- dialects_seen --
-- Spans of the newest traces (traces_start_idx, primary keys of spans and span_facts) by dialect, and by scope where no
-- dialect claims them: how many, first and last start, mapping versions, and the newest of them.
WITH recent AS MATERIALIZED (
  SELECT project_id, trace_id FROM traces
  WHERE project_id = %(project_id)s
  ORDER BY start_unix_nano DESC, trace_id DESC
  LIMIT %(traces_max)s
), seen AS MATERIALIZED (
  SELECT span.project_id, span.trace_id, span.span_id, span.start_unix_nano, span.bucket, span.scope_id
  FROM recent JOIN spans span USING (project_id, trace_id)
  LIMIT %(spans_max)s
)
SELECT fact.dialect, scope.name, count(*), min(seen.start_unix_nano), max(seen.start_unix_nano),
       min(fact.mapping_version), max(fact.mapping_version),
       (array_agg(seen.trace_id ORDER BY seen.start_unix_nano DESC))[1],
       (array_agg(seen.span_id ORDER BY seen.start_unix_nano DESC))[1]
FROM seen
LEFT JOIN span_facts fact USING (project_id, trace_id, span_id, start_unix_nano, bucket)
LEFT JOIN scopes scope ON fact.dialect IS NULL AND (scope.project_id, scope.scope_id) = (seen.project_id, seen.scope_id)
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2

-- recent_count --
-- How many traces that looks at (traces_start_idx).
SELECT count(*) FROM (SELECT FROM traces WHERE project_id = %(project_id)s LIMIT %(traces_max)s) recent
