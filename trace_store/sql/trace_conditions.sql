-- Conditions on one row of `traces`, called t, put together by trace_store/lists/trace_filter.py: only those that were asked for,
-- so that PostgreSQL chooses the index that fits them. {n} is the number of the condition, {column} its column.

-- since --
-- It began then or later.
t.start_unix_nano >= %(since)s::bigint

-- until --
-- It began before.
t.start_unix_nano < %(until)s::bigint

-- after --
-- It comes after the cursor, newest first.
(t.start_unix_nano, t.trace_id) < (%(after_start)s::bigint, %(after_trace_id)s::bytea)

-- down_to --
-- It is no older than the last trace that is looked at.
(t.start_unix_nano, t.trace_id) >= (%(last_start)s::bigint, %(last_trace_id)s::bytea)

-- failing --
-- A span or a tool call failed (traces_failed_idx).
t.error_count + t.soft_error_count + t.failed_span_count > 0

-- looping --
-- It has a loop (traces_loops_idx).
t.loop_count > 0

-- of_conversation --
-- It belongs to this conversation (traces_conversation_idx).
left(t.conversation_id, 255) = left(%(conversation_id)s, 255) AND t.conversation_id = %(conversation_id)s

-- of_issue --
-- It has an event of this issue (findings_issue_idx).
t.trace_id IN (SELECT trace_id FROM findings WHERE project_id = %(project_id)s AND fingerprint = %(issue)s)

-- with_tools --
-- It called all these tools.
t.tools @> %(tools)s::text[]

-- text --
-- The searched text holds this.
t.search_text LIKE %(value_{n})s

-- one_of --
-- The column is one of these.
t.{column} = ANY (%(value_{n})s::text[])

-- any_of --
-- One of these is among the column's.
t.{column} && %(value_{n})s::text[]

-- failed_tool --
-- A call of one of these tools failed (primary key of findings, or findings_tool_idx).
EXISTS (SELECT FROM findings f WHERE f.project_id = t.project_id AND f.trace_id = t.trace_id
  AND f.kind IN ('tool_error', 'soft_error', 'unanswered') AND f.tool = ANY (%(value_{n})s::text[]))

-- has_error --
-- A tool call failed by what its span says.
t.error_count > 0

-- has_soft_error --
-- A tool call failed by what its payload says.
t.soft_error_count > 0

-- has_unanswered --
-- A tool call was never answered.
t.unanswered_count > 0

-- has_failed_span --
-- A span has status ERROR.
t.failed_span_count > 0

-- is_live --
-- More of it may come.
t.live

-- is_ok --
-- Nothing failed, nothing went round in circles.
t.error_count + t.soft_error_count + t.failed_span_count + t.unanswered_count + t.loop_count = 0

-- duration --
-- How long it took, in nanoseconds.
t.end_unix_nano - t.start_unix_nano

-- tokens --
-- Of all model calls, in and out.
t.input_tokens + t.output_tokens

-- errors --
-- How many tool calls failed.
t.error_count + t.soft_error_count

-- cost --
-- In billionths of a dollar.
t.cost_nano_usd

-- spans --
-- How many spans it has.
t.span_count

-- calls --
-- How many tools were called.
t.tool_call_count

-- loops --
-- How many loops it has.
t.loop_count

-- more --
-- A number is greater.
({column}) > %(value_{n})s::bigint

-- more_or_equal --
-- A number is as great, or greater.
({column}) >= %(value_{n})s::bigint

-- less --
-- A number is less.
({column}) < %(value_{n})s::bigint

-- less_or_equal --
-- A number is as little, or less.
({column}) <= %(value_{n})s::bigint

-- equal --
-- A number is this.
({column}) = %(value_{n})s::bigint
