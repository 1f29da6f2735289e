-- Alert rules: their settings, the transaction of one evaluation, and what pages read of them.

-- rules --
-- The rules of a project, oldest first, with how many subjects fire, what is snoozed, and the last firing (primary keys,
-- alert_firings_rule_idx).
SELECT rule.project_id, rule.rule_id, name, definition, is_enabled, snoozed_until, channel_ids, created_at,
  rule.changed_at, evaluated_at,
  (SELECT count(*) FROM alert_states WHERE alert_states.rule_id = rule.rule_id AND state = 'firing') AS firing_count,
  (SELECT count(*) FROM alert_states WHERE alert_states.rule_id = rule.rule_id AND state = 'snoozed') AS snoozed_count,
  (SELECT fired_at FROM alert_firings firing WHERE firing.rule_id = rule.rule_id ORDER BY fired_at DESC LIMIT 1)
FROM alert_rules rule
JOIN alert_progress USING (rule_id)
WHERE project_id = %(project_id)s AND (%(rule_id)s::bigint IS NULL OR rule.rule_id = %(rule_id)s)
ORDER BY rule.rule_id

-- add_rule --
-- A new rule, which looks at what is found from now on; nothing when its name is taken.
WITH added AS (
  INSERT INTO alert_rules (project_id, name, definition, is_enabled, channel_ids)
  VALUES (%(project_id)s, %(name)s, %(definition)s::jsonb, %(is_enabled)s, %(channel_ids)s::bigint[])
  ON CONFLICT (project_id, name) DO NOTHING
  RETURNING rule_id
)
INSERT INTO alert_progress (rule_id) SELECT rule_id FROM added RETURNING rule_id

-- name_is_taken --
-- Whether another rule of the project has the name (unique key).
SELECT EXISTS (SELECT FROM alert_rules
               WHERE project_id = %(project_id)s AND name = %(name)s AND rule_id <> %(rule_id)s)

-- change_rule --
-- Replaces what a person may change (primary key); waits for an evaluation under way.
UPDATE alert_rules
SET name = %(name)s, definition = %(definition)s::jsonb, is_enabled = %(is_enabled)s,
    channel_ids = %(channel_ids)s::bigint[], changed_at = now()
WHERE project_id = %(project_id)s AND rule_id = %(rule_id)s
RETURNING rule_id

-- look_afresh --
-- A rule that was switched off looks at what is found from now on (primary key).
UPDATE alert_progress SET looked_until = now() WHERE rule_id = %(rule_id)s

-- close_firings --
-- Ends the firings of a rule without telling anybody: it was switched off (alert_firings_rule_idx).
UPDATE alert_firings SET resolved_at = now() WHERE rule_id = %(rule_id)s AND resolved_at IS NULL AND event_key IS NULL

-- forget_states --
-- Every subject of a rule is ok again (primary key).
DELETE FROM alert_states WHERE rule_id = %(rule_id)s

-- snooze_rule --
-- Nobody is told until then; NULL ends it (primary key).
UPDATE alert_rules SET snoozed_until = %(until)s, changed_at = now()
WHERE project_id = %(project_id)s AND rule_id = %(rule_id)s
RETURNING rule_id

-- remove_rule --
-- Removes a rule with its states and its history (primary key).
DELETE FROM alert_rules WHERE project_id = %(project_id)s AND rule_id = %(rule_id)s RETURNING rule_id

-- firings --
-- The newest firings of a project or of one rule (alert_firings_fired_idx, alert_firings_rule_idx), and how many there are.
SELECT firing_id, rule_id, name, subject, event_key IS NOT NULL, firing.is_snoozed, fired_at, resolved_at, value, message,
  count(*) OVER ()
FROM alert_firings firing
JOIN alert_rules USING (project_id, rule_id)
WHERE project_id = %(project_id)s AND (%(rule_id)s::bigint IS NULL OR rule_id = %(rule_id)s)
ORDER BY fired_at DESC, firing_id DESC
LIMIT %(limit)s

-- states --
-- The subjects of a rule that are not ok (primary key).
SELECT subject, state, firing_id, value, changed_at FROM alert_states WHERE rule_id = %(rule_id)s ORDER BY subject

-- due_rules --
-- Every rule that is switched on, whether a subject of it is not ok, and when the newest finding, match or posted signal
-- of its project was found (findings_found_idx, signal_matches_found_idx, feedback_received_idx, once per project).
WITH newest AS MATERIALIZED (
  SELECT project_id, greatest(
    (SELECT max(found_at) FROM findings WHERE findings.project_id = project.project_id),
    (SELECT max(found_at) FROM signal_matches match WHERE match.project_id = project.project_id),
    (SELECT max(received_at) FROM feedback said WHERE said.project_id = project.project_id)) AS found_at
  FROM (SELECT DISTINCT project_id FROM alert_rules WHERE is_enabled) project
)
SELECT project_id, rule_id, definition ->> 'kind',
  EXISTS (SELECT FROM alert_states WHERE alert_states.rule_id = alert_rules.rule_id), found_at,
  changed_at, snoozed_until
FROM alert_rules
JOIN newest USING (project_id)
WHERE is_enabled
ORDER BY rule_id

-- lock_rule --
-- True for the one evaluator of a rule; as long as its transaction lasts.
SELECT pg_try_advisory_xact_lock(hashtextextended('rainbarrel alert rule', %(rule_id)s::bigint))

-- rule_to_evaluate --
-- A rule as it stands, kept from changing until the evaluation ends (primary key).
SELECT project_id, rule_id, name, definition, channel_ids, created_at, looked_until, now(),
  coalesce(snoozed_until > now(), false)
FROM alert_rules
JOIN alert_progress USING (rule_id)
WHERE rule_id = %(rule_id)s AND is_enabled
FOR SHARE OF alert_rules

-- horizon --
-- Whatever was found before is visible: nothing that is still open began earlier. A minute more, because the clocks of
-- processors on other machines say when something was found.
SELECT coalesce(min(xact_start), now()) - interval '1 minute'
FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL

-- note_progress --
-- How far a rule has looked (primary key).
UPDATE alert_progress SET looked_until = greatest(looked_until, %(looked_until)s::timestamptz), evaluated_at = now()
WHERE rule_id = %(rule_id)s

-- part: passes_filter --
-- Whether an event of `alert_events`, called event, passes the filter of a rule.
AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s)
    AND (%(kinds)s::text[] IS NULL OR kind = ANY (%(kinds)s))
    AND (%(tool)s::text IS NULL OR tool = %(tool)s OR kind = 'loop' AND %(tool)s = ANY (string_to_array(tool, ', ')))
    AND (%(release)s::text IS NULL OR release = %(release)s)
    AND (%(environment)s::text IS NULL OR environment = %(environment)s)
    AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
    AND (%(conversation_id)s::text IS NULL OR conversation_id = %(conversation_id)s)
    AND (%(service)s::text IS NULL AND %(agent)s::text IS NULL OR EXISTS (
      SELECT FROM traces trace
      WHERE (trace.project_id, trace.trace_id) = (event.project_id, event.trace_id)
        AND (%(service)s::text IS NULL OR service_name = %(service)s)
        AND (%(agent)s::text IS NULL OR %(agent)s = ANY (agents))))
    AND (%(traits)s::jsonb IS NULL OR EXISTS (
      SELECT FROM users known
      WHERE (known.project_id, known.user_id) = (event.project_id, event.user_id) AND traits @> %(traits)s::jsonb))
    AND (%(properties)s::jsonb IS NULL OR EXISTS (
      SELECT FROM interactions one
      WHERE (one.project_id, one.event_id) = (event.project_id, event.interaction_id) AND properties @> %(properties)s::jsonb
    ) OR interaction_id IS NULL AND EXISTS (
      SELECT FROM interaction_traces link JOIN interactions USING (project_id, event_id)
      WHERE (link.project_id, link.trace_id) = (event.project_id, event.trace_id) AND properties @> %(properties)s::jsonb))

-- measure_window --
-- Subjects with enough events or users within a window, by when they ended (findings_end_idx; where a
-- signal is counted signal_matches_end_idx or feedback_name_idx: of the parts of `alert_events` only one is ever read).
SELECT subject, count(*) AS events, count(DISTINCT user_id) AS users, min(end_unix_nano)
FROM (
  SELECT CASE %(per)s::text WHEN 'issue' THEN fingerprint WHEN 'tool' THEN tool ELSE '' END AS subject, user_id, end_unix_nano
  FROM alert_events event
  WHERE project_id = %(project_id)s AND end_unix_nano > %(after)s AND end_unix_nano <= %(until)s
    AND source = %(source)s AND (%(signal)s::text IS NULL OR left(signal, 255) = left(%(signal)s, 255) AND signal = %(signal)s)
    {passes_filter}
) event
GROUP BY subject
HAVING CASE %(counts)s::text WHEN 'users' THEN count(DISTINCT user_id) ELSE count(*) END >= %(at_least)s
ORDER BY subject

-- findings_within --
-- The newest findings, or matches of a signal, that ended within a time (findings_end_idx or signal_matches_end_idx) and
-- that pass a filter, with what is known of their issues, and how many there are. A signal is as old as its first match.
SELECT trace_id, finding_key, finding.kind, fingerprint, finding.tool, finding.title, start_unix_nano, end_unix_nano, user_id, release,
  found_at,
  CASE WHEN %(signal)s::text IS NULL THEN first_seen_unix_nano ELSE (
    SELECT min(start_unix_nano) FROM alert_events
    WHERE source = %(source)s AND project_id = %(project_id)s
      AND left(signal, 255) = left(%(signal)s, 255) AND signal = %(signal)s
  ) END,
  CASE WHEN status = 'resolved' THEN resolved_at END, resolved_in_release,
  resolved_in_release IS NOT NULL AND finding.release <> resolved_in_release AND NOT EXISTS (
    SELECT FROM releases fixed JOIN releases later USING (project_id)
    WHERE fixed.project_id = finding.project_id AND fixed.release = resolved_in_release
      AND later.release = finding.release AND later.first_seen_unix_nano > fixed.first_seen_unix_nano),
  count(*) OVER ()
FROM (
  SELECT *
  FROM alert_events event
  WHERE project_id = %(project_id)s AND end_unix_nano > %(after)s AND end_unix_nano <= %(until)s
    AND source = %(source)s AND (%(signal)s::text IS NULL OR left(signal, 255) = left(%(signal)s, 255) AND signal = %(signal)s)
    AND (%(found_after)s::timestamptz IS NULL OR found_at > %(found_after)s)
    AND (%(subject)s::text IS NULL
         OR %(subject)s = CASE %(per)s::text WHEN 'issue' THEN fingerprint WHEN 'tool' THEN tool ELSE '' END)
    {passes_filter}
) finding
LEFT JOIN issue_states issue USING (project_id, fingerprint)
ORDER BY end_unix_nano DESC, trace_id, finding_key
LIMIT %(limit)s

-- call_counts --
-- Calls of a tool and how many of them failed, of at most the newest `calls_max` that began within a time
-- (tool_calls_name_idx), in steps of `step_s` seconds. Calls that another trace tells, or whose error only climbed up, are
-- left out; so are those without an answer yet. A failure that a person said is none counts as a success.
SELECT (start_unix_nano - %(after)s::bigint) / (%(step_s)s::bigint * 1000000000) AS step, count(*),
  count(*) FILTER (WHERE status IN ('error', 'soft_error'))
FROM (
  SELECT start_unix_nano,
    CASE WHEN EXISTS (
      SELECT FROM dismissed_findings said
      WHERE (said.project_id, said.trace_id, said.finding_key)
          = (tool_calls.project_id, tool_calls.trace_id, 'call:' || tool_calls.call_key)
    ) THEN 'ok' ELSE coalesce(group_says ->> 'status', status) END AS status
  FROM tool_calls
  WHERE project_id = %(project_id)s AND left(name, 255) = left(%(tool)s, 255) AND name = %(tool)s
    AND start_unix_nano > %(after)s AND start_unix_nano <= %(until)s
    AND propagated_from IS NULL AND NOT coalesce((group_says ->> 'is_told_elsewhere')::boolean, false)
  ORDER BY start_unix_nano DESC
  LIMIT %(calls_max)s
) call
WHERE status IN ('ok', 'error', 'soft_error')
GROUP BY step
ORDER BY step

-- put_firing --
-- A firing; nothing when the event has been told already (unique key).
INSERT INTO alert_firings (project_id, rule_id, subject, event_key, is_snoozed, value, message)
VALUES (%(project_id)s, %(rule_id)s, %(subject)s, %(event_key)s, %(is_snoozed)s, %(value)s, %(message)s::jsonb)
ON CONFLICT (rule_id, event_key) DO NOTHING
RETURNING firing_id

-- known_events --
-- Which of these events the rule has told already (unique key).
SELECT event_key FROM alert_firings WHERE rule_id = %(rule_id)s AND event_key = ANY (%(event_keys)s)

-- resolve_firing --
-- The condition of a firing no longer holds (primary key); what it had told.
UPDATE alert_firings SET resolved_at = now() WHERE firing_id = %(firing_id)s RETURNING message

-- put_state --
-- A subject that is no longer ok (primary key).
INSERT INTO alert_states (project_id, rule_id, subject, state, firing_id, value)
VALUES (%(project_id)s, %(rule_id)s, %(subject)s, %(state)s, %(firing_id)s, %(value)s)
ON CONFLICT (rule_id, subject) DO UPDATE
SET state = excluded.state, firing_id = excluded.firing_id, value = excluded.value, changed_at = now()

-- remove_state --
-- A subject that is ok again (primary key).
DELETE FROM alert_states WHERE rule_id = %(rule_id)s AND subject = %(subject)s

-- delete_old_firings --
-- Firings that ended before the cutoff; small, once per maintenance.
DELETE FROM alert_firings WHERE fired_at < %(cutoff)s AND (resolved_at < %(cutoff)s OR event_key IS NOT NULL)

-- rules_on_signal --
-- The names of the rules that wait for a signal of one's own; few.
SELECT name FROM alert_rules
WHERE project_id = %(project_id)s AND definition -> 'filters' ->> 'signal' = %(signal)s
ORDER BY rule_id

-- has_signal --
-- Whether the project has a signal of that name (unique key).
SELECT EXISTS (SELECT FROM signals WHERE project_id = %(project_id)s AND name = %(signal)s)
