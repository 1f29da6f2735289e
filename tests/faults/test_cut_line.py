"""The line to the database is cut, refused and slow: every acknowledged span is stored once, and nobody waits for ever."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.faults.retrying_sender import HttpExporter, make_request, retrying_senders
from tests.faults.running_receiver import Receiver, running_receiver
from tests.faults.stored_spans import assert_each_is_stored_once, duplicates_by_receipts, wait_until
from tests.fix_proxy import DatabaseProxy, database_proxy


@pytest.fixture
def proxy(database):
    with database_proxy(database) as started:
        yield started


@pytest.fixture
def receiver(proxy):
    with running_receiver(proxy.conninfo) as started:
        yield started


def send_once(url: str, body: bytes) -> str:
    with closing(HttpExporter(url, 15.0)) as exporter:
        return exporter.send(body)[0]


@pytest.mark.parametrize("cuts", [["before"] * 3, ["after"] * 3, ["after", "before", "after"]], ids=lambda cuts: " ".join(cuts))
def test_a_line_cut_at_commit(database, proxy: DatabaseProxy, receiver: Receiver, cuts) -> None:
    with retrying_senders(receiver.url, receiver.grpc_endpoint) as senders:
        wait_until(lambda: len(senders.sent.acknowledged) > 200, "the load runs")
        proxy.cut_at_commits(*cuts)
        wait_until(lambda: not proxy.commit_cuts_left, "every cut happened")
        moment = time.monotonic()
        wait_until(lambda: any(a.outcome == "acknowledged" for a in senders.sent.since(moment)), "spans are stored again")
        sent = senders.finish()
    assert not sent.unanswered
    told = [answer for answer in sent.answers if answer.outcome != "acknowledged"]
    assert {answer.outcome for answer in told} == {"retryable"}  # a sentence for the sender, not a lost connection
    assert {answer.status for answer in told} <= {"503", "UNAVAILABLE"}
    assert all(answer.retry_delay_s for answer in told)
    assert_each_is_stored_once(database, sent.acknowledged)
    assert (duplicates_by_receipts(database) > 0) == ("after" in cuts)


def test_a_line_cut_at_any_moment(database, proxy: DatabaseProxy, receiver: Receiver) -> None:
    with retrying_senders(receiver.url, receiver.grpc_endpoint, spans=200) as senders:
        for _ in range(4):
            before = len(senders.sent.acknowledged)
            wait_until(lambda before=before: len(senders.sent.acknowledged) > before + 1000, "the load runs")
            proxy.cut()
        sent = senders.finish()
    assert not sent.unanswered
    assert {answer.outcome for answer in sent.answers} == {"acknowledged", "retryable"}
    assert_each_is_stored_once(database, sent.acknowledged)


def test_a_database_that_refuses_connections(database, proxy: DatabaseProxy, receiver: Receiver) -> None:
    with retrying_senders(receiver.url, receiver.grpc_endpoint) as senders:
        wait_until(lambda: senders.sent.acknowledged, "the load runs")
        proxy.refuse()
        moment = time.monotonic()
        wait_until(lambda: {a.protocol for a in senders.sent.since(moment)} == {"http", "grpc"}, "both are answered")
        wait_until(lambda: receiver.readiness().status_code == 503, "the receiver says that it is not ready")
        assert "The database cannot be reached right now" in receiver.readiness().json()["reason"]
        during = senders.sent.since(moment)
        proxy.accept()
        wait_until(lambda: receiver.readiness().status_code == 200, "the receiver is ready again")
        sent = senders.finish()
    assert {(answer.outcome, answer.retry_delay_s) for answer in during} == {("retryable", 1.0)}
    assert all("cannot be reached" in answer.text for answer in during)
    assert max(answer.took_s for answer in during) < 2.0
    assert not sent.unanswered
    assert_each_is_stored_once(database, sent.acknowledged)


def test_a_slow_line_is_shared_by_all_that_wait(database, proxy: DatabaseProxy, receiver: Receiver) -> None:
    """A commit takes many round trips; on a line with 50 ms each, requests must not queue up one by one."""
    proxy.answer_delay_s = 0.05
    bodies = [make_request(5, 100) for _ in range(64)]
    with ThreadPoolExecutor(len(bodies)) as threads:
        begin = time.monotonic()
        answers = list(threads.map(lambda each: send_once(receiver.url, each[0]), bodies))
        took_s = time.monotonic() - begin
    assert set(answers) == {"acknowledged"}
    assert took_s < 64 * 0.05  # less than one round trip for each
    assert_each_is_stored_once(database, {key: otlp for _, spans in bodies for key, otlp in spans.items()})
