"""The server is asked to stop, or killed, under load: whatever it acknowledged is in its database afterwards."""

import signal
import time

import psutil
import pytest

from tests.faults.retrying_sender import retrying_senders
from tests.faults.stored_spans import assert_each_is_stored_once, wait_until
from tests.fix_server import running_server
from trace_store.embedded import EmbeddedPostgres


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_the_end_under_load(number: signal.Signals) -> None:
    with running_server("--workers", "2") as server:
        family = psutil.Process(server.process.pid).children(recursive=True)
        with retrying_senders(server.url, server.grpc_endpoint, each=3, spans=100) as senders:
            wait_until(lambda: len(senders.sent.acknowledged) > 3000, "the load runs")
            server.process.send_signal(number)
            moment = time.monotonic()
            code = server.process.wait(20)
            took_s = time.monotonic() - moment
            sent = senders.give_up()
        print(took_s, sorted({(a.protocol, a.outcome, a.status, a.text[:80]) for a in sent.since(moment)}), [(a.protocol, a.outcome,a.status,a.text, a.took_s) for a in sent.answers if a.ended_at>moment and a.ended_at-a.took_s<moment])
        assert code == (0 if number is signal.SIGTERM else -signal.SIGKILL)
        wait_until(lambda: not any(is_alive(process) for process in family), "every process ended")
        database = EmbeddedPostgres(server.data_dir)
        assert_each_is_stored_once(database.start(), sent.acknowledged)
        database.stop()
        print(server.log.read_text())


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
