-- Conditions on one row of `interactions`, called i, put together by trace_store/interactions/interaction_filters.py: each stands alone,
-- `%(value)s` and `%(key)s` become names of their own, `{column}` one of the columns that the module lists.

-- text_eq --
-- The column is the value.
i.{column} = %(value)s

-- indexed_text_eq --
-- The column is the value, for columns whose first 255 characters an index holds.
left(i.{column}, 255) = left(%(value)s, 255) AND i.{column} = %(value)s

-- text_neq --
-- The column is not the value, or has none.
i.{column} IS DISTINCT FROM %(value)s

-- text_startsWith --
-- The column begins with the value.
starts_with(i.{column}, %(value)s)

-- text_endsWith --
-- The column ends with the value.
right(i.{column}, length(%(value)s)) = %(value)s

-- text_contains --
-- The value occurs in the column, spelt like this.
position(%(value)s IN i.{column}) > 0

-- number_eq --
-- The number is the value.
i.{column} = %(value)s

-- number_neq --
-- The number is not the value, or there is none.
i.{column} IS DISTINCT FROM %(value)s

-- number_gt --
-- The number is larger.
i.{column} > %(value)s

-- number_gte --
-- The number is as large.
i.{column} >= %(value)s

-- number_lt --
-- The number is smaller.
i.{column} < %(value)s

-- number_lte --
-- The number is not larger.
i.{column} <= %(value)s

-- property_eq --
-- The property has this text, or this number whatever its spelling.
(i.properties ->> %(key)s = %(value)s::text OR CASE WHEN jsonb_typeof(i.properties -> %(key)s) = 'number'
  THEN (i.properties ->> %(key)s)::numeric = %(number)s::numeric END)

-- property_neq --
-- The property has another text and number, or there is none.
(i.properties ->> %(key)s IS DISTINCT FROM %(value)s::text AND (CASE WHEN jsonb_typeof(i.properties -> %(key)s) = 'number'
  THEN (i.properties ->> %(key)s)::numeric = %(number)s::numeric END) IS NOT TRUE)

-- property_gt --
-- The property is a larger number.
CASE WHEN jsonb_typeof(i.properties -> %(key)s) = 'number' THEN (i.properties ->> %(key)s)::numeric > %(number)s::numeric END

-- property_gte --
-- The property is a number as large.
CASE WHEN jsonb_typeof(i.properties -> %(key)s) = 'number' THEN (i.properties ->> %(key)s)::numeric >= %(number)s::numeric END

-- property_lt --
-- The property is a smaller number.
CASE WHEN jsonb_typeof(i.properties -> %(key)s) = 'number' THEN (i.properties ->> %(key)s)::numeric < %(number)s::numeric END

-- property_lte --
-- The property is a number that is not larger.
CASE WHEN jsonb_typeof(i.properties -> %(key)s) = 'number' THEN (i.properties ->> %(key)s)::numeric <= %(number)s::numeric END

-- of_user --
-- The user has traits of which a condition on `i.properties` holds (primary key of users).
EXISTS (SELECT FROM (SELECT u.traits AS properties FROM users u
  WHERE u.project_id = i.project_id AND u.user_id = i.user_id) i WHERE {condition})

-- tool --
-- A tool of this name was called.
i.tools @> ARRAY[%(value)s::text]

-- any_failure --
-- A tool call failed, said so or in its result.
i.error_count + i.soft_error_count > 0

-- any_loop --
-- The agent was caught in a loop.
i.loop_count > 0

-- own_signal --
-- A keyword or pattern of one's own was found (primary keys of interaction_traces and signal_matches).
EXISTS (SELECT FROM interaction_traces t JOIN signal_matches m ON m.project_id = t.project_id AND m.trace_id = t.trace_id
  WHERE t.project_id = i.project_id AND t.event_id = i.event_id AND m.signal_id = ANY (%(values)s::uuid[])
    AND NOT m.is_wrong
    AND coalesce(m.interaction_id, i.event_id) = i.event_id)

-- failed_tool --
-- A call of one of these tools failed or was never answered (findings_tool_idx, interaction_traces_trace_idx; or,
-- where many do, the newest interactions first: CASE, because the planner thinks that a comparison leaves one row).
(i.project_id, i.event_id) IN (SELECT t.project_id, t.event_id
  FROM findings f JOIN interaction_traces t ON t.project_id = f.project_id AND t.trace_id = f.trace_id
  WHERE f.kind NOT IN ('loop', 'schema_violation')
    AND left(f.tool, 255) = ANY (%(prefixes)s::text[]) AND f.tool = ANY (%(values)s::text[])
    AND CASE WHEN f.interaction_id IS NULL THEN true ELSE f.interaction_id = t.event_id END)

-- failed_tool_of_few --
-- The same, looked up for each interaction of a few: OFFSET keeps the planner from reading all findings of the tools instead.
EXISTS (SELECT FROM interaction_traces t JOIN findings f ON f.project_id = t.project_id AND f.trace_id = t.trace_id
  WHERE t.project_id = i.project_id AND t.event_id = i.event_id AND f.kind NOT IN ('loop', 'schema_violation')
    AND f.tool = ANY (%(values)s::text[]) AND coalesce(f.interaction_id, t.event_id) = t.event_id OFFSET 0)

-- looped_tools_of_few --
-- The same for loops.
EXISTS (SELECT FROM interaction_traces t JOIN findings f ON f.project_id = t.project_id AND f.trace_id = t.trace_id
  WHERE t.project_id = i.project_id AND t.event_id = i.event_id AND f.kind = 'loop'
    AND f.tool = ANY (%(values)s::text[]) AND coalesce(f.interaction_id, t.event_id) = t.event_id OFFSET 0)

-- looped_tools --
-- One of these loops happened (findings_tool_idx, interaction_traces_trace_idx).
(i.project_id, i.event_id) IN (SELECT t.project_id, t.event_id
  FROM findings f JOIN interaction_traces t ON t.project_id = f.project_id AND t.trace_id = f.trace_id
  WHERE f.kind = 'loop'
    AND left(f.tool, 255) = ANY (%(prefixes)s::text[]) AND f.tool = ANY (%(values)s::text[])
    AND CASE WHEN f.interaction_id IS NULL THEN true ELSE f.interaction_id = t.event_id END)

-- posted_signal --
-- The application posted a signal of one of these names (primary key of feedback).
EXISTS (SELECT FROM feedback f WHERE f.project_id = i.project_id AND f.event_id = i.event_id AND f.name = ANY (%(values)s::text[]))

-- has_words --
-- All words of the search stand in the input or in the output (primary key of interaction_words, or its index).
EXISTS (SELECT FROM interaction_words w WHERE w.project_id = i.project_id AND w.event_id = i.event_id
  AND w.side = ANY (%(values)s::smallint[]) AND w.words @@ %(key)s::tsquery)

-- nothing --
-- No row: what the filter asks for does not exist.
false

-- value_eq --
-- A value of a roll-up is this one (rollup_reads.sql).
i.value = %(value)s

-- value_any --
-- A value of a roll-up is one of these.
i.value = ANY (%(values)s::text[])

-- value_given --
-- A roll-up has a row: what it says has one value.
true
