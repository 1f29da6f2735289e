"""Other servers that take OTLP, each installed into a virtual environment of its own and run with SQLite.

Phoenix: https://arize.com/docs/phoenix/self-hosting. MLflow: https://mlflow.org/docs/latest/genai/tracing/opentelemetry.
"""

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Peer:
    """How to install, start and ask one of them; {folder}, {port} and {grpc_port} are filled in."""

    name: str
    requirement: str
    distribution: str
    command: Sequence[str]  # the first word is a program of its environment
    environment: Mapping[str, str]
    ready_path: str
    headers: tuple[str, ...]  # NAME=VALUE, of every request with spans
    database: str  # of SQLite, below the folder
    count_spans: str
    trace_ids: str
    open_path: str  # of one trace, with {trace_id}
    fairness: str


PHOENIX = Peer(
    name="Phoenix",
    requirement="arize-phoenix",
    distribution="arize-phoenix",
    command=("phoenix", "serve"),
    environment={
        "PHOENIX_WORKING_DIR": "{folder}",
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": "{port}",
        "PHOENIX_GRPC_PORT": "{grpc_port}",
        "PHOENIX_TELEMETRY_ENABLED": "false",
    },
    ready_path="/healthz",
    headers=(),
    database="phoenix.db",
    count_spans="SELECT count(*) FROM spans",
    trace_ids="SELECT trace_id FROM traces",
    open_path="/v1/projects/default/spans?limit=1000&trace_id={trace_id}",
    fairness="acknowledges from a queue in memory: what has not been written yet is lost with the process",
)
MLFLOW = Peer(
    name="MLflow",
    requirement="mlflow",
    distribution="mlflow",
    command=(
        *("mlflow", "server", "--host", "127.0.0.1", "--port", "{port}"),
        *("--backend-store-uri", "sqlite:///{folder}/mlflow.db"),
        *("--default-artifact-root", "{folder}/artifacts"),
    ),
    environment={"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
    ready_path="/health",
    headers=("x-mlflow-experiment-id=0",),
    database="mlflow.db",
    count_spans="SELECT count(*) FROM spans",
    trace_ids="SELECT request_id FROM trace_info",
    open_path="/ajax-api/3.0/mlflow/traces/get?trace_id={trace_id}",
    fairness="acknowledges after its commit; four worker processes, as it is started by default",
)
PEERS = {peer.name.lower(): peer for peer in (PHOENIX, MLFLOW)}


@dataclass(frozen=True)
class RunningPeer:
    """A peer that answers."""

    peer: Peer
    process: "subprocess.Popen[bytes]"
    version: str
    folder: Path
    address: str  # HOST:PORT of HTTP
    environment: dict[str, str] = field(default_factory=dict)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Asks its database, read-only."""
        with closing(sqlite3.connect(f"file:{self.folder / self.peer.database}?mode=ro", uri=True, timeout=60)) as db:
            return db.execute(sql).fetchall()

    def disk_bytes(self) -> int:
        """Of everything that it wrote."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


def install(peer: Peer, folder: Path) -> Path:
    """The environment of a peer, made unless it is there."""
    environment = folder / peer.name.lower()
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    if subprocess.run([python, "-m", "pip", "show", "-q", peer.distribution], check=False).returncode:
        print(f"installing {peer.requirement} into {environment}", file=sys.stderr, flush=True)
        subprocess.run([python, "-m", "pip", "install", "-q", peer.requirement], check=True)
    return environment


@contextmanager
def running_peer(peer: Peer, environment: Path, folder: Path) -> Iterator[RunningPeer]:
    """Starts a peer with an empty database below `folder`; stops it at the end of the block."""
    folder.mkdir()
    named = {"folder": str(folder), "port": str(_free_port()), "grpc_port": str(_free_port())}
    command = [str(environment / "bin" / peer.command[0]), *(word.format(**named) for word in peer.command[1:])]
    settings = {name: value.format(**named) for name, value in peer.environment.items()}
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with (folder.parent / f"{peer.name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **settings, "PATH": path}, stdout=log, stderr=log
        )
    address = f"127.0.0.1:{named['port']}"
    try:
        _wait_until_ready(process, f"http://{address}{peer.ready_path}")
        yield RunningPeer(peer, process, _version(environment, peer.distribution), folder, address)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"it ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):  # a fixed address of this machine
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"{url} did not answer within {START_TIMEOUT_S:.0f} s")


def _version(environment: Path, distribution: str) -> str:
    code = f"from importlib.metadata import version; print(version({distribution!r}))"
    return subprocess.run(
        [environment / "bin" / "python", "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
