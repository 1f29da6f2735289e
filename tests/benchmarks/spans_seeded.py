"""Traces and spans of seeded interactions, by SQL: copies of one trace that took the real path.

Narrow, as they lie beside what the query API reads: each day has one blob, that of the real trace, to which all spans
refer; facts of spans and model calls are left out.
"""

from typing import Any

import psycopg

from trace_store.upkeep.partitions import SQL

_DAYS = "SELECT DISTINCT last_bucket FROM rainbarrel.interactions WHERE event_id LIKE 'evt-%' ORDER BY 1"
_BLOBS = """
INSERT INTO rainbarrel.span_blobs
SELECT DISTINCT blob.project_id, %(day)s::date, -blob.blob_id, blob.signal, 64, 0, blob.raw_bytes, blob.body
FROM rainbarrel.spans span JOIN rainbarrel.span_blobs blob USING (project_id, bucket, blob_id)
WHERE span.trace_id = %(trace_id)s
"""
_SPANS = """
INSERT INTO rainbarrel.spans
SELECT 1, made.trace_ids[1], span.span_id, made.start_unix_nano + span.start_unix_nano - %(start)s, %(day)s::date,
  made.start_unix_nano + span.end_unix_nano - %(start)s, span.parent_span_id, span.kind, span.status_code,
  span.raw_length, span.digest, span.resource_id, span.scope_id, -span.blob_id, span.blob_position, span.name
FROM (SELECT * FROM rainbarrel.interactions WHERE last_bucket = %(day)s AND event_id LIKE 'evt-%%') made
CROSS JOIN (SELECT * FROM rainbarrel.spans WHERE trace_id = %(trace_id)s ORDER BY start_unix_nano LIMIT %(count)s) span
"""
_TRACES = """
INSERT INTO rainbarrel.traces (project_id, trace_id, start_unix_nano, end_unix_nano, bucket_min, bucket_max, live,
  root_name, service_name, release, agents, tools, models, span_count, root_count, llm_call_count, tool_call_count,
  error_count, soft_error_count, unanswered_count, failed_span_count, loop_count, input_tokens, output_tokens,
  cached_tokens, reasoning_tokens, conversation_id, user_id, interaction_ids, input_preview, output_preview, steps,
  search_text, environment, cost_nano_usd, derived_by, providers, dialects)
SELECT made.project_id, made.trace_ids[1], made.start_unix_nano, made.end_unix_nano, made.last_bucket,
  made.last_bucket, false, real.root_name, real.service_name, made.release, real.agents, made.tools,
  ARRAY[made.model], %(count)s, 1, 1, made.tool_call_count, made.error_count, 0, 0, made.error_count, made.loop_count,
  made.input_tokens, made.output_tokens, 0, 0, made.conversation_id, made.user_id, ARRAY[made.event_id],
  made.input_preview, made.output_preview, real.steps, lower(concat_ws(' ', real.root_name, made.input_preview)),
  made.environment, 1000000, real.derived_by, real.providers, real.dialects
FROM rainbarrel.interactions made CROSS JOIN (SELECT * FROM rainbarrel.traces WHERE trace_id = %(trace_id)s) real
WHERE made.event_id LIKE 'evt-%%'
"""

_DAY_NS = 86_400_000_000_000
_NEWEST = """
SELECT start_unix_nano, EXISTS (SELECT FROM rainbarrel.spans span
  WHERE span.project_id = trace.project_id AND span.trace_id = trace.trace_id)
FROM rainbarrel.traces trace WHERE interaction_ids[1] LIKE 'evt-%%' ORDER BY start_unix_nano DESC LIMIT 1
"""
_DAYS_OF_TRACES = "SELECT DISTINCT bucket_max FROM rainbarrel.traces WHERE start_unix_nano > %(since)s ORDER BY 1"
_SPANS_OF_TRACES = """
INSERT INTO rainbarrel.spans
SELECT 1, made.trace_id, span.span_id,
  made.start_unix_nano + ((span.start_unix_nano - real.start_unix_nano) * stretch)::bigint, made.bucket_max,
  made.start_unix_nano + ((span.end_unix_nano - real.start_unix_nano) * stretch)::bigint, span.parent_span_id,
  span.kind, span.status_code, span.raw_length, span.digest, span.resource_id, span.scope_id, -span.blob_id,
  span.blob_position, span.name
FROM (
  SELECT * FROM rainbarrel.traces WHERE start_unix_nano > %(since)s AND interaction_ids[1] LIKE 'evt-%%'
) made
CROSS JOIN (SELECT * FROM rainbarrel.traces WHERE trace_id = %(trace_id)s) real
CROSS JOIN LATERAL (SELECT (made.end_unix_nano - made.start_unix_nano)::double precision
  / greatest(1, real.end_unix_nano - real.start_unix_nano) AS stretch) ratio
CROSS JOIN LATERAL (
  SELECT * FROM rainbarrel.spans WHERE trace_id = %(trace_id)s ORDER BY start_unix_nano LIMIT made.span_count
) span
ON CONFLICT DO NOTHING
"""


def seed_spans_of_a_day(connection: psycopg.Connection[Any], real_trace_id: bytes) -> None:
    """Gives the seeded traces of the newest day the spans of the real trace, as long as each took; once."""
    row = connection.execute(_NEWEST.replace("%%", "%")).fetchone()
    if row is None or row[1]:
        return
    parameters: dict[str, Any] = {"trace_id": real_trace_id, "since": row[0] - _DAY_NS}
    connection.execute("SET search_path = rainbarrel")
    days = [day for (day,) in connection.execute(_DAYS_OF_TRACES, parameters).fetchall()]
    for (statement,) in connection.execute(SQL.missing_partition_statements, {"days": days}).fetchall():
        connection.execute(statement)
    connection.execute(_SPANS_OF_TRACES, parameters)
    connection.execute("VACUUM ANALYZE rainbarrel.spans")


def seed_spans(connection: psycopg.Connection[Any], real_trace_id: bytes, spans_per_trace: int) -> None:
    """Gives each seeded interaction a trace with as many spans as told, at most those of the real trace."""
    row = connection.execute(
        "SELECT start_unix_nano FROM rainbarrel.traces WHERE trace_id = %s", (real_trace_id,)
    ).fetchone()
    assert row is not None
    parameters: dict[str, Any] = {"trace_id": real_trace_id, "start": row[0], "count": spans_per_trace}
    days = [day for (day,) in connection.execute(_DAYS).fetchall()]
    connection.execute("SET search_path = rainbarrel")
    missing = {"days": days}
    for (statement,) in connection.execute(SQL.missing_partition_statements, missing).fetchall():
        connection.execute(statement)
    for day in days:
        connection.execute(_BLOBS, parameters | {"day": day})
        connection.execute(_SPANS, parameters | {"day": day})
    connection.execute(_TRACES, parameters)
