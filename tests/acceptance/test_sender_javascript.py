"""The OpenTelemetry JavaScript SDK, unchanged, straight to Rainbarrel: JSON and protobuf over HTTP, and gRPC."""

import pytest

from tests.acceptance.installed_senders import node
from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, assert_travel_agent, otel_environment, run_sender
from tests.fix_server import RunningServer

pytestmark = pytest.mark.javascript


@pytest.mark.parametrize("protocol", ["http/json", "http/protobuf", "grpc"])
def test_spans_of_the_javascript_sdk_become_the_agents_tree(server: RunningServer, protocol: str) -> None:
    endpoint = server.grpc_endpoint if protocol == "grpc" else server.url
    command = [str(node()), SENDERS / "javascript" / "agent.mjs"]

    trace_id = run_sender(command, otel_environment(endpoint, protocol))

    assert_travel_agent(server.wait_for_trace(trace_id, SPAN_COUNT))


def test_gzip_of_the_javascript_sdk_is_understood(server: RunningServer) -> None:
    environment = otel_environment(server.url, "http/json", OTEL_EXPORTER_OTLP_COMPRESSION="gzip")

    trace_id = run_sender([str(node()), SENDERS / "javascript" / "agent.mjs"], environment)

    assert_travel_agent(server.wait_for_trace(trace_id, SPAN_COUNT))
