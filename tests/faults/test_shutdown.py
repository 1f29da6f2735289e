"""The server is asked to stop, or killed, under load: whatever it acknowledged is in its database afterwards."""

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import psutil
import psycopg
import pytest

from otlp_receiver.decode import decode
from tests.faults.retrying_sender import GrpcExporter, HttpExporter, make_request, retrying_senders
from tests.faults.running_receiver import Receiver, running_receiver
from tests.faults.stored_spans import assert_each_is_stored_once
from tests.faults.wait_until import wait_until
from tests.fix_server import running_server
from trace_store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.thorough

STOP_TIMEOUT_S = 120.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_the_end_under_load(number: signal.Signals) -> None:
    with running_server("--workers", "2") as server:
        family = psutil.Process(server.process.pid).children(recursive=True)
        with retrying_senders(server.url, server.grpc_endpoint, spans=100) as senders:
            senders.wait_for_more(3000)
            server.process.send_signal(number)
            code = server.process.wait(STOP_TIMEOUT_S)
            sent = senders.give_up()
        assert code == (0 if number is signal.SIGTERM else -number)
        wait_until(lambda: not any(is_alive(process) for process in family), "every process ended")
        assert {answer.outcome for answer in sent.answers} <= {"acknowledged", "retryable", "no answer"}
        database = EmbeddedPostgres(server.data_dir)
        assert_each_is_stored_once(database.start(), sent.acknowledged)
        database.stop()


def test_requests_under_way_are_answered_before_the_end(database: str) -> None:
    """A lock keeps them under way until the receiver stops to take new ones."""
    requests = [make_request(10, 100) for _ in range(8)]
    sizes = [decode("traces", body, "protobuf", 1).memory_bytes for body, _ in requests]
    with running_receiver(database) as receiver, ThreadPoolExecutor(len(requests)) as threads:

        def send(number: int) -> str:
            exporter: HttpExporter | GrpcExporter
            exporter = GrpcExporter(receiver.grpc_endpoint, 180.0) if number % 2 else HttpExporter(receiver.url, 180.0)
            with closing(exporter):
                return exporter.send(requests[number][0])[0]

        with psycopg.connect(database) as other:
            other.execute("LOCK TABLE rainbarrel.spans IN EXCLUSIVE MODE")
            answers = threads.map(send, range(len(requests)))
            wait_until(lambda: waiting_bytes(receiver) == sum(sizes), "all wait for their commit")
            receiver.process.send_signal(signal.SIGTERM)
            wait_until(lambda: is_stopping(receiver), "the receiver stops")
        assert set(answers) == {"acknowledged"}
        assert receiver.process.wait(STOP_TIMEOUT_S) == 0
    assert_each_is_stored_once(database, {key: otlp for _, spans in requests for key, otlp in spans.items()})


def waiting_bytes(receiver: Receiver) -> int:
    """What the commit queue of a receiver holds."""
    said = httpx.get(f"{receiver.url}/metrics", timeout=60).text
    found = re.search(r"^rainbarrel_queue_bytes (\d+)$", said, re.MULTILINE)
    return int(found[1]) if found else 0


def is_stopping(receiver: Receiver) -> bool:
    try:
        return "is stopping" in receiver.readiness().text
    except httpx.TransportError:  # it takes no connections any more
        return True


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
