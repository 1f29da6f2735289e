"""What tests of crashes play in: a PostgreSQL of its own that may be killed, databases, an endpoint for messages."""

import asyncio
import http.server
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.faults.stored_spans import ask
from tests.faults.wait_until import wait_until
from tool_errors.delivery.channel_config import read_config
from trace_store.alerts.alert_store import AlertStore
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.connections import make_pool
from trace_store.embedded import EmbeddedPostgres
from trace_store.exceptions import EmbeddedServerError
from trace_store.migrate import migrate

UNTOLD = """
SELECT (SELECT count(*) FROM rainbarrel.outbox WHERE delivered_at IS NULL)
     + (SELECT count(*) FROM rainbarrel.findings WHERE end_unix_nano > (extract(epoch FROM now()) - 80000) * 1e9)
     - (SELECT count(*) FROM rainbarrel.alert_firings)
"""  # the rule tells of what ended within a day
END_LEASES = (
    "UPDATE rainbarrel.outbox SET next_attempt_at = now() WHERE delivered_at IS NULL AND next_attempt_at > now()"
)


class Hook:
    """A webhook that takes everything and remembers the ids of deliveries."""

    def __init__(self) -> None:
        self.delivery_ids: list[str] = []
        taken = self.delivery_ids

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                taken.append(self.headers["rainbarrel-delivery"])
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class CrashWorld:
    """One server with its databases, which `kill_database` may kill at any moment, and what was delivered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hook = Hook()
        self._numbers = count()
        self._postgres = EmbeddedPostgres(folder / "data")
        self.url = self._postgres.start()
        self._template = ""

    def close(self) -> None:
        self._postgres.stop()
        self.hook.close()

    def new_log(self, role: str) -> Path:
        return self.folder / f"{role}.{next(self._numbers)}.log"

    def create(self, template: str = "template0") -> str:
        """A new database; the connection string."""
        name = f"run_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return make_conninfo(self.url, dbname=name)

    def create_migrated(self) -> str:
        """A new database with a rule that tells of each failing call."""
        if not self._template:
            made = self.create()
            migrate(made)
            asyncio.run(self._add_rule(made))
            self._template = name_of(made)
        return self.create(self._template)

    async def _add_rule(self, conninfo: str) -> None:
        async with make_pool(conninfo, "test", 1) as pool:
            config = read_config("webhook", {"url": self.hook.url, "secret": "a secret of the receiver"})
            channel_id = await ChannelStore(pool).add(1, "webhook", "hook", config, Notices())
            await AlertStore(pool).add(1, "each", {"kind": "match"}, [channel_id])

    def kill_database(self) -> None:
        """kill -9 of the postmaster; up again when this returns."""
        pid = int((self.folder / "data" / "postgresql" / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        process.kill()
        wait_until(lambda: has_ended(process), "PostgreSQL ended")
        wait_until(self._is_up, "PostgreSQL is up again")

    def _is_up(self) -> bool:
        try:
            self._postgres.poll()
            return ask(self.url, "SELECT 1") == 1
        except (psycopg.OperationalError, EmbeddedServerError):  # tried again, as `serve` does
            return False


def has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # between the two questions
        return True


def name_of(conninfo: str) -> str:
    """The database that a connection string names."""
    return str(conninfo_to_dict(conninfo)["dbname"])


def end_leases(conninfo: str) -> None:
    """What a processor that died had begun to deliver is due now and not in a minute; only while none is running."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(END_LEASES)


def wait_for_deliveries(conninfo: str, timeout_s: float = 240.0) -> None:
    """Returns once every failing call of today is told and delivered."""
    wait_until(lambda: not ask(conninfo, UNTOLD), "everything is told", timeout_s)


@contextmanager
def crash_world() -> Iterator[CrashWorld]:
    folder = Path(tempfile.mkdtemp(prefix="rainbarrel-"))
    folder.chmod(0o755)  # root's embedded PostgreSQL runs as another user, who has to pass through
    world = CrashWorld(folder)
    try:
        yield world
    finally:
        world.close()
        shutil.rmtree(folder)
