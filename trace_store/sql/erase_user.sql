-- Erasure of a user: everything that names them, or that belongs to what names them.

-- lock_erasures --
-- One erasure at a time, so that tombstones are committed in the order of their numbers; held by the session.
SELECT pg_advisory_lock(7219, 6)

-- newest_mark --
-- Marks up to this one are of what has been received by now (primary key of the queue).
SELECT coalesce(max(mark_id), 0) FROM dirty_marks

-- marks_before --
-- How many traces and interactions that were received up to a mark are still to be derived (dirty_marks_due_idx).
SELECT count(DISTINCT (unit_kind, unit_id)) FROM dirty_marks
WHERE project_id = %(project_id)s AND unit_kind IN (1, 2) AND mark_id <= %(mark_id)s AND not_before <= now()
  AND blob_id IS DISTINCT FROM -2

-- conversations_of_user --
-- The conversations in which nobody else takes part (interactions_user_idx, traces_conversation_idx; reads all traces of
-- the project, as the next two do: users are erased rarely).
SELECT conversation_id
FROM (
  SELECT conversation_id FROM interactions
  WHERE project_id = %(project_id)s AND left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s
  UNION
  SELECT conversation_id FROM traces WHERE project_id = %(project_id)s AND user_id = %(user_id)s
  UNION
  SELECT conversation_id FROM conversations
  WHERE project_id = %(project_id)s AND left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s
) own
WHERE conversation_id IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM interactions other
    WHERE other.project_id = %(project_id)s AND left(other.conversation_id, 255) = left(own.conversation_id, 255)
      AND other.conversation_id = own.conversation_id AND other.user_id <> %(user_id)s)
  AND NOT EXISTS (
    SELECT FROM traces other
    WHERE other.project_id = %(project_id)s AND left(other.conversation_id, 255) = left(own.conversation_id, 255)
      AND other.conversation_id = own.conversation_id AND other.user_id <> %(user_id)s)

-- events_of_user --
-- Interactions that name the user, and those of these conversations that name nobody.
SELECT event_id FROM interactions
WHERE project_id = %(project_id)s AND left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s
UNION
SELECT event_id FROM interaction_traces WHERE project_id = %(project_id)s AND user_id = %(user_id)s
UNION
SELECT event_id FROM interactions
WHERE project_id = %(project_id)s AND left(conversation_id, 255) = ANY (
    SELECT left(unnest, 255) FROM unnest(%(conversation_ids)s::text[]))
  AND conversation_id = ANY (%(conversation_ids)s) AND user_id IS NULL

-- traces_of_user --
-- Traces of which a span names the user (reads all fact_parts of the project, not what is packed in them) or that belong to one of these interactions, those of these conversations that name nobody, and
-- those that name nobody and share their group with the user's alone.
WITH named AS MATERIALIZED (
  SELECT trace_id FROM traces WHERE project_id = %(project_id)s AND user_id = %(user_id)s
  UNION
  SELECT trace_id FROM fact_parts WHERE project_id = %(project_id)s AND user_ids ? %(user_id)s::text
  UNION
  SELECT trace_id FROM interaction_traces WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[])
  UNION
  SELECT trace_id FROM traces
  WHERE project_id = %(project_id)s AND conversation_id = ANY (%(conversation_ids)s::text[]) AND user_id IS NULL
)
SELECT trace_id FROM named
UNION
SELECT mate.trace_id
FROM named
JOIN traces own ON own.project_id = %(project_id)s AND own.trace_id = named.trace_id AND own.group_id IS NOT NULL
JOIN traces mate ON (mate.project_id, mate.group_id) = (own.project_id, own.group_id) AND mate.user_id IS NULL
WHERE NOT EXISTS (
  SELECT FROM traces other
  WHERE (other.project_id, other.group_id) = (own.project_id, own.group_id) AND other.user_id <> %(user_id)s)

-- logs_of_no_trace --
-- The log records of no trace that spans of these traces stand for (primary keys).
SELECT log.digest
FROM spans span
JOIN log_records log USING (project_id, digest, bucket)
WHERE span.project_id = %(project_id)s AND span.trace_id = ANY (%(trace_ids)s::bytea[]) AND span.kind = -1
  AND log.trace_id IS NULL

-- titles --
-- What findings, matches and posted signals of these traces and interactions say, and of which issues (reads them all).
SELECT DISTINCT fingerprint, title
FROM alert_events
WHERE project_id = %(project_id)s
  AND (trace_id = ANY (%(trace_ids)s::bytea[]) OR interaction_id = ANY (%(event_ids)s::text[]))
UNION
SELECT fingerprint, title FROM dismissed_findings
WHERE project_id = %(project_id)s AND trace_id = ANY (%(trace_ids)s::bytea[])

-- titles_that_stay --
-- Those of these titles that others have too (reads all of them).
SELECT DISTINCT title FROM alert_events WHERE project_id = %(project_id)s AND title = ANY (%(titles)s::text[])

-- lock_units --
-- Waits for the processor to let go of these units; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(encode(convert_to(unit_id, 'UTF8'), 'hex'),
  %(project_id)s::bigint * 16 + %(kind)s::bigint))
FROM unnest(%(unit_ids)s::text[]) AS unit (unit_id)

-- delete_updates --
-- What was posted of these interactions (primary key).
DELETE FROM interaction_updates WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[])

-- delete_feedback --
-- What was said about these interactions (primary key).
DELETE FROM feedback WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[])

-- delete_interactions --
-- These interactions, with their words (primary key).
DELETE FROM interactions WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[])

-- delete_links --
-- Which traces belong to these interactions (primary key).
DELETE FROM interaction_traces WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[])

-- delete_marks --
-- Nothing is left to derive of these (dirty_marks_unit_idx).
DELETE FROM dirty_marks
WHERE project_id = %(project_id)s AND unit_kind = ANY (%(kinds)s::smallint[])
  AND unit_id IN (SELECT convert_to(unnest, 'UTF8') FROM unnest(%(unit_ids)s::text[]))

-- delete_user_updates --
-- What was said of the user (primary key).
DELETE FROM user_updates WHERE project_id = %(project_id)s AND user_id = %(user_id)s

-- delete_user --
-- The user (primary key).
DELETE FROM users WHERE project_id = %(project_id)s AND user_id = %(user_id)s

-- mark_shared_conversations --
-- Conversations that others share with the user are summed up again; a conversation forgets who spoke last until then.
WITH shared AS (
  UPDATE conversations SET user_id = NULL
  WHERE project_id = %(project_id)s AND left(user_id, 255) = left(%(user_id)s, 255) AND user_id = %(user_id)s
    AND conversation_id <> ALL (%(conversation_ids)s::text[])
  RETURNING conversation_id
)
INSERT INTO dirty_marks (project_id, unit_kind, unit_id)
SELECT %(project_id)s, 7, convert_to(conversation_id, 'UTF8')
FROM (
  SELECT conversation_id FROM shared
  UNION SELECT conversation_id FROM unnest(%(shared_ids)s::text[]) AS given (conversation_id)
) changed

-- conversations_of_events --
-- The conversations of these interactions (primary key).
SELECT DISTINCT conversation_id FROM interactions
WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s::text[]) AND conversation_id IS NOT NULL

-- delete_conversations --
-- These conversations (primary key).
DELETE FROM conversations
WHERE project_id = %(project_id)s AND conversation_id = ANY (%(conversation_ids)s::text[])

-- retitle_issues --
-- Issues that were named by an erased finding take the title of the first one that is left, else that of their tool; what
-- people noted of an issue of which nothing is left goes (primary key, findings_issue_idx).
UPDATE issue_states issue
SET title = coalesce(first.title, tool || ': erased'), note = CASE WHEN first.title IS NOT NULL THEN note END
FROM unnest(%(fingerprints)s::text[]) AS wanted (fingerprint)
LEFT JOIN LATERAL (
  SELECT title FROM findings
  WHERE findings.project_id = %(project_id)s AND findings.fingerprint = wanted.fingerprint
  ORDER BY start_unix_nano, release, title
  LIMIT 1
) first ON true
WHERE issue.project_id = %(project_id)s AND issue.fingerprint = wanted.fingerprint
  AND issue.title = ANY (%(titles)s::text[])

-- retitle_verdicts --
-- The same for what people said of a whole issue (primary key).
UPDATE verdicts said
SET title = issue.title, note = CASE WHEN issue.note IS NULL AND issue.title LIKE '%%: erased' THEN '' ELSE said.note END
FROM issue_states issue
WHERE said.project_id = %(project_id)s AND said.trace_id = '' AND said.title = ANY (%(titles)s::text[])
  AND (issue.project_id, issue.fingerprint) = (said.project_id, said.fingerprint)

-- blank_firings --
-- What alerts told of erased traces, interactions or titles (reads all firings of the project).
UPDATE alert_firings
SET message = jsonb_build_object('kind', message -> 'kind', 'rule', message -> 'rule', 'title', 'Erased', 'events', value),
    subject = CASE WHEN event_key IS NULL THEN subject ELSE 'erased' END,
    event_key = CASE WHEN event_key IS NOT NULL THEN 'erased:' || firing_id END
WHERE project_id = %(project_id)s AND EXISTS (
  SELECT FROM unnest(%(texts)s::text[]) AS gone (text)
  WHERE strpos(message::text, gone.text) > 0 OR strpos(event_key, gone.text) > 0)

-- blank_deliveries --
-- The same of messages; those that still wait are not sent (outbox_created_idx: reads all of the project).
UPDATE outbox
SET subject = jsonb_build_object('kind', kind, 'title', 'Erased'), last_error = NULL, next_attempt_at = NULL,
    failed_at = CASE WHEN delivered_at IS NULL THEN coalesce(failed_at, now()) END
WHERE project_id = %(project_id)s AND EXISTS (
  SELECT FROM unnest(%(texts)s::text[]) AS gone (text) WHERE strpos(subject::text, gone.text) > 0)

-- blobs_with_dead_records --
-- Blobs of the project that still hold bytes which no row refers to (span_blobs_repack_idx).
SELECT count(*) FROM span_blobs WHERE project_id = %(project_id)s AND dead_count > 0
