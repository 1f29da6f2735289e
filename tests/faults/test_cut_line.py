"""The line to the database is cut, refused, slow: acknowledged spans are stored once, and nobody waits for ever."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.faults.retrying_sender import HttpExporter, Sent, make_request, retrying_senders
from tests.faults.running_receiver import Receiver, running_receiver
from tests.faults.stored_spans import assert_each_is_stored_once, duplicates_by_receipts
from tests.faults.wait_until import wait_until
from tests.fix_proxy import CommitCut, DatabaseProxy, database_proxy


@pytest.fixture
def proxy(database: str) -> Iterator[DatabaseProxy]:
    with database_proxy(database) as started:
        yield started


@pytest.fixture
def receiver(proxy: DatabaseProxy) -> Iterator[Receiver]:
    with running_receiver(proxy.conninfo) as started:
        yield started


def acknowledged_since(sent: Sent, moment: float) -> bool:
    return any(answer.outcome == "acknowledged" for answer in sent.since(moment))


def send_once(url: str, body: bytes) -> str:
    with closing(HttpExporter(url, 120.0)) as exporter:
        return exporter.send(body)[0]


@pytest.mark.parametrize("cut", ["before", "after"])
def test_one_cut_at_commit_is_not_seen_by_senders(
    database: str, proxy: DatabaseProxy, receiver: Receiver, cut: CommitCut
) -> None:
    with retrying_senders(receiver.url, receiver.grpc_endpoint) as senders:
        senders.wait_for_more(200)
        proxy.cut_at_commits(cut)
        wait_until(lambda: not proxy.commit_cuts_left, "the cut happened")
        sent = senders.finish()
    assert {answer.outcome for answer in sent.answers} == {"acknowledged"}
    assert_each_is_stored_once(database, sent.acknowledged)
    assert (duplicates_by_receipts(database) > 0) == (cut == "after")


@pytest.mark.parametrize(
    "cuts", [["before"] * 3, ["after"] * 3, ["after", "before", "after"]], ids=lambda cuts: " ".join(cuts)
)
def test_a_line_cut_at_every_attempt(
    database: str, proxy: DatabaseProxy, receiver: Receiver, cuts: list[CommitCut]
) -> None:
    with retrying_senders(receiver.url, receiver.grpc_endpoint) as senders:
        senders.wait_for_more(200)
        proxy.cut_at_commits(*cuts)
        wait_until(lambda: not proxy.commit_cuts_left, "every cut happened")
        moment = time.monotonic()
        wait_until(lambda: acknowledged_since(senders.sent, moment), "spans are stored again")
        sent = senders.finish()
    assert not sent.unanswered
    told = [answer for answer in sent.answers if answer.outcome != "acknowledged"]
    assert {answer.outcome for answer in told} == {"retryable"}  # a sentence for the sender, not a lost connection
    assert {answer.status for answer in told} <= {"503", "UNAVAILABLE"}
    assert all(answer.retry_delay_s for answer in told)
    assert_each_is_stored_once(database, sent.acknowledged)
    assert (duplicates_by_receipts(database) > 0) == ("after" in cuts)


def test_a_line_cut_at_any_moment(database: str, proxy: DatabaseProxy, receiver: Receiver) -> None:
    with retrying_senders(receiver.url, receiver.grpc_endpoint, spans=200) as senders:
        for _ in range(4):
            senders.wait_for_more(1000)
            proxy.cut()
        sent = senders.finish()
    assert not sent.unanswered
    assert {answer.outcome for answer in sent.answers} <= {"acknowledged", "retryable"}
    assert_each_is_stored_once(database, sent.acknowledged)


def test_a_database_that_refuses_connections(database: str, proxy: DatabaseProxy, receiver: Receiver) -> None:
    with retrying_senders(receiver.url, receiver.grpc_endpoint) as senders:
        senders.wait_for_more(1)
        proxy.refuse()
        moment = time.monotonic()
        senders.sent.wait_for_both(moment)
        wait_until(lambda: receiver.readiness().status_code == 503, "the receiver says that it is not ready")
        assert "The database cannot be reached right now" in receiver.readiness().json()["reason"]
        during = senders.sent.since(moment)
        proxy.accept()
        wait_until(lambda: receiver.readiness().status_code == 200, "the receiver is ready again")
        sent = senders.finish()
    assert {(answer.outcome, answer.retry_delay_s) for answer in during} == {("retryable", 1.0)}
    assert all("cannot be reached" in answer.text for answer in during)
    assert max(answer.took_s for answer in during) < 30.0  # at once, and not after the 60 s that a commit may take
    assert not sent.unanswered
    assert_each_is_stored_once(database, sent.acknowledged)


def test_a_slow_line_is_shared_by_all_that_wait(database: str, proxy: DatabaseProxy, receiver: Receiver) -> None:
    """A commit takes many round trips; on a line where each takes long, requests must not queue up one by one."""
    proxy.answer_delay_s = 0.2
    bodies = [make_request(5, 100) for _ in range(64)]
    before = proxy.commands
    with ThreadPoolExecutor(len(bodies)) as threads:
        answers = list(threads.map(lambda each: send_once(receiver.url, each[0]), bodies))
    assert set(answers) == {"acknowledged"}
    assert proxy.commands - before < 3 * 64  # each alone would take about ten round trips
    assert_each_is_stored_once(database, {key: otlp for _, spans in bodies for key, otlp in spans.items()})
