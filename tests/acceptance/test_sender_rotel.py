"""The Rotel collector between SDK and Rainbarrel: what it forwards, gzipped, is the same tree."""

import sys
from pathlib import Path

import pytest

from tests.acceptance.rotel_process import running_rotel
from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, assert_travel_agent, otel_environment, run_sender
from tests.fix_server import RunningServer

pytestmark = pytest.mark.collector


@pytest.mark.parametrize(("protocol_in", "protocol_out"), [("grpc", "grpc"), ("http/protobuf", "http")])
def test_spans_through_rotel_become_the_agents_tree(
    server: RunningServer, protocol_in: str, protocol_out: str, tmp_path: Path
) -> None:
    endpoint = server.grpc_endpoint if protocol_out == "grpc" else server.url
    with running_rotel(protocol_out, endpoint, tmp_path / "rotel.log") as endpoints:
        environment = otel_environment(endpoints[protocol_in], protocol_in, OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
        trace_id = run_sender([sys.executable, SENDERS / "python_agent.py"], environment)

        trace = server.wait_for_trace(trace_id, SPAN_COUNT)

    assert_travel_agent(trace)
