"""The disk lets PostgreSQL read and not write: it ends, says why, and runs again once it may write.

Closed by permissions instead of a read-only mount, which would take rights that a test has not; PostgreSQL treats both
alike (errcode_for_file_access() in its elog.c), and the unit test has the words of a read-only mount.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import errors

from tests.faults.retrying_sender import retrying_senders
from tests.faults.stored_spans import assert_each_is_stored_once
from tests.faults.wait_until import wait_until
from tests.fix_server import RunningServer, running_server
from trace_store.database_errors import translate_errors
from trace_store.exceptions import SchemaMismatch, StoreReadOnly
from web.processes.server_file import read_running

pytestmark = pytest.mark.thorough


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with running_server() as started:
        yield started


def test_a_disk_that_may_not_be_written(server: RunningServer) -> None:
    said = read_running(server.data_dir)
    assert said is not None
    cluster = server.data_dir / "postgresql"
    with retrying_senders(server.url, server.grpc_endpoint) as senders:
        senders.wait_for_more(500)
        closed = close(cluster)
        try:
            psutil.Process(int((cluster / "postmaster.pid").read_text().split()[0])).kill()
            wait_until(lambda: "Permission denied" in server.get("/readyz").text, "/readyz names the cause")
            during = senders.sent.wait_for_both(time.monotonic())
        finally:
            for path, mode in closed.items():
                path.chmod(mode)
        wait_until(lambda: server.get("/readyz").status_code == 200, "the server is ready again")
        senders.wait_for_more(100)
        sent = senders.finish()
    assert {(answer.outcome, answer.retry_delay_s) for answer in during} == {("retryable", 1.0)}
    assert "Permission denied" in server.log.read_text()
    assert "Traceback" not in server.log.read_text()
    assert not sent.unanswered
    assert_each_is_stored_once(said.database_url, sent.acknowledged)


def close(cluster: Path) -> dict[Path, int]:
    """Take the right to write from the folders and WAL of a cluster; their modes from before."""
    modes = {path: path.stat().st_mode for path in (cluster / "pg_wal", cluster / "global", cluster)}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    return modes


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.InsufficientPrivilege('could not open file "base/5/2601": Read-only file system'), StoreReadOnly),
        (errors.InsufficientPrivilege('could not create directory "base/16": Permission denied'), StoreReadOnly),
        (errors.ReadOnlySqlTransaction("cannot execute COPY FROM in a read-only transaction"), StoreReadOnly),
        (errors.InsufficientPrivilege("permission denied for table spans"), SchemaMismatch),
    ],
)
def test_what_the_database_says_names_the_cause(error: psycopg.Error, expected: type[Exception]) -> None:
    with pytest.raises(expected), translate_errors():
        raise error
