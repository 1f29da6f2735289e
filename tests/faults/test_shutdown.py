"""The server is asked to stop, or killed, under load: whatever it acknowledged is in its database afterwards."""

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psutil
import pytest

from tests.faults.retrying_sender import GrpcExporter, HttpExporter, make_request, retrying_senders
from tests.faults.running_receiver import running_receiver
from tests.faults.stored_spans import assert_each_is_stored_once
from tests.faults.wait_until import wait_until
from tests.fix_proxy import database_proxy
from tests.fix_server import running_server
from trace_store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.thorough

STOP_TIMEOUT_S = 20.0


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
    """A slow line keeps them under way for a second and more."""
    requests = [make_request(10, 100) for _ in range(8)]
    with database_proxy(database) as proxy, running_receiver(proxy.conninfo) as receiver:

        def send(number: int) -> str:
            exporter: HttpExporter | GrpcExporter
            exporter = GrpcExporter(receiver.grpc_endpoint, 15.0) if number % 2 else HttpExporter(receiver.url, 15.0)
            with closing(exporter):
                return exporter.send(requests[number][0])[0]

        assert send(0) == "acknowledged"  # the connection of the writer stands
        proxy.answer_delay_s = 0.1
        before = proxy.commands
        with ThreadPoolExecutor(len(requests)) as threads:
            answers = threads.map(send, range(1, len(requests)))
            wait_until(lambda: proxy.commands > before + 2, "the commit is under way")
            receiver.process.send_signal(signal.SIGTERM)
            assert set(answers) == {"acknowledged"}
        assert receiver.process.wait(STOP_TIMEOUT_S) == 0
    assert_each_is_stored_once(database, {key: otlp for _, spans in requests for key, otlp in spans.items()})


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
