"""A database that is there and refuses: read-only, no connection left. The cause is named, and it goes on by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.faults.retrying_sender import retrying_senders
from tests.faults.running_receiver import Receiver, running_receiver
from tests.faults.stored_spans import assert_each_is_stored_once
from tests.faults.wait_until import wait_until
from tests.fix_proxy import DatabaseProxy, database_proxy

pytestmark = pytest.mark.thorough

CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
)


@pytest.fixture
def proxy(database: str) -> Iterator[DatabaseProxy]:
    with database_proxy(database) as started:
        yield started


@pytest.fixture
def receiver(proxy: DatabaseProxy) -> Iterator[Receiver]:
    with running_receiver(proxy.conninfo) as started:
        yield started


def refuse_and_go_on(
    database: str, receiver: Receiver, cause: str, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Under load: everybody is told the cause and when to come back, and afterwards everything is there once."""
    with retrying_senders(receiver.url, receiver.grpc_endpoint) as senders:
        senders.wait_for_more(100)
        begin()
        wait_until(lambda: cause in receiver.readiness().text, "/readyz names the cause")
        # an answer may still tell of the failure before, as long as the database is left alone after that
        wait_until(lambda: any(cause in answer.text for answer in list(senders.sent.answers)), "senders are told it")
        moment = time.monotonic()
        during = senders.sent.wait_for_both(moment)
        end()
        wait_until(lambda: receiver.readiness().status_code == 200, "the receiver is ready again")
        sent = senders.finish()
    assert {answer.outcome for answer in during} == {"retryable"}
    assert all(cause in answer.text and answer.retry_delay_s for answer in during), during
    assert not sent.unanswered
    assert_each_is_stored_once(database, sent.acknowledged)


def test_a_database_that_can_only_be_read(database: str, proxy: DatabaseProxy, receiver: Receiver) -> None:
    """As a standby says it, and a server whose disk turned read-only and that was switched to reading."""

    def set_read_only(value: str) -> None:
        statement = f"ALTER DATABASE {conninfo_to_dict(database)['dbname']} SET default_transaction_read_only = {value}"
        with psycopg.connect(make_conninfo(database, dbname="postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())
        proxy.cut()

    refuse_and_go_on(database, receiver, "can only be read", lambda: set_read_only("on"), lambda: set_read_only("off"))


def test_no_connection_is_left(database: str, proxy: DatabaseProxy, receiver: Receiver) -> None:
    with ExitStack() as taken:

        def take_all() -> None:
            proxy.refuse()  # who was connected is not again before nothing is left
            first = taken.enter_context(psycopg.connect(database, autocommit=True))
            count = 1
            while True:
                with suppress(psycopg.OperationalError):
                    while True:
                        taken.enter_context(psycopg.connect(database))
                        count += 1
                ((there,),) = first.execute(CONNECTIONS).fetchall()
                if there == count:  # those that were cut have ended, too, and left their places to nobody
                    break
            proxy.accept()

        refuse_and_go_on(database, receiver, "too many clients", take_all, taken.close)
