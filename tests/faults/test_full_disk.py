"""No space left, on the real server under load: retryable answers, a clear reason, and it goes on once there is space."""

import time

import pytest

from tests.faults.file_size_limit import TABLES_FULL_BYTES, WAL_FULL_BYTES, limit_files
from tests.faults.retrying_sender import retrying_senders
from tests.faults.stored_spans import assert_each_is_stored_once, wait_until
from tests.fix_server import running_server
from web.server_file import read_running

FULL = "The database has no disk space left"


@pytest.mark.parametrize("bytes_max", [TABLES_FULL_BYTES, WAL_FULL_BYTES], ids=["tables", "WAL"])
def test_a_full_disk(bytes_max: int) -> None:
    """With a full WAL PostgreSQL ends, and cannot start before there is space."""
    with running_server("--workers", "2") as server:
        said = read_running(server.data_dir)
        assert said is not None
        with retrying_senders(server.url, server.grpc_endpoint, spans=100, text_bytes=4000) as senders:
            wait_until(lambda: len(senders.sent.acknowledged) > 3000, "the load runs")
            limit_files(server.process.pid, bytes_max)
            wait_until(lambda: FULL in server.get("/readyz").text, "/readyz says why nothing is stored")
            moment = time.monotonic()
            for protocol in ("http", "grpc"):
                wait_until(
                    lambda protocol=protocol: any(a.protocol == protocol for a in senders.sent.since(moment)),
                    f"requests over {protocol} are answered",
                )
            during = senders.sent.since(moment)
            limit_files(server.process.pid, None)
            wait_until(lambda: server.get("/readyz").status_code == 200, "the server is ready again")
            sent = senders.finish()
        assert {(answer.outcome, answer.retry_delay_s) for answer in during} == {("retryable", 1.0)}
        assert max(answer.took_s for answer in during) < 2.0
        log = server.log.read_text()
        assert FULL in log or "has no disk space left" in log
        assert "Traceback" not in log
        assert not sent.unanswered
        assert_each_is_stored_once(said.database_url, sent.acknowledged)
