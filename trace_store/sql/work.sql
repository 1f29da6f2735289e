-- The processor's queue and the replacement of derived rows. All of one claim is one transaction.

-- begin --
-- Opens the transaction of a claim.
BEGIN

-- commit --
-- Derived rows and the deletion of their marks become visible together.
COMMIT

-- rollback --
-- Leaves every mark of the claim in place.
ROLLBACK

-- analyze_young --
-- Statistics for the tables that have grown fourfold since they got theirs, until they are long enough for autovacuum to
-- be in time. Without any, the planner takes an index on project and time for a look-up by project and trace, and reads
-- the whole project for each: a new database and each new day would begin with a slow minute. Not of the queue, whose
-- plans must not depend on how long it is at the moment.
DO $$
DECLARE
  young regclass;
BEGIN
  FOR young IN
    SELECT class.oid
    FROM pg_class class
    LEFT JOIN pg_inherits ON inhrelid = class.oid
    LEFT JOIN pg_class parent ON parent.oid = inhparent
    WHERE coalesce(parent.relnamespace, class.relnamespace) = current_schema()::regnamespace
      AND class.relkind = 'r' AND class.relname <> 'dirty_marks' AND class.relpages < 256
      AND pg_relation_size(class.oid) / current_setting('block_size')::integer >= 4 * greatest(class.relpages, 1)
    ORDER BY class.oid
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) %s', young);
  END LOOP;
END $$

-- claim_units --
-- The units of the oldest due marks (dirty_marks_due_idx) that no other processor has locked, but those `without`;
-- the locks last as long as the transaction. Units that others have locked are passed over and do not count: units are
-- tried one after the other until enough are locked. Without the marks of `reprocess`, which wait until little else is due.
WITH due AS MATERIALIZED (
  SELECT project_id, unit_kind, unit_id, min(mark_id) AS first_mark
  FROM (
    SELECT project_id, unit_kind, unit_id, mark_id
    FROM dirty_marks
    WHERE not_before <= now() AND unit_kind = ANY (%(kinds)s) AND blob_id IS DISTINCT FROM -2
      AND unit_id <> ALL (%(without)s::bytea[])
    ORDER BY not_before, mark_id
    LIMIT %(marks_max)s
  ) oldest
  GROUP BY project_id, unit_kind, unit_id
  ORDER BY first_mark
)
SELECT project_id, unit_kind, unit_id
FROM due
WHERE pg_try_advisory_xact_lock(hashtextextended(encode(unit_id, 'hex'), project_id::bigint * 16 + unit_kind))
LIMIT %(units_max)s

-- claim_units_again --
-- The same for the oldest marks of `reprocess` (dirty_marks_again_idx).
SELECT project_id, unit_kind, unit_id
FROM (
  SELECT project_id, unit_kind, unit_id FROM dirty_marks
  WHERE blob_id = -2 AND unit_kind = ANY (%(kinds)s) AND unit_id <> ALL (%(without)s::bytea[])
  ORDER BY mark_id
  LIMIT %(units_max)s
) oldest
WHERE pg_try_advisory_xact_lock(hashtextextended(encode(unit_id, 'hex'), project_id::bigint * 16 + unit_kind))

-- try_lock_unit --
-- Whether nobody else derives a unit at the moment; it is locked like a claimed one, then.
SELECT pg_try_advisory_xact_lock(hashtextextended(encode(%(unit_id)s::bytea, 'hex'),
  %(project_id)s::bigint * 16 + %(kind)s::bigint))

-- longer_traces --
-- Those of these traces that have more spans (primary key).
SELECT project_id, trace_id
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN traces USING (project_id, trace_id)
WHERE span_count > %(span_count)s

-- marks_of_units --
-- Every mark of the locked units, due or not, as of now (dirty_marks_unit_idx): another processor may have finished a
-- unit between the look at its marks and the lock.
SELECT mark.mark_id, project_id, unit_kind, unit_id, mark.not_before, mark.bucket, mark.blob_id
FROM unnest(%(project_ids)s::integer[], %(unit_kinds)s::smallint[], %(unit_ids)s::bytea[])
  AS unit (project_id, unit_kind, unit_id)
JOIN dirty_marks mark USING (project_id, unit_kind, unit_id)
ORDER BY mark.mark_id

-- delete_marks --
-- Removes exactly the marks that were read (dirty_marks_unit_idx).
DELETE FROM dirty_marks AS mark
USING unnest(%(project_ids)s::integer[], %(unit_kinds)s::smallint[], %(unit_ids)s::bytea[], %(mark_ids)s::bigint[])
  AS done (project_id, unit_kind, unit_id, mark_id)
WHERE (mark.project_id, mark.unit_kind, mark.unit_id, mark.mark_id)
    = (done.project_id, done.unit_kind, done.unit_id, done.mark_id)

-- insert_marks --
-- Marks units dirty, from `delays_s` seconds on.
INSERT INTO dirty_marks (project_id, unit_kind, unit_id, not_before, bucket, blob_id)
SELECT project_id, unit_kind, unit_id, clock_timestamp() + delay_s * interval '1 second', bucket, blob_id
FROM unnest(%(project_ids)s::integer[], %(unit_kinds)s::smallint[], %(unit_ids)s::bytea[], %(delays_s)s::float8[],
  %(buckets)s::date[], %(blob_ids)s::bigint[]) AS new (project_id, unit_kind, unit_id, delay_s, bucket, blob_id)
ORDER BY project_id, unit_kind, unit_id

-- derived_by --
-- Which rules derived these traces (primary key).
SELECT project_id, trace_id, derived_by
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[]) AS wanted (project_id, trace_id)
JOIN traces USING (project_id, trace_id)

-- settle_unchanged --
-- Settles live traces of which nothing but that changes: the same rules derived them last, no call of theirs waits for
-- an answer, and no loop of theirs may be running (primary keys). A trace in a group is told of loops by its group: whether one of the
-- group's is running (traces_group_idx).
UPDATE traces AS live
SET live = false, settle_at = NULL, derived_at = clock_timestamp()
FROM unnest(%(project_ids)s::integer[], %(trace_ids)s::bytea[], %(derived_by)s::text[])
  AS wanted (project_id, trace_id, derived_by)
WHERE (live.project_id, live.trace_id) = (wanted.project_id, wanted.trace_id)
  AND live.live AND live.derived_by = wanted.derived_by AND (live.loop_count = 0 OR live.group_id IS NOT NULL)
  AND NOT EXISTS (
    SELECT FROM tool_calls call
    WHERE (call.project_id, call.trace_id) = (live.project_id, live.trace_id) AND call.status = 'pending')
RETURNING live.project_id, live.trace_id, live.group_id, live.conversation_id, EXISTS (
  SELECT FROM traces member JOIN loops loop USING (project_id, trace_id)
  WHERE member.project_id = live.project_id AND member.group_id = live.group_id AND loop.ended = 'running')
