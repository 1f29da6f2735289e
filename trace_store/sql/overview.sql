-- The start page: figures of a project within a time, in steps of equal length.

-- latest_loops --
-- The newest loops that began within a time (findings_loops_idx, primary key of loops).
SELECT finding.trace_id, coalesce(loop.call_keys[1], ''), finding.title, finding.start_unix_nano, loop.tools, loop.iterations,
  loop.ended, loop.tokens, loop.cost_nano_usd, loop.kind
FROM (
  SELECT project_id, trace_id, finding_key, title, start_unix_nano
  FROM findings
  WHERE project_id = %(project_id)s AND kind = 'loop' AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
    AND (%(release)s::text IS NULL OR release = %(release)s)
    AND (%(environment)s::text IS NULL OR environment = %(environment)s)
  ORDER BY start_unix_nano DESC, trace_id, finding_key
  LIMIT %(limit)s
) finding
JOIN loops loop ON (loop.project_id, loop.trace_id, loop.loop_id)
  = (finding.project_id, finding.trace_id, substr(finding.finding_key, 6))
ORDER BY finding.start_unix_nano DESC, finding.trace_id, finding.finding_key

-- newest_releases --
-- The releases that were first seen last (primary key of releases).
SELECT release
FROM releases
WHERE project_id = %(project_id)s AND release <> ''
ORDER BY first_seen_unix_nano DESC, release
LIMIT %(limit)s

-- recent_environments --
-- The environments of at most the newest `traces_max` traces (traces_start_idx).
SELECT DISTINCT environment
FROM (
  SELECT environment
  FROM traces
  WHERE project_id = %(project_id)s
  ORDER BY start_unix_nano DESC, trace_id DESC
  LIMIT %(traces_max)s
) trace
WHERE environment <> ''
ORDER BY environment
