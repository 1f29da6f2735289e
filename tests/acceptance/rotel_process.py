"""The Rotel collector as a process beside a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.installed_senders import rotel_agent
from tests.foreign_program import free_port, running_program


@contextmanager
def running_rotel(protocol: str, endpoint: str, log: Path) -> Iterator[dict[str, str]]:
    """A running Rotel that exports to `endpoint`, with gzip as is its default; its own endpoints by protocol."""
    grpc, http = free_port(), free_port()
    receivers = ["--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--otlp-http-endpoint", f"127.0.0.1:{http}"]
    exporter = ["--exporter", "otlp", "--otlp-exporter-protocol", protocol, "--otlp-exporter-endpoint", endpoint]
    with running_program([str(rotel_agent()), "start", *receivers, *exporter], [grpc, http], log):
        yield {"grpc": f"http://127.0.0.1:{grpc}", "http/protobuf": f"http://127.0.0.1:{http}"}
