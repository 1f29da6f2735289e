"""A real `rainbarrel serve` in processes of its own, with an embedded PostgreSQL in a temporary folder, free ports."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from web.processes.server_file import ServerFile, read_running

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 120.0
GREETING_END = "Ctrl-C stops."  # printed when everything else has happened


@dataclass(frozen=True)
class RunningServer:
    """Where the server is, and what it says."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    url: str
    grpc_endpoint: str
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60)

    def admin_key(self) -> str:
        """The first key: a server that needs keys prints it in its greeting."""
        found = re.search(r"rb_admin_[\w-]{43}", self.log.read_text())
        assert found is not None, self.log.read_text()[-4000:]
        return found[0]

    def wait_for_trace(
        self, trace_id: str, span_count: int, *, settled: bool = False, timeout_s: float = 180.0
    ) -> dict[str, Any]:
        """The trace as GET /api/traces/{trace_id} derives it, once it has `span_count` spans (and is not live)."""
        deadline = time.monotonic() + timeout_s
        while True:
            response = self.get(f"/api/traces/{trace_id}")
            if response.status_code == 200:
                trace: dict[str, Any] = response.json()
                if trace["span_count"] >= span_count and not (settled and trace["live"]):
                    return trace
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"No {span_count} spans of trace {trace_id} within {timeout_s} s; the last answer is "
                    f"{response.status_code} {response.text[:2000]}\n{self.log.read_text()[-4000:]}"
                )
            time.sleep(0.1)


@contextmanager
def running_server(*options: str, parent: Path | None = None) -> Iterator[RunningServer]:
    """Start `rainbarrel serve OPTION...` and stop it at the end of the block, by force if it must be."""
    folder = Path(tempfile.mkdtemp(prefix="rainbarrel-", dir=parent))
    folder.chmod(0o755)  # root's embedded PostgreSQL runs as another user, who has to pass through
    data_dir, log = folder / "data", folder / "serve.log"
    ports = ["--http-port", "0", "--grpc-port", "0"]
    command = [sys.executable, "-m", "web.cli", "serve", "--data-dir", str(data_dir), *ports, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        said = wait_until_ready(process, data_dir, log)
        yield RunningServer(process, data_dir, said.url, said.grpc_endpoint, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder)


def wait_until_ready(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> ServerFile:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"serve ended with code {process.returncode}:\n{log.read_text()}")
        said = read_running(data_dir)
        if said is not None and GREETING_END in log.read_text():
            return said
        time.sleep(0.05)
    raise AssertionError(f"serve was not ready within {START_TIMEOUT_S} s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """One server for all tests that only send traces of their own and read them back."""
    with running_server() as started:
        yield started
