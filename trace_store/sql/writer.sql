-- The write path: one flush is one transaction. Column lists of COPY have the order of the functions in rows.py.

-- take_blob_ids --
-- The first of 2^32 blob ids that belong to the caller alone.
SELECT nextval('blob_ids')

-- begin --
-- Opens the transaction of a flush in which no record is known yet.
BEGIN

-- begin_staged --
-- Opens the transaction of a flush that holds known records; joins go from the staging tables, about which the planner
-- knows nothing, through the primary key, and are planned once.
BEGIN; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off;
SET LOCAL join_collapse_limit = 1; SET LOCAL plan_cache_mode = force_generic_plan

-- commit --
-- Everything of the flush, or nothing.
COMMIT

-- rollback --
-- Leaves the flush undone.
ROLLBACK

-- part: unhurried --
-- Its transaction, which must be its own, does not wait for the disk at its end.
set_config('synchronous_commit', 'off', true)

-- upsert_resources --
-- Adds the resources that are missing or were emptied by an erasure, in key order (primary key). It waits for no disk:
-- the COMMIT of the flush that names them comes later in the WAL, and takes all that is before it to the disk.
INSERT INTO resources (project_id, resource_id, digest, schema_url, otlp, service_name, release)
SELECT new.*
FROM unnest(%s::integer[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[], %s::text[], %s::text[]) AS new,
  {unhurried}
ORDER BY 1, 2
ON CONFLICT (project_id, resource_id) DO UPDATE
SET digest = excluded.digest, schema_url = excluded.schema_url, otlp = excluded.otlp,
    service_name = excluded.service_name, release = excluded.release
WHERE resources.digest = ''

-- upsert_scopes --
-- Adds the scopes that are missing or were emptied by an erasure, in key order (primary key); as unhurried.
INSERT INTO scopes (project_id, scope_id, digest, schema_url, otlp, name, version)
SELECT new.*
FROM unnest(%s::integer[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[], %s::text[], %s::text[]) AS new,
  {unhurried}
ORDER BY 1, 2
ON CONFLICT (project_id, scope_id) DO UPDATE
SET digest = excluded.digest, schema_url = excluded.schema_url, otlp = excluded.otlp,
    name = excluded.name, version = excluded.version
WHERE scopes.digest = ''

-- copy_spans --
-- Adds spans; a known key fails the transaction (primary key).
COPY spans (project_id, start_unix_nano, bucket, end_unix_nano, kind, status_code, raw_length, resource_id, scope_id,
  blob_id, blob_position, trace_id, span_id, digest, parent_span_id, name) FROM STDIN (FORMAT BINARY)

-- copy_logs --
-- Adds log records; a known key fails the transaction (primary key).
COPY log_records (project_id, bucket, time_unix_nano, severity_number, resource_id, scope_id, blob_id, blob_position,
  digest, trace_id, span_id, event_name) FROM STDIN (FORMAT BINARY)

-- copy_blobs --
-- Adds blobs, with ids that nobody else has.
COPY span_blobs (project_id, bucket, blob_id, signal, record_count, raw_bytes, body) FROM STDIN (FORMAT BINARY)

-- copy_links --
-- Adds the links of new spans.
COPY span_links (project_id, start_unix_nano, bucket, position, trace_id, span_id, linked_trace_id, linked_span_id)
FROM STDIN (FORMAT BINARY)

-- copy_marks --
-- Marks units dirty.
COPY dirty_marks (project_id, unit_kind, unit_id, bucket, blob_id) FROM STDIN (FORMAT BINARY)

-- create_staging --
-- Tables of this session that take a flush with known records; empty again after every commit.
CREATE TEMPORARY TABLE staged_spans (LIKE spans) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE staged_logs (LIKE log_records) ON COMMIT DELETE ROWS

-- copy_staged_spans --
-- Stages spans.
COPY staged_spans (project_id, start_unix_nano, bucket, end_unix_nano, kind, status_code, raw_length, resource_id,
  scope_id, blob_id, blob_position, trace_id, span_id, digest, parent_span_id, name) FROM STDIN (FORMAT BINARY)

-- copy_staged_logs --
-- Stages log records.
COPY staged_logs (project_id, bucket, time_unix_nano, severity_number, resource_id, scope_id, blob_id, blob_position,
  digest, trace_id, span_id, event_name) FROM STDIN (FORMAT BINARY)

-- insert_staged_spans --
-- Adds the staged spans whose key is new, in key order so that two writers never wait for each other; returns their
-- places (primary key).
INSERT INTO spans (project_id, trace_id, span_id, start_unix_nano, bucket, end_unix_nano, parent_span_id, kind,
  status_code, raw_length, digest, resource_id, scope_id, blob_id, blob_position, name)
SELECT project_id, trace_id, span_id, start_unix_nano, bucket, end_unix_nano, parent_span_id, kind,
  status_code, raw_length, digest, resource_id, scope_id, blob_id, blob_position, name
FROM staged_spans
ORDER BY project_id, bucket, trace_id, span_id, start_unix_nano
ON CONFLICT (project_id, trace_id, span_id, start_unix_nano, bucket) DO NOTHING
RETURNING blob_id, blob_position

-- projects_with_larger_versions --
-- The projects of which the flush brings a larger version (end, length, digest) of a known span (primary key).
SELECT DISTINCT new.project_id
FROM staged_spans AS new
JOIN spans AS old
  ON (old.project_id, old.trace_id, old.span_id, old.start_unix_nano, old.bucket)
   = (new.project_id, new.trace_id, new.span_id, new.start_unix_nano, new.bucket)
  AND (new.end_unix_nano, new.raw_length, new.digest) > (old.end_unix_nano, old.raw_length, old.digest)

-- lock_rewrites --
-- One transaction at a time changes rows of spans that are there already: replacing, repacking, erasing. Without it two
-- of them meet at a row, and hypertables lose one of two concurrent updates. Inserting needs no lock.
SELECT pg_advisory_xact_lock(hashtextextended('rainbarrel rewrites', project_id))
FROM (SELECT unnest(%(project_ids)s::integer[]) AS project_id ORDER BY 1) AS projects

-- larger_versions --
-- What of the flush replaces a smaller version: the new places, the blobs of the old ones and the keys (primary key).
SELECT new.blob_id, new.blob_position, old.blob_id, new.project_id, new.trace_id, new.span_id, new.start_unix_nano,
  new.bucket
FROM staged_spans AS new
JOIN spans AS old
  ON (old.project_id, old.trace_id, old.span_id, old.start_unix_nano, old.bucket)
   = (new.project_id, new.trace_id, new.span_id, new.start_unix_nano, new.bucket)
  AND (new.end_unix_nano, new.raw_length, new.digest) > (old.end_unix_nano, old.raw_length, old.digest)

-- replace_older_spans --
-- Overwrites those (primary key), under lock_rewrites. An INSERT, since it unpacks from the columnstore just the rows
-- that it meets; an UPDATE with a join would unpack every old day.
INSERT INTO spans AS old (project_id, trace_id, span_id, start_unix_nano, bucket, end_unix_nano, parent_span_id, kind,
  status_code, raw_length, digest, resource_id, scope_id, blob_id, blob_position, name)
SELECT project_id, trace_id, span_id, start_unix_nano, bucket, new.end_unix_nano, new.parent_span_id, new.kind,
  new.status_code, new.raw_length, new.digest, new.resource_id, new.scope_id, new.blob_id, new.blob_position, new.name
FROM staged_spans AS new
JOIN spans AS prior USING (project_id, trace_id, span_id, start_unix_nano, bucket)
WHERE (new.end_unix_nano, new.raw_length, new.digest) > (prior.end_unix_nano, prior.raw_length, prior.digest)
ORDER BY project_id, bucket, trace_id, span_id, start_unix_nano
ON CONFLICT (project_id, trace_id, span_id, start_unix_nano, bucket) DO UPDATE
SET end_unix_nano = excluded.end_unix_nano, parent_span_id = excluded.parent_span_id, kind = excluded.kind,
    status_code = excluded.status_code, raw_length = excluded.raw_length, digest = excluded.digest,
    resource_id = excluded.resource_id, scope_id = excluded.scope_id, blob_id = excluded.blob_id,
    blob_position = excluded.blob_position, name = excluded.name

-- count_dead_records --
-- Notes that blobs hold records that no row refers to any more; repacking rewrites them (primary key).
UPDATE span_blobs AS blob SET dead_count = least(blob.dead_count + dead.records, blob.record_count)
FROM (
  SELECT project_id, bucket, blob_id, count(*)::smallint AS records
  FROM unnest(%s::integer[], %s::date[], %s::bigint[]) AS dead (project_id, bucket, blob_id)
  GROUP BY 1, 2, 3
  ORDER BY 1, 2, 3
) dead
WHERE (blob.project_id, blob.bucket, blob.blob_id) = (dead.project_id, dead.bucket, dead.blob_id)

-- delete_links --
-- Removes the links of replaced span versions (primary key).
DELETE FROM span_links AS link
USING unnest(%s::integer[], %s::bytea[], %s::bytea[], %s::bigint[], %s::date[])
  AS span (project_id, trace_id, span_id, start_unix_nano, bucket)
WHERE (link.project_id, link.trace_id, link.span_id, link.start_unix_nano, link.bucket)
    = (span.project_id, span.trace_id, span.span_id, span.start_unix_nano, span.bucket)

-- insert_staged_logs --
-- Adds the staged log records that are new, in key order; returns their places (primary key).
INSERT INTO log_records (project_id, bucket, digest, trace_id, span_id, time_unix_nano, severity_number, resource_id,
  scope_id, blob_id, blob_position, event_name)
SELECT project_id, bucket, digest, trace_id, span_id, time_unix_nano, severity_number, resource_id,
  scope_id, blob_id, blob_position, event_name
FROM staged_logs
ORDER BY project_id, bucket, trace_id NULLS FIRST, digest
ON CONFLICT (project_id, digest, bucket) DO NOTHING
RETURNING blob_id, blob_position

-- copy_receipts --
-- One receipt per project and signal of the flush.
COPY ingest_receipts (project_id, bucket, accepted, duplicate, late, bytes, signal, rejected)
FROM STDIN (FORMAT BINARY)
