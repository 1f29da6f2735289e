-- Signals that applications post are counted by alert rules as well.

CREATE INDEX feedback_received_idx ON feedback (project_id, received_at);
DROP VIEW alert_events;
CREATE VIEW alert_events AS         -- what alert rules count: findings, matches of signals, or signals that applications post
SELECT project_id, trace_id, finding_key, kind, fingerprint, tool, title, start_unix_nano, end_unix_nano,
  user_id, conversation_id, interaction_id, release, environment, found_at, 'finding' AS source, NULL::text AS signal
FROM findings
UNION ALL
SELECT match.project_id, trace_id, 'signal:' || signal_id, 'signal', signal_id::text, '', name || ': ' || excerpt,
  start_unix_nano, end_unix_nano, user_id, conversation_id, interaction_id, release, environment, found_at, 'match', name
FROM signal_matches match
JOIN signals USING (project_id, signal_id)
WHERE NOT is_wrong
UNION ALL
SELECT said.project_id, coalesce(trace_ids[1], ''), event_id || '/' || encode(digest, 'hex'), 'signal', 'feedback:' || name, '',
  name || coalesce(': ' || left(said.properties ->> 'comment', 300), ''), at, at, user_id, conversation_id, event_id,
  coalesce(release, ''), coalesce(environment, ''), said.received_at, 'feedback', name
FROM feedback said
LEFT JOIN interactions USING (project_id, event_id)
CROSS JOIN LATERAL (SELECT coalesce(client_unix_nano, (extract(epoch FROM said.received_at) * 1000000000)::bigint)) t (at);
