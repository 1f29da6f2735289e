"""A child process of the supervisor: spawned (never forked: gRPC), tied to us by a pipe, restarted when it ends."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

RESTART_DELAY_S_MIN, RESTART_DELAY_S_MAX = 0.5, 30.0
STABLE_AFTER_S = 60.0

log = logging.getLogger(__name__)


class Backoff:
    """How long to wait before the next start: doubles with every quick end, begins anew after a stable life."""

    def __init__(self) -> None:
        self._quick_ends = 0

    def delay_s(self, lived_s: float) -> float:
        """Count one end after `lived_s` seconds of life."""
        if lived_s >= STABLE_AFTER_S:
            self._quick_ends = 0
        delay: float = min(RESTART_DELAY_S_MAX, RESTART_DELAY_S_MIN * 2 ** min(self._quick_ends, 16))
        self._quick_ends += 1
        return delay


class Child:
    """A process `python -m web.child ARGUMENTS` that should live until `stop`."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        inherited: Sequence[int] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        # -P: the folder that the user stands in may hold a package `web` of its own
        self._command = [sys.executable, "-P", "-m", "web.child", *arguments, "--supervisor-pid", str(os.getpid())]
        self._environment = environment
        self._inherited = inherited
        self._clock = clock
        self._backoff = Backoff()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at: float | None = None  # when it ended: the time of its next start

    def start(self) -> None:
        """Spawn it. Its own session: Ctrl-C in the terminal reaches the supervisor alone, which stops in order."""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            env=self._environment,
            pass_fds=self._inherited,
            start_new_session=True,
        )
        self._started_at = self._clock()
        self._start_at = None

    def exit_code(self) -> int | None:
        """None while it lives; minus the signal that killed it."""
        return self._process.poll() if self._process else None

    @property
    def pid(self) -> int:
        """Of the process that runs, or ran last."""
        return self._process.pid if self._process else 0

    def look_after(self) -> None:
        """Start it again once its waiting time is over; says what happened."""
        now = self._clock()
        if self._start_at is None:
            code = self.exit_code()
            if code is None:
                return
            delay_s = self._backoff.delay_s(now - self._started_at)
            log.warning("%s (pid %d) %s; starting it again in %.1f s", self.name, self.pid, describe_end(code), delay_s)
            self._close_pipe()
            self._start_at = now + delay_s
        elif now >= self._start_at:
            self.start()
            log.info("%s runs again (pid %d)", self.name, self.pid)

    def ask_to_stop(self) -> None:
        """Let it finish what is under way."""
        self._start_at = None
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Kill it if it still lives, and reap it."""
        if self._process is None:
            return
        if self._process.poll() is None:
            log.warning("%s (pid %d) did not stop in time; killing it", self.name, self.pid)
            self._process.kill()
        self._process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()


def describe_end(code: int) -> str:
    """How a process ended, for a log line."""
    if code < 0:
        try:
            return f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"was killed by signal {-code}"
    return f"ended with exit code {code}"
