-- What arrived in the last 24 hours, for the page of receipts.

-- receipt_hours --
-- Per signal and hour, the hour that runs included (ingest_receipts_received_idx; two days of partitions).
SELECT signal, (24 - ceil(extract(epoch FROM %(until)s::timestamptz - received_at) / 3600))::integer AS step,
       sum(accepted)::bigint, sum(duplicate)::bigint, sum(late)::bigint, sum(bytes)::bigint
FROM ingest_receipts
WHERE project_id = %(project_id)s AND bucket >= (%(until)s::timestamptz - interval '2 days')::date
  AND received_at >= %(until)s::timestamptz - interval '24 hours' AND received_at < %(until)s
GROUP BY 1, 2

-- receipt_reasons --
-- Why records were refused in the same time, per signal.
SELECT signal, key, sum(value::bigint)::bigint
FROM ingest_receipts CROSS JOIN jsonb_each_text(rejected)
WHERE project_id = %(project_id)s AND bucket >= (%(until)s::timestamptz - interval '2 days')::date
  AND received_at >= %(until)s::timestamptz - interval '24 hours' AND received_at < %(until)s
GROUP BY 1, 2
