-- Verdicts of people on findings, and the findings that they take out.

-- read_verdicts --
-- The verdicts on given findings and issues (primary key).
SELECT project_id, trace_id, finding_key, verdict
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(finding_keys)s::text[])
  AS wanted (project_id, trace_id, finding_key)
JOIN verdicts USING (project_id, trace_id, finding_key)

-- read_dismissed --
-- The findings of given traces that verdicts have taken out (primary key).
SELECT finding.* FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN dismissed_findings finding USING (project_id, trace_id)
ORDER BY finding.start_unix_nano, finding.finding_key

-- delete_dismissed --
-- Removes exactly these rows (primary key).
DELETE FROM dismissed_findings AS old
USING unnest(%(project_id)s::integer[], %(trace_id)s::bytea[], %(finding_key)s::text[])
  AS gone (project_id, trace_id, finding_key)
WHERE (old.project_id, old.trace_id, old.finding_key) = (gone.project_id, gone.trace_id, gone.finding_key)

-- insert_dismissed --
-- Adds rows, in key order.
INSERT INTO dismissed_findings SELECT * FROM jsonb_populate_recordset(NULL::dismissed_findings, %(rows)s::jsonb)
ORDER BY project_id, trace_id, finding_key

-- say --
-- Keeps a verdict on a finding or on the match of a signal, with what it was then (primary keys); nothing when there is no
-- such finding.
INSERT INTO verdicts AS old (project_id, trace_id, finding_key, fingerprint, kind, tool, title, rule, verdict, note, said_by)
SELECT finding.project_id, finding.trace_id, finding_key, finding.fingerprint, finding.kind, tool, title,
  CASE finding.kind WHEN 'schema_violation'
    THEN 'schema.' || (coalesce(call.group_says -> 'violations', call.violations) #>> '{0,3}')
    ELSE coalesce(call.group_says ->> 'rule', call.rule, loop.kind, finding.rule, '') END, %(verdict)s, %(note)s, %(said_by)s
FROM (
  SELECT project_id, trace_id, finding_key, fingerprint, kind, tool, title, NULL::text AS rule FROM findings
  WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND finding_key = %(finding_key)s
  UNION ALL
  SELECT project_id, trace_id, finding_key, fingerprint, kind, tool, title, NULL FROM dismissed_findings
  WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND finding_key = %(finding_key)s
  UNION ALL
  SELECT project_id, trace_id, 'signal:' || signal_id, signal_id::text, 'signal', '', excerpt, name
  FROM signal_matches JOIN signals USING (project_id, signal_id)
  WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND 'signal:' || signal_id = %(finding_key)s
  LIMIT 1
) finding
LEFT JOIN tool_calls call ON (call.project_id, call.trace_id) = (finding.project_id, finding.trace_id)
  AND finding_key = 'call:' || call.call_key
LEFT JOIN loops loop ON (loop.project_id, loop.trace_id) = (finding.project_id, finding.trace_id)
  AND finding_key = 'loop:' || loop.loop_id
ON CONFLICT (project_id, trace_id, finding_key) DO UPDATE
SET (fingerprint, kind, tool, title, rule, verdict, note, said_by, created_at) = (excluded.fingerprint, excluded.kind,
  excluded.tool, excluded.title, excluded.rule, excluded.verdict, excluded.note, excluded.said_by, now())
RETURNING fingerprint

-- say_of_issue --
-- Says of a whole issue what was just said of one of its findings (primary key).
INSERT INTO verdicts AS old (project_id, trace_id, finding_key, fingerprint, kind, tool, title, rule, verdict, note, said_by)
SELECT project_id, ''::bytea, 'issue:' || fingerprint, fingerprint, kind, tool, title, rule, verdict, note, said_by
FROM verdicts
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND finding_key = %(finding_key)s
ON CONFLICT (project_id, trace_id, finding_key) DO UPDATE
SET (kind, tool, title, rule, verdict, note, said_by, created_at) = (excluded.kind, excluded.tool, excluded.title,
  excluded.rule, excluded.verdict, excluded.note, excluded.said_by, now())

-- take_back --
-- Removes a verdict (primary key).
DELETE FROM verdicts
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND finding_key = %(finding_key)s
RETURNING fingerprint

-- issue_of --
-- The issue that a finding belongs to (primary keys).
SELECT fingerprint FROM findings
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND finding_key = %(finding_key)s
UNION
SELECT fingerprint FROM dismissed_findings
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND finding_key = %(finding_key)s

-- mark_trace --
-- Has a trace derived again (primary key); a live one goes on living.
INSERT INTO dirty_marks (project_id, unit_kind, unit_id, blob_id)
SELECT project_id, 1, trace_id, CASE WHEN live THEN %(when_live)s::bigint ELSE %(when_settled)s::bigint END
FROM traces
WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s

-- mark_issue --
-- Has all traces of an issue derived again, behind what arrives (findings_issue_idx, dismissed_findings_issue_idx), except
-- those that are marked so already (dirty_marks_unit_idx).
INSERT INTO dirty_marks (project_id, unit_kind, unit_id, blob_id)
SELECT %(project_id)s, 1, trace_id, %(again)s::bigint
FROM (
  SELECT trace_id FROM findings WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
  UNION
  SELECT trace_id FROM dismissed_findings WHERE project_id = %(project_id)s AND fingerprint = %(fingerprint)s
) met
WHERE NOT EXISTS (
  SELECT FROM dirty_marks mark
  WHERE mark.project_id = %(project_id)s AND mark.unit_kind = 1 AND mark.unit_id = met.trace_id
    AND mark.blob_id = %(again)s
)

-- of_trace --
-- The verdicts on findings of a trace and on these issues (primary key).
SELECT * FROM verdicts
WHERE project_id = %(project_id)s
  AND (trace_id = %(trace_id)s OR trace_id = '' AND finding_key = ANY (%(issues)s::text[]))

-- newest --
-- The newest verdicts (verdicts_created_idx), and how many there are.
SELECT *, count(*) OVER () FROM verdicts
WHERE project_id = %(project_id)s
ORDER BY created_at DESC, trace_id, finding_key
LIMIT %(limit)s

-- precision --
-- Of each kind and rule, how many findings somebody looked at, and how many of them were right; small.
SELECT kind, rule, count(*) FILTER (WHERE verdict = 'right'), count(*)
FROM verdicts
WHERE project_id = %(project_id)s AND trace_id <> ''
GROUP BY kind, rule
ORDER BY kind, rule
