"""A real `rainbarrel receive` in a process of its own, on a database that a test gives it."""

import os
import re
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.faults.wait_until import wait_until

ROOT = Path(__file__).resolve().parents[2]
STOP_TIMEOUT_S = 120.0
SAYS = re.compile(r"OTLP over gRPC at (https?://\S+).*OTLP over HTTP at (https?://[^\s;]+)", re.DOTALL)


@dataclass(frozen=True)
class Receiver:
    """Where it listens, and what it says."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str
    grpc_endpoint: str
    ca: Path | None = None  # of its certificate, where it speaks TLS

    def readiness(self) -> httpx.Response:
        verify = ssl.create_default_context(cafile=self.ca) if self.ca else True
        return httpx.get(self.url + "/readyz", timeout=60, verify=verify)


@contextmanager
def running_receiver(conninfo: str, *options: str, ca: Path | None = None) -> Iterator[Receiver]:
    """Start `rainbarrel receive OPTION...` and stop it at the end of the block, by force if it must be."""
    with tempfile.TemporaryDirectory(prefix="rainbarrel-") as folder:
        log = Path(folder) / "receive.log"
        ports = ["--http-port", "0", "--grpc-port", "0"]
        environment = os.environ | {"RAINBARREL_DATABASE_URL": conninfo}
        with log.open("wb") as output:
            command = [sys.executable, "-m", "web.cli", "receive", *ports, *options]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            wait_until(lambda: process.poll() is not None or SAYS.search(log.read_text()), "the receiver starts")
            said = SAYS.search(log.read_text())
            assert said, log.read_text()
            receiver = Receiver(process, log, url=said[2], grpc_endpoint=said[1], ca=ca)
            wait_until(lambda: receiver.readiness().status_code == 200, "the receiver is ready")
            yield receiver
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            finally:
                process.kill()
                process.wait()
