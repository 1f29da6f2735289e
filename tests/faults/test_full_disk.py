"""No space left, on the real server under load: retryable answers, a clear reason, and it goes on once there is."""

import time
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from tests.faults.file_size_limit import TABLES_FULL_BYTES, WAL_FULL_BYTES, limit_files
from tests.faults.retrying_sender import Answer, retrying_senders
from tests.faults.stored_spans import assert_each_is_stored_once
from tests.faults.wait_until import wait_until
from tests.fix_server import RunningServer, running_server
from web.processes.server_file import read_running

FULL = "The database has no disk space left"


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with running_server("--workers", "2") as started:
        yield started


@pytest.fixture
def conninfo(server: RunningServer) -> str:
    said = read_running(server.data_dir)
    assert said is not None
    return said.database_url


def send_more(conninfo: str) -> None:
    """Go on to the next WAL segment, as much more load would do."""
    with suppress(psycopg.Error), psycopg.connect(conninfo, autocommit=True) as connection:
        while True:
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("SELECT pg_logical_emit_message(true, 'test', 'x')")


def answers_while_full(server: RunningServer, conninfo: str, bytes_max: int, in_log: str) -> list[Answer]:
    with retrying_senders(server.url, server.grpc_endpoint, spans=100, text_bytes=4000) as senders:
        senders.wait_for_more(3000)
        limit_files(server.process.pid, bytes_max)
        if bytes_max == WAL_FULL_BYTES:
            send_more(conninfo)
        wait_until(lambda: in_log in server.log.read_text(), "the log says why nothing is stored")
        wait_until(lambda: FULL in server.get("/readyz").text, "/readyz says why nothing is stored")
        moment = time.monotonic()
        wait_until(
            lambda: any(answer.outcome == "retryable" for answer in senders.sent.since(moment)), "senders are told so"
        )
        during = senders.sent.wait_for_both(moment)
        limit_files(server.process.pid, None)
        wait_until(lambda: server.get("/readyz").status_code == 200, "the server is ready again")
        sent = senders.finish()
    assert not sent.unanswered
    assert_each_is_stored_once(conninfo, sent.acknowledged)
    return during


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("bytes_max", "in_log"),
    [(TABLES_FULL_BYTES, FULL), (WAL_FULL_BYTES, "postgresql has no disk space left")],
    ids=["tables", "WAL"],
)
def test_a_full_disk(server: RunningServer, conninfo: str, bytes_max: int, in_log: str) -> None:
    """With a full WAL PostgreSQL ends, and cannot start before there is space.

    What still fits (a start may find room in a segment that it has) is acknowledged, and then it is stored.
    """
    during = answers_while_full(server, conninfo, bytes_max, in_log)
    refused = [answer for answer in during if answer.outcome != "acknowledged"]
    assert {(answer.outcome, answer.retry_delay_s) for answer in refused} == {("retryable", 1.0)}
    assert max(answer.took_s for answer in during) < 30.0, "answered at once, not when a timeout is over"
    assert "Traceback" not in server.log.read_text()
