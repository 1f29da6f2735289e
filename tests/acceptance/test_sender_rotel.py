"""The Rotel collector between SDK and Rainbarrel: what it forwards, gzipped, is the same tree."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.installed_senders import rotel_agent
from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, assert_travel_agent, otel_environment, run_sender
from tests.fix_server import RunningServer
from tests.foreign_program import free_port, running_program

pytestmark = pytest.mark.collector


@contextmanager
def rotel(protocol: str, endpoint: str, log: Path) -> Iterator[dict[str, str]]:
    """A running Rotel that exports to `endpoint`, with gzip as is its default; its own endpoints by protocol."""
    grpc, http = free_port(), free_port()
    receivers = ["--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--otlp-http-endpoint", f"127.0.0.1:{http}"]
    exporter = ["--exporter", "otlp", "--otlp-exporter-protocol", protocol, "--otlp-exporter-endpoint", endpoint]
    with running_program([str(rotel_agent()), "start", *receivers, *exporter], [grpc, http], log):
        yield {"grpc": f"http://127.0.0.1:{grpc}", "http/protobuf": f"http://127.0.0.1:{http}"}


@pytest.mark.parametrize(("protocol_in", "protocol_out"), [("grpc", "grpc"), ("http/protobuf", "http")])
def test_spans_through_rotel_become_the_agents_tree(
    server: RunningServer, protocol_in: str, protocol_out: str, tmp_path: Path
) -> None:
    endpoint = server.grpc_endpoint if protocol_out == "grpc" else server.url
    with rotel(protocol_out, endpoint, tmp_path / "rotel.log") as endpoints:
        environment = otel_environment(endpoints[protocol_in], protocol_in, OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
        trace_id = run_sender([sys.executable, SENDERS / "python_agent.py"], environment)

        trace = server.wait_for_trace(trace_id, SPAN_COUNT)

    assert_travel_agent(trace)
