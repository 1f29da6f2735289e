-- Lists of tool calls, newest first, and what is counted of them; put together by trace_store/lists/call_lists.py. {looked} is one of
-- the queries `by_...`, with the conditions {narrow} that its index answers; {where} are conditions of row_conditions.sql. No payload.

-- part: settled --
-- A call as the group of its trace tells it. An error that only climbed up counts where it began.
call.end_unix_nano, call.span_id, call.call_id, call.name, coalesce(call.group_says ->> 'status', call.status) AS status,
  coalesce(call.group_says ->> 'rule', call.rule) AS rule,
  coalesce((call.group_says ->> 'recovered')::boolean, call.recovered) AS recovered,
  CASE WHEN call.group_says ? 'error_type' THEN call.group_says ->> 'error_type' ELSE call.error_type END AS error_type,
  CASE WHEN call.group_says ? 'error_message' THEN call.group_says ->> 'error_message' ELSE call.error_message END
    AS error_message,
  call.propagated_from IS NOT NULL AS is_passed_on,
  coalesce(decode(call.group_says ->> 'asked_by', 'hex'), call.asked_by) AS asked_by,
  coalesce(decode(call.group_says ->> 'asked_in', 'hex'), call.asked_in) AS asked_in,
  coalesce((call.group_says ->> 'asked_turn')::integer, call.asked_turn) AS asked_turn, call.interaction_id

-- part: told_here --
-- The call is told by its trace, not by another of the group.
NOT coalesce((call.group_says ->> 'is_told_elsewhere')::boolean, false)

-- part: newest_first --
-- The order of the list; at most so many are looked at.
ORDER BY call.start_unix_nano DESC, call.trace_id DESC, call.call_key DESC
LIMIT %(looked_at_max)s

-- part: of_issue_of_loops --
-- The finding is one of this issue, where one of loops is asked for.
(%(issue_of_loops)s::text IS NULL OR finding.fingerprint = %(issue_of_loops)s)

-- part: looping --
-- The calls that are part of loops that were there within a time, of one issue if that is asked for (findings_loops_end_idx or
-- findings_issue_idx, primary key of loops).
looping AS MATERIALIZED (
  SELECT DISTINCT decode(item ->> 0, 'hex') AS trace_id, item ->> 1 AS call_key
  FROM findings finding
  JOIN loops loop ON (loop.project_id, loop.trace_id, loop.loop_id)
    = (finding.project_id, finding.trace_id, substr(finding.finding_key, 6))
  CROSS JOIN LATERAL jsonb_array_elements(loop.calls) AS part (item)
  WHERE finding.project_id = %(project_id)s AND finding.kind = 'loop'
    AND finding.end_unix_nano >= %(loops_since)s::bigint AND finding.start_unix_nano <= %(loops_until)s::bigint
    AND {of_issue_of_loops}
)

-- part: beside --
-- Its trace, and the model that asked for it: values of one row each, so that they are looked up by key (primary keys).
LEFT JOIN LATERAL (
  SELECT service_name, release, environment, user_id, conversation_id, agents, providers, dialects, models, group_id
  FROM traces trace WHERE trace.project_id = c.project_id AND trace.trace_id = c.trace_id LIMIT 1
) t ON true
LEFT JOIN LATERAL (
  SELECT model FROM llm_calls llm
  WHERE llm.project_id = c.project_id AND llm.trace_id = coalesce(c.asked_in, c.trace_id) AND llm.span_id = c.asked_by
  ORDER BY llm.turn <> c.asked_turn, llm.turn LIMIT 1
) asked ON true

-- by_start --
-- All calls of a project, or those of a tool (tool_calls_start_idx, tool_calls_name_idx).
SELECT call.project_id, call.trace_id, call.call_key, call.start_unix_nano, {settled}
FROM tool_calls call
WHERE call.project_id = %(project_id)s AND {told_here}{narrow}
{newest_first}

-- by_finding --
-- Calls that are findings of some kinds, of a tool, a user or an issue (findings_start_idx, findings_tool_idx, findings_user_idx,
-- findings_issue_idx; primary key of tool_calls).
SELECT finding.project_id, finding.trace_id, substr(finding.finding_key, 6) AS call_key, finding.start_unix_nano, {settled}
FROM findings finding
CROSS JOIN LATERAL (
  SELECT * FROM tool_calls one
  WHERE one.project_id = finding.project_id AND one.trace_id = finding.trace_id
    AND one.call_key = substr(finding.finding_key, 6)
  LIMIT 1
) call
WHERE finding.project_id = %(project_id)s AND finding.kind = ANY (%(kinds)s::text[]){narrow}
ORDER BY finding.start_unix_nano DESC, finding.trace_id DESC, substr(finding.finding_key, 6) DESC
LIMIT %(looked_at_max)s

-- by_loop --
-- Calls of loops (primary key of tool_calls).
SELECT call.project_id, call.trace_id, call.call_key, call.start_unix_nano, {settled}
FROM looping
CROSS JOIN LATERAL (
  SELECT * FROM tool_calls one
  WHERE one.project_id = %(project_id)s AND one.trace_id = looping.trace_id AND one.call_key = looping.call_key
  LIMIT 1
) call
WHERE {told_here}{narrow}
{newest_first}

-- by_conversation --
-- Calls of the newest traces of a conversation (traces_conversation_idx, primary key of tool_calls).
SELECT call.project_id, call.trace_id, call.call_key, call.start_unix_nano, {settled}
FROM (
  SELECT trace_id FROM traces trace
  WHERE trace.project_id = %(project_id)s AND left(trace.conversation_id, 255) = left(%(conversation_id)s, 255)
    AND trace.conversation_id = %(conversation_id)s
  ORDER BY trace.start_unix_nano DESC LIMIT %(traces_max)s
) of_it
CROSS JOIN LATERAL (  -- by key, whatever statistics say
  SELECT * FROM tool_calls one WHERE one.project_id = %(project_id)s AND one.trace_id = of_it.trace_id OFFSET 0
) call
WHERE {told_here}{narrow}
{newest_first}

-- since --
-- It began then or later.
{at}.start_unix_nano >= %(since)s::bigint

-- until --
-- It began before.
{at}.start_unix_nano < %(until)s::bigint

-- after --
-- It comes after the last call of a page.
{at}.start_unix_nano <= %(after_start)s::bigint
  AND ({at}.start_unix_nano, {at}.trace_id, {key}) < (%(after_start)s::bigint, %(after_trace_id)s::bytea, %(after_key)s::text)

-- of_tool --
-- It is a call of this tool.
left({at}.{tool}, 255) = left(%(tool)s, 255) AND {at}.{tool} = %(tool)s

-- of_issue --
-- It is an event of this issue.
finding.fingerprint = %(issue)s

-- of_user --
-- It met this user.
left(finding.user_id, 255) = left(%(user_id)s, 255) AND finding.user_id = %(user_id)s

-- calls --
-- A page of the list, each call with its trace, the model that asked and its finding (primary key of findings).
WITH {looping}, found AS (
  SELECT c.*, t.service_name, t.release, t.environment, t.user_id, t.conversation_id, t.agents, t.group_id, asked.model
  FROM ({looked}) c
  {beside}
  WHERE true{where}
  ORDER BY c.start_unix_nano DESC, c.trace_id DESC, c.call_key DESC
  LIMIT %(limit)s
)
SELECT found.trace_id, found.call_key, found.span_id, found.call_id, found.name, found.status, found.rule, found.recovered,
  found.is_passed_on, found.error_type, coalesce(finding.title, left(concat_ws(': ', found.error_type, found.error_message), 300)),
  coalesce(finding.kind, ''), coalesce(finding.fingerprint, ''), found.start_unix_nano, found.end_unix_nano,
  coalesce(found.asked_in, found.trace_id), found.asked_by, found.model, coalesce(found.service_name, ''),
  coalesce(found.release, ''), found.environment, found.user_id, found.conversation_id, found.group_id,
  coalesce(found.agents, '{}'), found.interaction_id
FROM found
LEFT JOIN LATERAL (
  SELECT title, kind, fingerprint FROM findings one
  WHERE one.project_id = found.project_id AND one.trace_id = found.trace_id
    AND one.finding_key = 'call:' || found.call_key
  LIMIT 1
) finding ON true
ORDER BY found.start_unix_nano DESC, found.trace_id DESC, found.call_key DESC

-- last_looked_at --
-- The last of the calls that such a page looks at, when there are as many.
WITH {looping}
SELECT c.start_unix_nano, c.trace_id, c.call_key FROM ({looked}) c
ORDER BY c.start_unix_nano DESC, c.trace_id DESC, c.call_key DESC
OFFSET %(looked_at_max)s::bigint - 1 LIMIT 1

-- first_loop_beyond --
-- When the newest loop ended that is not looked at (findings_loops_end_idx or findings_issue_idx).
SELECT end_unix_nano FROM findings finding
WHERE project_id = %(project_id)s AND kind = 'loop' AND start_unix_nano <= %(loops_until)s::bigint AND {of_issue_of_loops}
ORDER BY end_unix_nano DESC OFFSET %(loops_max)s LIMIT 1

-- issue_of_loops --
-- A row where the events of an issue are loops (findings_issue_idx).
SELECT true FROM findings WHERE project_id = %(project_id)s AND fingerprint = %(issue)s AND kind = 'loop' LIMIT 1

-- looped --
-- Which calls of these traces are part of loops, also of those that ended in another trace of the group (primary keys,
-- traces_group_idx).
SELECT DISTINCT decode(item ->> 0, 'hex'), item ->> 1
FROM (
  SELECT unnest(%(trace_ids)s::bytea[]) AS trace_id
  UNION
  SELECT trace_id FROM traces
  WHERE project_id = %(project_id)s AND group_id = ANY (%(group_ids)s::bytea[]) AND loop_count > 0
) near
CROSS JOIN LATERAL (  -- by key, whatever statistics say
  SELECT * FROM loops one WHERE one.project_id = %(project_id)s AND one.trace_id = near.trace_id OFFSET 0
) loop
CROSS JOIN LATERAL jsonb_array_elements(loop.calls) AS part (item)
WHERE decode(item ->> 0, 'hex') = ANY (%(trace_ids)s::bytea[])
  AND (SELECT true FROM findings finding WHERE finding.project_id = %(project_id)s AND finding.trace_id = loop.trace_id
    AND finding.finding_key = 'loop:' || loop.loop_id LIMIT 1)

-- facets --
-- The values of the newest matching calls, with {first_values} of trace_lists.sql. The first row, without a field, counts the calls.
WITH {looping}, found AS MATERIALIZED (
  SELECT c.name, c.rule, c.error_type, c.recovered, asked.model, t.service_name, t.release, t.environment, t.user_id, t.agents,
    CASE WHEN c.is_passed_on THEN 'ok' ELSE c.status END AS status,
    c.status IN ('error', 'soft_error') AND NOT c.is_passed_on AS is_failing
  FROM ({looked}) c
  {beside}
  WHERE true{where}
  ORDER BY c.start_unix_nano DESC, c.trace_id DESC, c.call_key DESC
  LIMIT %(counted_max)s
), valued (field, value, is_failing) AS (
  SELECT '', '', is_failing FROM found
  UNION ALL SELECT 'status', status, is_failing FROM found
  UNION ALL SELECT 'status', CASE WHEN recovered THEN 'recovered' ELSE 'unrecovered' END, is_failing FROM found WHERE is_failing
  UNION ALL SELECT 'tool', name, is_failing FROM found WHERE name <> ''
  UNION ALL SELECT 'error', error_type, is_failing FROM found WHERE error_type <> ''
  UNION ALL SELECT 'rule', rule, is_failing FROM found WHERE rule <> '' AND status <> 'ok'
  UNION ALL SELECT 'model', model, is_failing FROM found WHERE model <> ''
  UNION ALL SELECT 'agent', value, is_failing FROM found, unnest(agents) value
  UNION ALL SELECT 'service', service_name, is_failing FROM found WHERE service_name <> ''
  UNION ALL SELECT 'release', release, is_failing FROM found WHERE release <> ''
  UNION ALL SELECT 'environment', environment, is_failing FROM found WHERE environment <> ''
  UNION ALL SELECT 'user', user_id, is_failing FROM found WHERE user_id <> ''
), {first_values}

-- values --
-- Tools, types of errors or rules among the newest calls that contain a text, those of most calls first (tool_calls_start_idx).
SELECT value, count(*) AS calls FROM (
  SELECT call.{column} AS value FROM (
    SELECT * FROM tool_calls WHERE project_id = %(project_id)s ORDER BY start_unix_nano DESC LIMIT %(counted_max)s
  ) call
) named
WHERE value <> '' AND lower(value) LIKE %(pattern)s
GROUP BY value ORDER BY calls DESC, value LIMIT %(limit)s
