"""What `doctor` says of a database in which something is wrong."""

import psycopg

from trace_store.access_keys import add_first_key
from web.diagnosis.state_checks import check_keys, check_retention, check_work

STATE = {
    "leapt": "INSERT INTO retention_clock VALUES (true, now() - interval '60 days', now())",
    "stopped": "UPDATE retention_clock SET believed_at = now() - interval '1 day', doubted_at = NULL",
    "behind": "INSERT INTO dirty_marks (project_id, unit_kind, unit_id, not_before) "
    "VALUES (1, 1, 'x', now() - interval '10 minutes')",
    "channel": "INSERT INTO channels (project_id, name, kind, config) VALUES (1, 'c', 'webhook', '{}')",
    "given_up": "INSERT INTO outbox (project_id, channel_id, dedup_key, kind, subject, next_attempt_at, failed_at) "
    "SELECT 1, channel_id, 'd', 'test', '{}', NULL, now() FROM channels",
}


def test_what_is_wrong_in_the_database_is_a_warning_with_what_to_do(database: str) -> None:
    assert "has never run -> start" in check_retention(database).line
    assert [finding.level for finding in check_work(database)] == ["ok", "ok"]
    assert "keys: none" in check_keys(database).line
    with psycopg.connect(database, autocommit=True, options="-c search_path=rainbarrel") as connection:
        connection.execute(STATE["leapt"].encode())
        assert "warn  retention: The clock is 60 days ahead of " in check_retention(database).line
        connection.execute(STATE["stopped"].encode())
        assert "has not run for 1 day" in check_retention(database).line
        for change in ("behind", "channel", "given_up"):
            connection.execute(STATE[change].encode())
        lag, messages = check_work(database)
        assert lag.line.startswith("warn  derive lag: 6")
        assert "1 marks are due -> see whether a processor runs" in lag.line
        assert messages.line.startswith("warn  messages of channels: 0 wait, 1 were given up -> ")
        add_first_key(connection)
    assert check_keys(database).line == "ok    keys: 1 admin"
