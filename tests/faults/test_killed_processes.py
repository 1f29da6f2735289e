"""kill -9 under load, of each kind of process and of the database: nothing acknowledged is missing or there twice."""

import time
from collections.abc import Iterator

import psutil
import pytest

from tests.faults.retrying_sender import retrying_senders
from tests.faults.stored_spans import ask, assert_each_is_stored_once, count_spans
from tests.faults.wait_until import wait_until
from tests.faults.whole_database import wait_until_derived
from tests.fix_server import RunningServer, running_server
from web.processes.server_file import read_running


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server("--workers", "2", "--processors", "2") as started:
        yield started


@pytest.fixture(scope="module")
def conninfo(server: RunningServer) -> str:
    said = read_running(server.data_dir)
    assert said is not None
    return said.database_url


DERIVED = "SELECT coalesce(sum(span_count), 0)::bigint FROM rainbarrel.traces"


def has_role(child: psutil.Process, role: str) -> bool:
    try:
        return child.status() != psutil.STATUS_ZOMBIE and role in child.cmdline()
    except psutil.NoSuchProcess:  # it ended after it was listed
        return False


def front_processes(server: RunningServer) -> list[psutil.Process]:
    return running(server, "front")


def running(server: RunningServer, role: str) -> list[psutil.Process]:
    return [child for child in psutil.Process(server.process.pid).children() if has_role(child, role)]


def kill_database(server: RunningServer) -> bool:
    """Whether a database ran to be killed: its file names a process that ended, or is not there, while it is started
    again."""
    try:
        postmaster = int((server.data_dir / "postgresql" / "postmaster.pid").read_text().split()[0])
        psutil.Process(postmaster).kill()
    except (FileNotFoundError, IndexError, psutil.NoSuchProcess):
        return False
    return True


def is_ready(server: RunningServer) -> bool:
    return server.get("/readyz").status_code == 200


def test_killed_front_processes(server: RunningServer, conninfo: str) -> None:
    with retrying_senders(server.url, server.grpc_endpoint) as senders:
        for victims in (slice(0, 1), slice(1, 2), slice(0, 2)):  # one, the other, both
            senders.wait_for_more(500)
            wait_until(lambda: len(front_processes(server)) == 2, "both front processes run")
            for process in front_processes(server)[victims]:
                process.kill()
        senders.wait_for_more(500)
        sent = senders.finish()
    assert not sent.unanswered
    assert {"acknowledged", "no answer"} == {answer.outcome for answer in sent.answers}
    assert_each_is_stored_once(conninfo, sent.acknowledged)


def wait_for_more_derived(conninfo: str) -> None:
    before = ask(conninfo, DERIVED)
    wait_until(lambda: ask(conninfo, DERIVED) > before, "somebody derives")


@pytest.mark.thorough
def test_killed_processors(server: RunningServer, conninfo: str) -> None:
    """Each is killed once while both derive; what they held goes to whoever lives, and comes out once."""
    with retrying_senders(server.url, server.grpc_endpoint) as senders:
        for number in (0, 1):
            wait_until(lambda: len(running(server, "process")) == 2, "both processors run")
            senders.wait_for_more(500)
            running(server, "process")[number].kill()
            wait_for_more_derived(conninfo)
        sent = senders.finish()
    assert not sent.unanswered
    wait_until_derived(conninfo)
    assert ask(conninfo, DERIVED) == count_spans(conninfo)
    assert_each_is_stored_once(conninfo, sent.acknowledged)


def test_a_killed_database(server: RunningServer, conninfo: str) -> None:
    """The supervisor is held up, so that the outage lasts as long as the test needs."""
    supervisor = psutil.Process(server.process.pid)
    with retrying_senders(server.url, server.grpc_endpoint) as senders:
        senders.wait_for_more(500)
        supervisor.suspend()
        try:
            assert kill_database(server)
            # a backend survives its postmaster until it waits for something, and may commit what is under way
            wait_until(lambda: server.get("/readyz").status_code == 503, "the server says that it is not ready")
            moment = time.monotonic()
            during = senders.sent.wait_for_both(moment)
            said = server.get("/readyz")
        finally:
            supervisor.resume()
        wait_until(lambda: is_ready(server), "the server is ready again")
        senders.wait_for_more(500)
        sent = senders.finish()
    assert (said.status_code, "cannot be reached" in said.json()["reason"]) == (503, True), said.text
    assert {(answer.outcome, answer.retry_delay_s) for answer in during} == {("retryable", 1.0)}
    assert {answer.status for answer in during} == {"503", "UNAVAILABLE"}
    assert max(answer.took_s for answer in during) < 30.0  # at once, and not after the 60 s that a commit may take
    assert not sent.unanswered
    assert_each_is_stored_once(conninfo, sent.acknowledged)


def test_a_database_killed_again_and_again(server: RunningServer, conninfo: str) -> None:
    with retrying_senders(server.url, server.grpc_endpoint, spans=100) as senders:
        for _ in range(3):
            senders.wait_for_more(1000)
            wait_until(lambda: kill_database(server), "a database runs to be killed")
        senders.wait_for_more(1000)
        sent = senders.finish()
    assert not sent.unanswered
    assert {answer.outcome for answer in sent.answers} == {"acknowledged", "retryable"}
    assert_each_is_stored_once(conninfo, sent.acknowledged)
