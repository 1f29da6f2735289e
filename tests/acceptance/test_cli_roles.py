"""The single roles, on a database that they share."""

import re
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import psutil
import pytest

from tests.run_cli import ROOT, rainbarrel, request_json, span_json
from web.processes.server_file import read_running

JSON = {"content-type": "application/json"}


@contextmanager
def running_role(role, log, *options):
    """The role as a process; gives the address it says it listens on."""
    command = [sys.executable, "-m", "web.cli", role, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 180
        while not (found := re.search(r"(?:HTTP|API) at (http://\S+);", log.read_text())) or not answers(found[1]):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield found[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def answers(url):
    try:
        return httpx.get(f"{url}/healthz", timeout=60).status_code == 200
    except httpx.HTTPError:
        return False


def test_receivers_and_pages_work_on_one_database(server, tmp_path):
    running = read_running(server.data_dir)
    assert running is not None
    database = running.database_url
    ports = ("--http-port", "0", "--grpc-port", "0")
    trace_id = secrets.token_hex(16)
    body = request_json(span_json(trace_id))
    with (
        running_role("receive", tmp_path / "receive.log", "--database-url", database, *ports) as receiver,
        running_role("web", tmp_path / "web.log", "--database-url", database, *ports[:2]) as pages,
    ):
        assert httpx.get(f"{receiver}/readyz", timeout=60).status_code == 200
        assert httpx.post(f"{receiver}/v1/traces", content=body, headers=JSON, timeout=60).status_code == 200
        server.wait_for_trace(trace_id, 1)
        assert httpx.get(f"{pages}/api/traces/{trace_id}", timeout=60).json()["span_count"] == 1
        assert httpx.get(f"{receiver}/traces", timeout=60).status_code == 404
        assert httpx.post(f"{pages}/v1/traces", content=body, headers=JSON, timeout=60).status_code in (404, 405)


def test_the_reader_of_large_traces_starts_by_itself_and_leaves_ctrl_c_to_the_role(database, tmp_path):
    log = tmp_path / "web.log"
    with running_role("web", log, "--database-url", database, "--http-port", "0") as pages:
        role = psutil.Process(httpx.get(f"{pages}/healthz", timeout=60).json()["pid"])
        deadline = time.monotonic() + 180
        while not any("--multiprocessing-fork" in child.cmdline() for child in role.children()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for process in (*role.children(), role):
            process.send_signal(signal.SIGINT)
        while role.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert "Traceback" not in log.read_text()


@pytest.mark.thorough
def test_doctor_sees_that_nothing_derives(database, tmp_path):
    options = ("--database-url", database, "--http-port", "0")
    with (
        running_role("receive", tmp_path / "receive.log", *options, "--grpc-port", "0") as receiver,
        running_role("web", tmp_path / "web.log", *options) as pages,
    ):
        no_pages = rainbarrel("doctor", "--url", receiver)
        no_processor = rainbarrel("doctor", "--url", receiver, "--pages-url", pages)
    for ended, said in ((no_pages, "but cannot be read back: "), (no_processor, "but not derived within 10 s: ")):
        assert ended.returncode == 1
        text = ended.stdout.decode()
        for protocol in ("HTTP", "gRPC"):
            assert re.search(rf"^FAIL  test span over {protocol}: stored in \d+ ms, {said}", text, re.MULTILINE), text
    assert b"-> see whether a processor runs, and its log" in no_processor.stdout


def test_a_role_without_its_database_lives_and_says_what_is_missing(tmp_path):
    options = ("--database-url", "postgresql://127.0.0.1:1/x", "--http-port", "0", "--grpc-port", "0")
    with running_role("receive", tmp_path / "receive.log", *options) as receiver:
        ready = httpx.get(f"{receiver}/readyz", timeout=60)
        assert ready.status_code == 503
        assert "cannot be reached" in ready.json()["reason"]
        refused = httpx.post(
            f"{receiver}/v1/traces", content=request_json(span_json("1" * 32)), headers=JSON, timeout=60
        )
        assert (refused.status_code, refused.headers["retry-after"].isdigit()) == (503, True)


def test_a_database_is_migrated_by_command(server):
    ended = rainbarrel("migrate", "--data-dir", server.data_dir)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(b"schema version ")
    assert b"nothing to do" in ended.stdout
