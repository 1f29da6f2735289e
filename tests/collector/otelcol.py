"""The official collector of this machine, run with the project's otel-collector-config.yaml as it is."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.foreign_program import free_port, running_program

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "otel-collector-config.yaml"
BUILT = ROOT / ".ci" / "cache" / "otelcol" / "otelcol"
# The collector's metrics about itself would take a fixed port; many collectors run here side by side.
QUIET = "--set=service.telemetry.metrics.level=none"
# What a user's shell has, without anything that means something to the configuration.
SHELL = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}


def collector() -> Path | None:
    """RAINBARREL_TEST_COLLECTOR, else what build_collector.sh made; None when there is neither."""
    named = os.environ.get("RAINBARREL_TEST_COLLECTOR")
    program = Path(named) if named else BUILT
    return program if named or program.exists() else None


def validate(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`otelcol validate` with the variables in the environment."""
    return subprocess.run(
        [str(collector()), "validate", f"--config={CONFIG}", *options],
        env=SHELL | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass(frozen=True)
class RunningCollector:
    """Its endpoints for an SDK."""

    process: "subprocess.Popen[bytes]"
    grpc_endpoint: str
    http_endpoint: str


@contextmanager
def running_collector(log: Path, variables: Mapping[str, str], *options: str) -> Iterator[RunningCollector]:
    """The collector with otel-collector-config.yaml, on free ports of its own."""
    grpc, http = free_port(), free_port()
    listen = {
        "COLLECTOR_GRPC_ENDPOINT": f"127.0.0.1:{grpc}",
        "COLLECTOR_HTTP_ENDPOINT": f"127.0.0.1:{http}",
    }
    command = [str(collector()), f"--config={CONFIG}", QUIET, *options]
    with running_program(command, [grpc, http], log, SHELL | listen | dict(variables)) as process:
        yield RunningCollector(process, f"http://127.0.0.1:{grpc}", f"http://127.0.0.1:{http}")
