-- Conditions on one row of the lists of tool calls and of spans, put together by trace_store/lists/call_filter.py and span_filter.py:
-- only those that were asked for. {n} is the number of the condition, {column} its column; c is a tool call, s a span, t its trace.

-- one_of --
-- The column is one of these.
{column} = ANY (%(value_{n})s::text[])

-- any_of --
-- One of these is among the column's.
{column} && %(value_{n})s::text[]

-- text_of_call --
-- Name, type of the error or its message hold this.
lower(concat_ws(' ', c.name, c.error_type, c.error_message)) LIKE %(value_{n})s

-- of_model --
-- A model of these asked for the call; those that its trace does not name are not looked up.
(t.models && %(value_{n})s::text[] OR c.asked_in IS NOT NULL) AND asked.model = ANY (%(value_{n})s::text[])

-- part: counts --
-- The error is one of this call, which nobody has taken back (primary key of dismissed_findings).
NOT c.is_passed_on AND NOT EXISTS (
  SELECT FROM dismissed_findings gone
  WHERE gone.project_id = c.project_id AND gone.trace_id = c.trace_id AND gone.finding_key = 'call:' || c.call_key)

-- failing --
-- It failed, by its span or by what it returned.
c.status IN ('error', 'soft_error') AND {counts}

-- has_error --
-- It failed by what its span says.
c.status = 'error' AND {counts}

-- has_soft_error --
-- It failed by what it returned.
c.status = 'soft_error' AND {counts}

-- is_unanswered --
-- It was never answered.
c.status = 'unanswered' AND {counts}

-- is_unrecovered --
-- It failed, and no later call made it good.
c.status IN ('error', 'soft_error') AND NOT c.recovered AND {counts}

-- is_recovered --
-- It failed, and a later call made it good.
c.status IN ('error', 'soft_error') AND c.recovered AND {counts}

-- breaks_schema --
-- It worked though its arguments break the schema of the tool (primary key of findings).
EXISTS (SELECT FROM findings one WHERE one.project_id = c.project_id AND one.trace_id = c.trace_id
  AND one.finding_key = 'call:' || c.call_key AND one.kind = 'schema_violation')

-- is_looping --
-- It is part of a loop.
(c.trace_id, c.call_key) IN (SELECT trace_id, call_key FROM looping)

-- is_pending --
-- Its answer may still come.
c.status = 'pending'

-- is_ok --
-- It worked; an error that only climbed up is one of another call.
c.status = 'ok' OR c.is_passed_on

-- duration_of_call --
-- How long it took, in nanoseconds; of a call with a span of its own.
CASE WHEN c.span_id IS NOT NULL THEN c.end_unix_nano - c.start_unix_nano END

-- of_service --
-- The span is one of these services.
s.resource_id IN (SELECT resource_id FROM resources one
  WHERE one.project_id = %(project_id)s AND one.service_name = ANY (%(value_{n})s::text[]))

-- name_of_span --
-- The name of the span holds this.
lower(s.name) LIKE %(value_{n})s

-- of_kind --
-- The span is of one of these kinds.
s.kind = ANY (%(value_{n})s::smallint[])

-- span_failed --
-- The span has status ERROR.
s.status_code = 2

-- span_ok --
-- The span has status OK.
s.status_code = 1

-- span_unset --
-- The span says nothing of its status.
s.status_code = 0

-- span_running --
-- The span has not ended.
s.end_unix_nano = 0

-- duration_of_span --
-- How long it took, in nanoseconds; of one that has ended.
CASE WHEN s.end_unix_nano > 0 THEN greatest(0, s.end_unix_nano - s.start_unix_nano) END
