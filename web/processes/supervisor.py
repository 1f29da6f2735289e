"""`rainbarrel serve`: starts the parts in order, keeps them alive, stops them in reverse order; does no work itself.

Order: ports, database, schema, front processes and a processor, and once all are ready the other processors. A stop
drains the front processes first, so that all they have accepted is committed, then the processors, then PostgreSQL.
"""

import dataclasses
import logging
import signal
import threading
import time
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING

from trace_store.access_keys import add_first_key, key_digest, new_key
from trace_store.connections import connect_sync
from trace_store.database_errors import translate_errors
from trace_store.embedded import EmbeddedPostgres
from trace_store.embedded.data_directory import DataDirectoryLock, make_data_dir
from trace_store.exceptions import EmbeddedServerError, RainbarrelError, StoreUnavailable
from trace_store.migrate import MigrationReport, migrate
from web.attach import tls_to
from web.processes import server_file
from web.processes.children import Backoff, Child, describe_end
from web.processes.greeting import greeting
from web.processes.ports import Ports, authority, needs_keys, open_ports
from web.processes.readiness import is_ready
from web.processes.server_file import ServerFile
from web.processes.shared_counts import counts_folder
from web.processes.standalone import read_tls
from web.rules.mapping_files import read_mapping_files
from web.settings import Settings, child_environment, unknown_variables
from web.version import program_version

if TYPE_CHECKING:
    from web.tls.files import TlsFiles

POLL_INTERVAL_S = 0.2
DATABASE_PATIENCE_S = 30.0
READY_PATIENCE_S = 60.0
PROCESSOR_STOP_S = 15.0  # deliveries under way have 10 s of it
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

log = logging.getLogger(__name__)


class Stopped(Exception):  # no error: somebody asked for it
    """A signal arrived before everything had started."""


class Supervisor:
    """One run of `serve`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._hurry = False
        self._own_key = new_key("admin")  # for the commands of our user, who alone can read server.json
        self._embedded: EmbeddedPostgres | None = None
        self._embedded_backoff = Backoff()
        self._embedded_retry_at: float | None = None
        self._embedded_up_at = time.monotonic()  # when it started, or started again after a failure

    def run(self) -> int:
        """Serve until a signal; the exit code. Raises RainbarrelError when something cannot start."""
        before = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        try:
            self._serve()
        except Stopped:
            log.info("stopped before everything had started")
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def _serve(self) -> None:
        settings = self._settings
        for sentence in unknown_variables():
            log.warning("%s", sentence)
        read_mapping_files(settings.mappings)  # a bad one is refused before anything starts
        tls = read_tls(settings)
        with ExitStack() as cleanup:
            ports = open_ports(settings.host, settings.http_port, settings.grpc_port)
            cleanup.callback(ports.close)
            conninfo = self._open_database(cleanup)
            report = self._migrate(conninfo)
            first_key = self._first_key(conninfo)
            server = self._server(ports, conninfo, report, tls)
            fronts, processors = self._fronts(ports, server), self._processors(server)
            cleanup.callback(self._stop_children, fronts, processors)
            first = [*fronts, processors[0]]
            for child in first:
                child.start()
            self._wait_until_ready(first, ports, server)
            for child in processors[1:]:
                child.start()
            server.write(settings.data_dir)
            cleanup.callback(server_file.remove, settings.data_dir)
            version = self._embedded.version if self._embedded else ""
            print(greeting(server, settings, version, first_key, tls), flush=True)  # noqa: T201
            self._watch([*fronts, *processors])

    def _open_database(self, cleanup: ExitStack) -> str:
        """The database's libpq URL; one Rainbarrel per data directory, with or without the embedded PostgreSQL."""
        settings = self._settings
        if settings.database_url:
            make_data_dir(settings.data_dir)
            lock = DataDirectoryLock(settings.data_dir)
            lock.acquire()
            cleanup.callback(lock.release)
            return settings.database_url
        self._embedded = EmbeddedPostgres(settings.data_dir)
        cleanup.callback(self._embedded.stop)
        conninfo = self._embedded.start()
        self._raise_if_stopped()
        return conninfo

    def _first_key(self, conninfo: str) -> str:
        """An admin key at the first start at an address where keys are needed; "" at every other start."""
        if not needs_keys(self._settings.host, insecure=self._settings.insecure):
            return ""
        with translate_errors(), connect_sync(conninfo, "rainbarrel keys") as connection:
            return add_first_key(connection) or ""

    def _migrate(self, conninfo: str) -> MigrationReport:
        """Brings the schema up to date; a database that starts at the same time as we do gets some patience."""
        deadline = time.monotonic() + DATABASE_PATIENCE_S
        told = False
        while True:
            try:
                report = migrate(conninfo)
            except StoreUnavailable as error:
                if time.monotonic() > deadline:
                    raise
                if not told:
                    log.warning("%s Trying again for %.0f s.", error, DATABASE_PATIENCE_S)
                    told = True
                self._stop.wait(1.0)
                self._raise_if_stopped()
                continue
            if report.applied:
                log.info("schema version %d (applied %s)", report.version, ", ".join(report.applied))
            return report

    def _fronts(self, ports: Ports, server: ServerFile) -> list[Child]:
        environment = child_environment(self._settings, server.database_url)
        descriptor = ports.http.fileno()
        arguments = ["front", "--http-fd", str(descriptor), "--grpc-port", str(ports.grpc_port)]
        arguments += ["--own-key-sha256", key_digest(self._own_key).hex()]
        if server.own_client_file:
            arguments += ["--own-client-file", server.own_client_file]
        counts = counts_folder(self._settings.data_dir)
        return [
            Child(
                f"front process {number}",
                [*arguments, "--counts-file", str(counts / f"{number}.json")],
                environment,
                (descriptor,),
            )
            for number in range(1, self._settings.workers + 1)
        ]

    def _processors(self, server: ServerFile) -> list[Child]:
        """The first also delivers messages and keeps the database tidy."""
        url = self._settings.public_url or server.url
        environment = child_environment(dataclasses.replace(self._settings, public_url=url), server.database_url)
        others = [
            Child(f"processor {number}", ["process", "--only-derives"], environment)
            for number in range(2, self._settings.processors + 1)
        ]
        return [Child("processor", ["process"], environment), *others]

    def _wait_until_ready(self, children: list[Child], ports: Ports, server: ServerFile) -> None:
        place = authority(self._settings.host, ports.http_port)
        tls = tls_to(self._settings, server)
        context = tls.context() if tls else None
        deadline = time.monotonic() + READY_PATIENCE_S
        while not (sentence := is_ready(place, context)).ok:
            self._raise_if_stopped()
            for child in children:
                if (code := child.exit_code()) is not None:
                    raise RainbarrelError(f"The {child.name} {describe_end(code)} at its start; it says why above.")
            if time.monotonic() > deadline:
                raise RainbarrelError(f"Nothing was ready within {READY_PATIENCE_S:.0f} s: {sentence.reason}")
            self._stop.wait(0.05)

    def _server(self, ports: Ports, conninfo: str, report: MigrationReport, tls: "TlsFiles | None") -> ServerFile:
        settings, host = self._settings, self._settings.host
        return ServerFile.of_this_process(
            version=program_version(),
            url=f"{settings.scheme}://{authority(host, ports.http_port)}",
            grpc_endpoint=f"{settings.scheme}://{authority(host, ports.grpc_port)}",
            database_url=conninfo,
            tier=report.tier.label,
            workers=self._settings.workers,
            own_key=self._own_key,
            certificate_file=str(tls.certificate_file) if tls else "",
            key_file=str(tls.key_file) if tls else "",
            own_client_file=_own_client_file(settings) if tls and tls.client_ca else "",
        )

    def _watch(self, children: list[Child]) -> None:
        while not self._stop.wait(POLL_INTERVAL_S):
            self._look_after_embedded()
            for child in children:
                child.look_after()

    def _look_after_embedded(self) -> None:
        """A server that cannot run (disk full) is tried again; meanwhile senders get retryable answers."""
        if self._embedded is None or time.monotonic() < (self._embedded_retry_at or 0.0):
            return
        try:
            if self._embedded_retry_at is None:
                self._embedded.poll()
            else:
                self._embedded.start()
                log.info("the embedded PostgreSQL runs again")
                self._embedded_up_at = time.monotonic()
            self._embedded_retry_at = None
        except EmbeddedServerError as error:
            lived_s = time.monotonic() - self._embedded_up_at if self._embedded_retry_at is None else 0.0
            delay_s = self._embedded_backoff.delay_s(lived_s)
            log.error("%s Trying again in %.1f s.", error, delay_s)  # a sentence, not a traceback
            self._embedded_retry_at = time.monotonic() + delay_s

    def _stop_children(self, fronts: list[Child], processors: list[Child]) -> None:
        self._stop_together(fronts, self._settings.drain_timeout_s + 5.0)
        self._stop_together(processors, PROCESSOR_STOP_S)

    def _stop_together(self, children: list[Child], patience_s: float) -> None:
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + patience_s
        while any(child.pid and child.exit_code() is None for child in children):
            if time.monotonic() > deadline or self._hurry:
                break
            time.sleep(0.02)
        for child in children:
            child.end()

    def _raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._stop.is_set():
            self._hurry = True  # asked twice: do not wait for requests under way
            return
        self._stop.set()
        log.info("%s: stopping; requests under way are finished first", signal.Signals(number).name)


def _own_client_file(settings: Settings) -> str:
    from web.tls.own_certificate import make_own_certificate  # what it needs takes a while to load

    return str(make_own_certificate(settings.data_dir))
