"""schemathesis over our OpenAPI, against a real server that holds traces: whatever is asked, no answer is a 5xx."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fix_server import running_server
from tests.run_cli import ROOT

TIMEOUT_S = 300.0
STREAMS = r"/(traces|live|traces/\{trace_id\})/events$"  # of server-sent events: their answers have no end
COMMAND = """
import sys
from schemathesis.cli import schemathesis
sys.exit(schemathesis())
"""


@pytest.mark.thorough
def test_no_request_is_a_fault_of_the_server(tmp_path: Path) -> None:
    with running_server("--projects-max", "3") as server:
        demo = [sys.executable, "-m", "web.cli", "demo", "--data-dir", str(server.data_dir)]
        subprocess.run(demo, cwd=ROOT, check=True, capture_output=True, timeout=120)
        options = ["--checks", "not_a_server_error", "--phases", "coverage"]
        options += ["--exclude-path-regex", STREAMS, "--generation-deterministic"]
        ran = subprocess.run(
            [sys.executable, "-c", COMMAND, "run", server.url + "/openapi.json", "--request-timeout", "60", *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        log = server.log.read_text()
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    assert "passed" in ran.stdout
    assert "Traceback" not in log, log[-8000:]
