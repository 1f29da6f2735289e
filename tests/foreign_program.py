"""Starts a program that is not ours beside a test, waits until it listens, and stops it: collectors, for instance."""

import random
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 180.0
PORTS = range(15_000, 30_000)  # below those that systems give to outgoing connections and to who asks for any


def free_port() -> int:
    """A port that nobody has now, nor gets by accident before the program that is to have it does."""
    while True:
        port = random.choice(PORTS)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def running_program(
    command: Sequence[str | Path], ports: Sequence[int], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, listening on all `ports`; ended with SIGTERM after the block, by force when that does not do."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=log.parent, env=environment, stdout=output, stderr=output
        )
    try:
        for port in ports:
            _wait_for_port(port, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        finally:
            process.kill()
            process.wait()


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}:\n{log.read_text()}")
