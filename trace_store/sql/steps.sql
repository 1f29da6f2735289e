-- Conditions of the step language on one row of `traces`, called t, put together by trace_store/lists/step_query.py. {n} is the
-- number of the step, {call} the alias of its call, {before} that of the call of the step before.

-- step --
-- A call is this step, and what follows holds after it (primary key of tool_calls).
EXISTS (SELECT FROM tool_calls c{n} WHERE c{n}.project_id = t.project_id AND c{n}.trace_id = t.trace_id{matches}{rest})

-- absent_step --
-- No call is this step (primary key of tool_calls).
NOT EXISTS (SELECT FROM tool_calls c{n} WHERE c{n}.project_id = t.project_id AND c{n}.trace_id = t.trace_id{matches}){rest}

-- told_here --
-- The call is told by this trace, not by another of its group.
AND {call}.group_says -> 'is_told_elsewhere' IS NULL

-- of_tool --
-- The call is of this tool.
AND {call}.name = %(tool_{n})s

-- with_status --
-- The call has one of these statuses.
AND coalesce({call}.group_says ->> 'status', {call}.status) = ANY (%(statuses_{n})s::text[])

-- later --
-- The call began after that of the step before.
AND ({call}.start_unix_nano, {call}.call_key) > ({before}.start_unix_nano, {before}.call_key)

-- soon --
-- The call began so soon after that of the step before.
AND {call}.start_unix_nano <= {before}.start_unix_nano + %(within_{n})s::bigint

-- so_many --
-- With this call there are at least so many of this step.
AND (SELECT count(*) FROM tool_calls m{n} WHERE m{n}.project_id = t.project_id AND m{n}.trace_id = t.trace_id{matches}
  AND (m{n}.start_unix_nano, m{n}.call_key) <= (c{n}.start_unix_nano, c{n}.call_key)) >= %(times_{n})s::bigint

-- no_more --
-- There are no more of this step than so many.
AND (SELECT count(*) FROM tool_calls m{n} WHERE m{n}.project_id = t.project_id AND m{n}.trace_id = t.trace_id{matches})
  <= %(times_{n})s::bigint
