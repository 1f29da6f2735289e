"""One role of Rainbarrel in a process of its own, which may end or stop at a failpoint (trace_store/failpoints.py)."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

import httpx
import psutil

from tests.faults.wait_until import wait_until
from tests.foreign_program import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 180.0
SETTLES_AT_ONCE = ("--settle-delay-s", "0", "--orphan-settle-delay-s", "0")


class RoleProcess:
    """`rainbarrel receive`, `process` or `web` on a database; as a context manager it is killed at the end."""

    def __init__(self, role: str, conninfo: str, log: Path, *options: str, failpoints: str = "") -> None:
        environment = os.environ | {"RAINBARREL_DATABASE_URL": conninfo, "RAINBARREL_FAILPOINTS": failpoints}
        self.log = log
        self.was_killed = False  # from outside
        with log.open("ab") as output:
            command = [sys.executable, "-m", "web.cli", role, *options]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def return_code(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        """kill -9, if it still runs."""
        self.was_killed = self.was_killed or not self.has_ended
        self._process.kill()
        self._process.wait()

    def wait_for_kill(self) -> None:
        """Returns once it has killed itself at its failpoint."""
        wait_until(lambda: self.has_ended, "the process reaches its failpoint", PATIENCE_S)
        assert self._process.returncode == -9, self.log.read_text()

    def wait_for_stop(self) -> None:
        """Returns once it stands at its failpoint."""
        process = psutil.Process(self._process.pid)
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "the process reaches its failpoint", PATIENCE_S)

    def go_on(self) -> None:
        psutil.Process(self._process.pid).resume()


class Receiver(RoleProcess):
    """A receiver; one that follows another takes its ports."""

    def __init__(
        self, conninfo: str, log: Path, *options: str, ports: tuple[int, int] | None = None, failpoints: str = ""
    ) -> None:
        self.ports = ports or (free_port(), free_port())
        words = ("--http-port", str(self.ports[0]), "--grpc-port", str(self.ports[1]))
        super().__init__("receive", conninfo, log, *words, *options, failpoints=failpoints)
        self.url, self.grpc_endpoint = (f"http://127.0.0.1:{port}" for port in self.ports)

    def wait_until_ready(self) -> None:
        wait_until(lambda: is_ready(self), "the receiver is ready")


class Web(RoleProcess):
    """Pages and query API."""

    def __init__(self, conninfo: str, log: Path, *, failpoints: str = "") -> None:
        port = free_port()
        super().__init__("web", conninfo, log, "--http-port", str(port), failpoints=failpoints)
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_ready(self) -> None:
        wait_until(lambda: is_ready(self), "the web server is ready")


def is_ready(server: Receiver | Web) -> bool:
    """What /readyz says; AssertionError with its log when the process has ended."""
    assert not server.has_ended, server.log.read_text()[-4000:]
    try:
        return httpx.get(server.url + "/readyz", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def processor(conninfo: str, log: Path, *options: str, failpoints: str = "") -> RoleProcess:
    """A processor that waits for nothing and delivers to this machine."""
    return RoleProcess("process", conninfo, log, "--private-targets", *SETTLES_AT_ONCE, *options, failpoints=failpoints)
