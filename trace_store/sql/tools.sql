-- The page of tools.

-- count_tool_calls --
-- How many tool calls of a project are stored, without those that another trace tells, counted no further than a limit
-- (primary key).
SELECT count(*) FROM (
  SELECT FROM tool_calls
  WHERE project_id = %(project_id)s AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
  LIMIT %(limit)s
) call
