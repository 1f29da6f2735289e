-- The facts that `span_facts` held a row a span are moved to `fact_parts`, not compressed: SQL cannot.

DO $$                                -- the days of fact_parts; TimescaleDB makes them by itself
DECLARE
  day date;
BEGIN
  IF EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'rainbarrel.fact_parts'::regclass) THEN
    FOR day IN
      SELECT to_date(right(relname, 8), 'YYYYMMDD') FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = 'rainbarrel.span_facts'::regclass
        AND to_regclass('rainbarrel.fact_parts_' || right(relname, 8)) IS NULL
    LOOP
      EXECUTE format('CREATE TABLE rainbarrel.%1$I (LIKE rainbarrel.fact_parts INCLUDING ALL); '
                     'ALTER TABLE rainbarrel.fact_parts ATTACH PARTITION rainbarrel.%1$I FOR VALUES FROM (%2$L) TO (%3$L)',
                     'fact_parts_' || to_char(day, 'YYYYMMDD'), day, day + 1);
    END LOOP;
  END IF;
END $$;

INSERT INTO fact_parts (project_id, trace_id, bucket, mapping_version, detector_version, span_count, raw_bytes, dialects,
  user_ids, keys, body)
SELECT project_id, trace_id, bucket, mapping_version, detector_version, span_count, octet_length(body), dialects, user_ids,
  keys, body
FROM (
  SELECT project_id, trace_id, bucket, mapping_version, detector_version, count(*) AS span_count,
    jsonb_build_array(dialect) AS dialects,
    jsonb_agg(DISTINCT facts -> 'user_id') FILTER (WHERE facts ? 'user_id') AS user_ids,
    string_agg(span_id || substr(digest, 1, 8) || '\x00'::bytea, ''::bytea ORDER BY number) AS keys,
    convert_to('[' || string_agg(jsonb_build_array(type, facts)::text, ',' ORDER BY number) || ']', 'UTF8') AS body
  FROM (
    SELECT *, row_number() OVER (
      PARTITION BY project_id, trace_id, bucket, mapping_version, detector_version, dialect
      ORDER BY start_unix_nano, span_id) - 1 AS number
    FROM span_facts
  ) fact
  GROUP BY project_id, trace_id, bucket, mapping_version, detector_version, dialect, number / 128
) part;

DROP TABLE span_facts;
