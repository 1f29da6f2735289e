-- Lists of spans, put together by trace_store/lists/span_lists.py. The table of spans has no index but its key, which begins with the
-- trace: the traces come first, and then the spans of each. {where} are conditions of trace_conditions.sql on traces, called t,
-- {of_span} conditions of row_conditions.sql on spans, called s. No payload.

-- part: columns --
-- What is read of a trace.
t.project_id, t.trace_id, t.start_unix_nano, t.bucket_min, t.bucket_max, t.span_count, t.release, t.environment, t.user_id,
      t.conversation_id

-- part: newest_traces --
-- The newest traces, as many as have not more than so many spans together (traces_start_idx, traces_failed_idx, traces_loops_idx).
looked AS (
  SELECT * FROM (
    SELECT t.*, sum(span_count) OVER (ORDER BY start_unix_nano DESC, trace_id DESC ROWS UNBOUNDED PRECEDING) AS spans_so_far
    FROM (
      SELECT {columns} FROM traces t
      WHERE t.project_id = %(project_id)s{where}
      ORDER BY t.start_unix_nano DESC, t.trace_id DESC
      LIMIT %(traces_max)s
    ) t
  ) t
  WHERE t.spans_so_far - t.span_count < %(spans_max)s
)

-- part: slowest_traces --
-- The traces that took longest, the same way, and the first that is not looked at (traces_start_idx).
looked AS MATERIALIZED (
  SELECT t.*, row_number() OVER slowest <= %(traces_max)s
    AND sum(span_count) OVER slowest - span_count < %(spans_max)s AS is_looked_at
  FROM (
    SELECT {columns}, greatest(0, t.end_unix_nano - t.start_unix_nano) AS took_ns FROM traces t
    WHERE t.project_id = %(project_id)s{where}
    ORDER BY took_ns DESC, t.trace_id DESC
    LIMIT %(traces_max)s::bigint + 1
  ) t
  WINDOW slowest AS (ORDER BY took_ns DESC, trace_id DESC ROWS UNBOUNDED PRECEDING)
)

-- part: of_trace --
-- The spans of a trace, of each the version that counts (primary key).
CROSS JOIN LATERAL (
  SELECT DISTINCT ON (span.span_id) span.span_id, span.start_unix_nano, span.end_unix_nano, span.parent_span_id, span.kind,
    span.status_code, span.name, span.bucket, span.digest, span.resource_id
  FROM spans span
  WHERE span.project_id = t.project_id AND span.trace_id = t.trace_id AND span.bucket BETWEEN t.bucket_min AND t.bucket_max
  ORDER BY span.span_id, span.end_unix_nano DESC, span.raw_length DESC, span.digest DESC
) s

-- part: shown --
-- What a line of the list is made of.
t.project_id, t.trace_id, s.span_id, s.name, s.kind, s.status_code, s.start_unix_nano, s.end_unix_nano, s.bucket, s.digest,
    s.parent_span_id, s.resource_id, t.release, t.environment, t.user_id, t.conversation_id, t.start_unix_nano AS trace_start

-- part: line --
-- A line of the list.
found.trace_id, found.span_id, found.name, found.kind, found.status_code, found.start_unix_nano, found.end_unix_nano, found.bucket,
  found.digest, found.parent_span_id,
  (SELECT service_name FROM resources one WHERE one.project_id = found.project_id AND one.resource_id = found.resource_id),
  found.release, found.environment, found.user_id, found.conversation_id, found.trace_start

-- newest --
-- Spans of the newest traces, within a trace by start (primary keys of spans and resources).
WITH {newest_traces}, found AS (
  SELECT {shown}
  FROM looked t
  {of_trace}
  WHERE true{of_span}
  ORDER BY t.start_unix_nano DESC, t.trace_id DESC, s.start_unix_nano, s.span_id
  LIMIT %(limit)s
)
SELECT {line} FROM found
ORDER BY found.trace_start DESC, found.trace_id DESC, found.start_unix_nano, found.span_id

-- looked_at --
-- How many traces such a page looks at, how many spans they have, and the last of them.
WITH {newest_traces}
SELECT count(*) OVER (), spans_so_far::bigint, start_unix_nano, trace_id FROM looked
ORDER BY start_unix_nano, trace_id LIMIT 1

-- slowest --
-- The spans that took longest, of the traces that took longest (primary keys of spans and resources). Each row begins with how many
-- traces and spans were looked at, and how long the first trace took that was not; there is one row without a span at least.
WITH {slowest_traces}, found AS (
  SELECT {shown}, greatest(0, s.end_unix_nano - s.start_unix_nano) AS span_ns
  FROM looked t
  {of_trace}
  WHERE t.is_looked_at AND s.end_unix_nano > 0{of_span}
  ORDER BY span_ns DESC, t.trace_id DESC, s.span_id DESC
  LIMIT %(limit)s
)
SELECT seen.traces, seen.spans, seen.beyond_ns, {line}
FROM (
  SELECT count(*) FILTER (WHERE is_looked_at) AS traces,
    coalesce(sum(span_count) FILTER (WHERE is_looked_at), 0)::bigint AS spans,
    max(took_ns) FILTER (WHERE NOT is_looked_at) AS beyond_ns
  FROM looked
) seen
LEFT JOIN found ON true
ORDER BY found.span_ns DESC, found.trace_id DESC, found.span_id DESC

-- facets --
-- The values of spans of the newest matching traces, with {first_values} of trace_lists.sql. The first row, without a field, counts the
-- spans.
WITH {newest_traces}, found AS MATERIALIZED (
  SELECT {shown}
  FROM looked t
  {of_trace}
  WHERE true{of_span}
  ORDER BY t.start_unix_nano DESC, t.trace_id DESC
  LIMIT %(counted_max)s
), told AS MATERIALIZED (
  SELECT found.*, resource.service_name, found.status_code = 2 AS is_failing
  FROM found LEFT JOIN resources resource USING (project_id, resource_id)
), valued (field, value, is_failing) AS (
  SELECT '', '', is_failing FROM told
  UNION ALL SELECT 'name', name, is_failing FROM told WHERE name <> ''
  UNION ALL SELECT 'status', (ARRAY['unset', 'ok', 'error'])[status_code + 1], is_failing FROM told WHERE status_code IN (0, 1, 2)
  UNION ALL SELECT 'status', 'running', is_failing FROM told WHERE end_unix_nano = 0
  UNION ALL SELECT 'kind', kind::text, is_failing FROM told
  UNION ALL SELECT 'service', service_name, is_failing FROM told WHERE service_name <> ''
  UNION ALL SELECT 'release', release, is_failing FROM told WHERE release <> ''
  UNION ALL SELECT 'environment', environment, is_failing FROM told WHERE environment <> ''
  UNION ALL SELECT 'user', user_id, is_failing FROM told WHERE user_id <> ''
), {first_values}

-- after_newest --
-- It comes after the last span of a page, in its trace or in an older one.
(t.start_unix_nano, t.trace_id) < (%(seen_trace_start)s::bigint, %(seen_trace_id)s::bytea)
  OR t.trace_id = %(seen_trace_id)s::bytea
  AND (s.start_unix_nano, s.span_id) > (%(seen_start)s::bigint, %(seen_span_id)s::bytea)

-- after_slowest --
-- It comes after the last span of a page.
(greatest(0, s.end_unix_nano - s.start_unix_nano), t.trace_id, s.span_id)
  < (%(seen_ns)s::bigint, %(seen_trace_id)s::bytea, %(seen_span_id)s::bytea)
