"""The OpenTelemetry Python SDK, unchanged, straight to Rainbarrel."""

import sys

import pytest

from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, assert_travel_agent, otel_environment, run_sender
from tests.fix_server import RunningServer

AGENT = [sys.executable, SENDERS / "python_agent.py"]


@pytest.mark.parametrize("compression", [{}, {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}], ids=["plain", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_spans_of_the_python_sdk_become_the_agents_tree(
    server: RunningServer, protocol: str, compression: dict[str, str]
) -> None:
    endpoint = server.grpc_endpoint if protocol == "grpc" else server.url
    environment = otel_environment(endpoint, protocol) | compression

    trace_id = run_sender(AGENT, environment)

    trace = server.wait_for_trace(trace_id, SPAN_COUNT)
    assert trace["trace_id"] == trace_id
    assert_travel_agent(trace)
