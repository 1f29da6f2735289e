"""The disk queue of docs/collector.md: what the collector said yes to outlives its kill -9 while Rainbarrel is down."""

import re
import sys
from pathlib import Path

import pytest

from tests.acceptance.travel_agent import SENDERS, SPAN_COUNT, assert_travel_agent, otel_environment, run_sender
from tests.collector.otelcol import ROOT, running_collector, validate
from tests.fix_server import RunningServer
from tests.foreign_program import free_port

pytestmark = pytest.mark.collector


@pytest.fixture
def second_file(tmp_path: Path) -> str:
    """The option that adds the section's configuration, with the queue in a temporary folder."""
    section = (ROOT / "docs" / "collector.md").read_text().split("## Keep the queue on disk")[1]
    snippet = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert snippet is not None
    path = tmp_path / "second.yaml"
    path.write_text(snippet[1].replace("/var/lib/otelcol/rainbarrel", str(tmp_path / "queue")))
    return f"--config={path}"


def test_the_collector_takes_both_files(second_file: str) -> None:
    checked = validate(second_file)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_spans_survive_the_kill_of_the_collector(server: RunningServer, second_file: str, tmp_path: Path) -> None:
    down = {"RAINBARREL_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    with running_collector(tmp_path / "first.log", down, second_file) as collector:
        environment = otel_environment(collector.http_endpoint, "http/protobuf")
        trace_id = run_sender([sys.executable, SENDERS / "python_agent.py"], environment)
        collector.process.kill()
        collector.process.wait()

    up = {"RAINBARREL_ENDPOINT": server.grpc_endpoint}
    with running_collector(tmp_path / "second.log", up, second_file):
        assert_travel_agent(server.wait_for_trace(trace_id, SPAN_COUNT))
