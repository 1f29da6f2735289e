"""The embedded PostgreSQL server: start, watch, stop."""

import contextlib
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from trace_store.disk_full import says_disk_full
from trace_store.embedded import guard
from trace_store.embedded.binaries import Binaries, find_binaries, runnable_binaries
from trace_store.embedded.cluster import (
    SETTINGS_FILE,
    cluster_folder,
    create_cluster,
    last_lines,
    password_file,
    require_usable,
)
from trace_store.embedded.configuration import Address, choose_address, settings_text
from trace_store.embedded.data_directory import DataDirectoryLock, make_data_dir, open_own_file, write_own_file
from trace_store.embedded.leftovers import clear_leftovers
from trace_store.embedded.privileges import ENVIRONMENT, ServerUser, choose_user
from trace_store.exceptions import EmbeddedServerError

LOG_BYTES_MAX = 16 * 1024 * 1024
# A server that recovers from its WAL answers late but lives: patience as long as its process does.
RECOVERY_TIMEOUT_S = 600.0
READY_INTERVAL_S = 0.005

log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """One PostgreSQL server on one data directory, alive exactly as long as this process wants it.

    Promises: the data directory has one holder; the server ends with this process, even after kill -9; only this user
    and root can connect; nothing outside the data directory is written or changes its mode. `start`, `poll` and
    `stop` are called by one thread at a time.
    """

    def __init__(self, data_dir: Path, *, major: int = 18, fast_shutdown_s: float = 30.0) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.log_file = self.data_dir / "postgresql.log"
        self._cluster = cluster_folder(self.data_dir)
        self._major = major
        self._fast_shutdown_s = fast_shutdown_s
        self._lock = DataDirectoryLock(self.data_dir)
        self._address: Address | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._version = ""

    @property
    def version(self) -> str:
        """PostgreSQL's version, such as "18.4"; empty before the first start."""
        return self._version

    def start(self) -> str:
        """Start the server, making the cluster first if there is none; returns its libpq URL once it accepts queries.

        A server that runs already is left alone.

        Raises DataDirectoryInUse, or EmbeddedServerError saying what is wrong and what to do. When a server that ran
        before cannot start again, the data directory stays ours until `stop`.
        """
        if self._guard is not None and self._address is not None:
            self.poll()
            return self._address.url(password_file(self.data_dir))
        found = find_binaries(self._major)
        make_data_dir(self.data_dir)
        is_first = self._lock.acquire()
        try:
            user = choose_user(self._cluster)
            user.require_access(self.data_dir)
            binaries = runnable_binaries(found, user, self.data_dir)
            self._version = self._version or _version(binaries, user)
            if self._cluster.exists():
                require_usable(self.data_dir, self._major)
                clear_leftovers(self._cluster)
            else:
                log.info("Creating a PostgreSQL %s cluster in %s", self._version, self._cluster)
                create_cluster(self.data_dir, binaries, user)
            self._address = self._address or choose_address(self._cluster)
            write_own_file(self.data_dir / SETTINGS_FILE, settings_text(self._address), 0o644)
            self._launch(binaries, user)
            return self._address.url(password_file(self.data_dir))
        except BaseException as error:
            if self._guard is not None:
                self._close_guard()
            if is_first:
                self._lock.release()
            if isinstance(error, OSError):
                message = f"The embedded PostgreSQL in {self.data_dir} cannot start: {error}."
                raise EmbeddedServerError(message) from error
            raise

    def poll(self) -> None:
        """Look after the server: a dead one is started again at the same address (returns once it is up).

        Cheap while it lives, meant to be called every fraction of a second. Raises EmbeddedServerError.
        """
        if self._guard is None:
            raise EmbeddedServerError("The embedded PostgreSQL was not started.")
        code = self._guard.poll()
        if code is None:
            self._limit_log()
            return
        log.warning("The embedded PostgreSQL ended unexpectedly (exit code %d); starting it again", code)
        self._close_guard()
        self.start()

    def stop(self) -> None:
        """Stop the server (fast, after `fast_shutdown_s` immediate shutdown) and give the data directory free."""
        if self._guard is not None:
            self._close_guard()
        self._lock.release()

    def _launch(self, binaries: Binaries, user: ServerUser) -> None:
        self._limit_log()
        log_descriptor = open_own_file(self.log_file, os.O_WRONLY | os.O_APPEND)
        log_start = os.fstat(log_descriptor).st_size
        arguments = [str(os.getpid()), str(user.uid), str(user.gid), str(self._fast_shutdown_s)]
        command = [
            sys.executable,
            "-I",
            "-S",
            guard.__file__,
            *arguments,
            str(binaries.postgres),
            "-D",
            str(self._cluster),
        ]
        try:
            # Its own session: Ctrl-C in our terminal must not stop the server before we have drained.
            self._guard = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log_descriptor,
                stderr=log_descriptor,
                env=ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(log_descriptor)
        self._wait_until_ready(log_start)

    def _wait_until_ready(self, log_start: int) -> None:
        assert self._guard is not None
        begin = time.monotonic()
        told = False
        while not self._ready():
            waited_s = time.monotonic() - begin
            if (code := self._guard.poll()) is not None:
                with self.log_file.open(errors="replace") as file:
                    file.seek(log_start)
                    said = last_lines(file.read())
                why = "has no disk space left" if says_disk_full(said) else "ended at its start"
                raise EmbeddedServerError(f"PostgreSQL in {self._cluster} {why} (exit code {code}): {said}")
            if waited_s > RECOVERY_TIMEOUT_S:
                raise EmbeddedServerError(f"PostgreSQL did not get ready in {waited_s:.0f} s; see {self.log_file}.")
            if waited_s > 5.0 and not told:
                log.info("PostgreSQL recovers from an unclean end; see %s", self.log_file)
                told = True
            time.sleep(READY_INTERVAL_S)

    def _ready(self) -> bool:
        """The postmaster says so in the last line of its pid file, which is its own: stale ones were removed before."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _close_guard(self) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        self._guard.stdin.close()  # the guard reads the end of the pipe and shuts PostgreSQL down
        patience_s = self._fast_shutdown_s + 2 * guard.IMMEDIATE_SHUTDOWN_S + 5.0
        try:
            self._guard.wait(patience_s)
        except subprocess.TimeoutExpired:
            log.exception("PostgreSQL did not stop within %.0f s", patience_s)
            self._guard.kill()
            self._guard.wait()
        self._guard = None

    def _limit_log(self) -> None:
        """Keep at most two log files. The server appends, so the file can be emptied under it."""
        try:
            if self.log_file.stat().st_size <= LOG_BYTES_MAX:
                return
        except FileNotFoundError:
            return
        with os.fdopen(open_own_file(self.log_file, os.O_RDWR), "r+", errors="replace") as file:
            with contextlib.suppress(OSError):  # on a full disk there is no second file
                write_own_file(self.log_file.with_suffix(".log.1"), file.read())
            file.truncate(0)


def _version(binaries: Binaries, user: ServerUser) -> str:
    """From "postgres (PostgreSQL) 18.4"."""
    result = user.run([str(binaries.postgres), "--version"], 10.0)
    if result.returncode != 0:
        raise EmbeddedServerError(f"{binaries.postgres} does not run: {last_lines(result.stderr)}")
    return result.stdout.split()[-1]
