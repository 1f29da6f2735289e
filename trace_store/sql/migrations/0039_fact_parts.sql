-- Facts of spans, many in one compressed part, since PostgreSQL compresses no row of less than 2 KB.

CREATE SEQUENCE fact_part_ids;

CREATE TABLE fact_parts (           -- by bucket; what dialects say of up to 128 spans of a trace: trace_store/fact_parts.py
  project_id      integer NOT NULL,
  trace_id        bytea NOT NULL,
  part_id         bigint NOT NULL DEFAULT nextval('fact_part_ids'),
  bucket          date NOT NULL,
  mapping_version smallint NOT NULL,
  detector_version smallint NOT NULL,
  span_count      smallint NOT NULL,
  raw_bytes       integer NOT NULL, -- of body, before it was compressed
  dialects        jsonb NOT NULL,   -- names
  user_ids        jsonb,            -- that the spans name; NULL: none
  keys            bytea NOT NULL,   -- 17 bytes a span: its id, first 8 bytes of the digest, number of its dialect
  body            bytea NOT NULL,   -- zstd of [[type, facts], ...]; plain where an older schema had it
  PRIMARY KEY (project_id, trace_id, part_id, bucket)
) /*PARTITION_BY_BUCKET*/;
ALTER TABLE fact_parts ALTER COLUMN body SET STORAGE EXTERNAL;
