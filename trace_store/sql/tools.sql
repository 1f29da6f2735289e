-- The page of tools.

-- tool_issues --
-- How many issues of failed and unanswered calls each of given tools has within a time (findings_start_idx).
SELECT tool, count(*)
FROM (
  SELECT DISTINCT tool, fingerprint
  FROM findings
  WHERE project_id = %(project_id)s AND kind <> 'loop' AND start_unix_nano >= %(since)s AND start_unix_nano < %(until)s
    AND tool = ANY (%(names)s::text[])
    AND (%(release)s::text IS NULL OR release = %(release)s)
    AND (%(environment)s::text IS NULL OR environment = %(environment)s)
) met
GROUP BY tool

-- count_tool_calls --
-- How many tool calls of a project are stored, without those that another trace tells, counted no further than a limit
-- (primary key).
SELECT count(*) FROM (
  SELECT FROM tool_calls
  WHERE project_id = %(project_id)s AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
  LIMIT %(limit)s
) call
