"""How the supervisor treats its children and tells others about itself."""

import signal
from dataclasses import replace

import pytest

from trace_store.embedded.data_directory import DataDirectoryLock
from web.processes.children import RESTART_DELAY_S_MAX, STABLE_AFTER_S, Backoff, describe_end
from web.processes.server_file import ServerFile, read_running, remove


def test_quick_ends_wait_longer_and_longer_but_not_forever():
    backoff = Backoff()
    delays = [backoff.delay_s(0.1) for _ in range(40)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert delays == sorted(delays)
    assert delays[-1] == RESTART_DELAY_S_MAX


def test_a_stable_life_is_rewarded():
    backoff = Backoff()
    for _ in range(5):
        backoff.delay_s(0.1)
    assert backoff.delay_s(STABLE_AFTER_S) == 0.5


@pytest.mark.parametrize(
    ("code", "text"),
    [(1, "ended with exit code 1"), (-signal.SIGKILL, "was killed by SIGKILL"), (-77, "was killed by signal 77")],
)
def test_the_end_of_a_child_in_words(code, text):
    assert describe_end(code) == text


@pytest.fixture
def server():
    return ServerFile.of_this_process(
        version="1", url="http://127.0.0.1:1", grpc_endpoint="http://127.0.0.1:2", database_url="x", tier="y", workers=1
    )


def test_a_running_server_is_found_and_its_file_is_private(tmp_path, server):
    lock = DataDirectoryLock(tmp_path)
    lock.acquire()
    server.write(tmp_path)
    assert read_running(tmp_path) == server
    assert (tmp_path / "server.json").stat().st_mode & 0o777 == 0o600
    lock.release()
    assert read_running(tmp_path) is None  # its pid lives, but it does not hold the data directory
    remove(tmp_path)
    assert not (tmp_path / "server.json").exists()


def test_the_file_of_a_dead_server_is_not_believed(tmp_path, server):
    lock = DataDirectoryLock(tmp_path)
    lock.acquire()  # somebody else holds the directory now
    replace(server, pid=1).write(tmp_path)
    assert read_running(tmp_path) is None
    lock.release()
    (tmp_path / "server.json").write_text("{")
    assert read_running(tmp_path) is None
