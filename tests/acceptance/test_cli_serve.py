"""`rainbarrel serve` as a process: what it prints, what it refuses, what it survives, how it ends."""

import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.fix_server import running_server
from tests.run_cli import ROOT, rainbarrel, request_json, span_ids, span_json
from web.processes.reader_process import HEAVY_SPANS_MIN
from web.processes.server_file import read_running

JSON = {"content-type": "application/json"}


def wait_until(happened):
    deadline = time.monotonic() + 180
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def is_ready(url):
    try:
        return httpx.get(f"{url}/readyz", timeout=60).status_code == 200
    except httpx.HTTPError:
        return False


def children(server, role):
    return [child for child in psutil.Process(server.process.pid).children() if {"web.child", role} <= words_of(child)]


def words_of(process):
    """Its command line; empty for one that has just ended."""
    try:
        return set(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return set()


def name_of(process):
    """Its program; empty for one that has just ended, as servers of single connections do at any moment."""
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def is_alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE  # pid 1 of a container may not reap
    except psutil.NoSuchProcess:
        return False


def test_the_greeting_can_be_copied(server):
    text = server.log.read_text()
    assert f"Pages      {server.url}/" in text
    assert f"OTLP/gRPC  {server.grpc_endpoint}" in text
    (command,) = re.findall(r"^  (curl .*)$", text, re.MULTILINE)
    words = shlex.split(command)
    body = words[words.index("-d") + 1]
    answer = httpx.post(words[1], content=body, headers=JSON, timeout=60)
    assert (answer.status_code, answer.json().get("partialSuccess", {})) == (200, {})
    (trace_id,) = re.findall(r"/traces/(\w{32})", text)
    assert server.wait_for_trace(trace_id, 1)["spans"][0]["name"] == "first span"


def test_health_and_readiness(server):
    alive = server.get("/healthz").json()
    assert (alive["server"], alive["pid"]) == ("rainbarrel", server.process.pid)
    assert server.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize("option", ["--http-port", "--grpc-port"])
def test_a_busy_port_is_named_with_its_option(server, tmp_path, option):
    port = urlsplit(server.url if option == "--http-port" else server.grpc_endpoint).port
    ports = {"--http-port": "0", "--grpc-port": "0"} | {option: str(port)}
    words = [word for pair in ports.items() for word in pair]
    ended = rainbarrel("serve", "--data-dir", tmp_path / "other", *words)
    said = ended.stderr.decode()
    assert ended.returncode == 1
    assert f"Port {port} is busy" in said
    assert f"pass {option} with another number" in said
    assert (option == "--grpc-port") or f"another Rainbarrel (pid {server.process.pid}" in said
    assert "Traceback" not in said


def test_a_second_one_on_the_same_data_directory_is_told_who_holds_it(server):
    ended = rainbarrel("serve", "--data-dir", server.data_dir, "--http-port", "0", "--grpc-port", "0")
    assert ended.returncode == 1
    assert f"(pid {server.process.pid}) already runs on the data directory {server.data_dir}" in ended.stderr.decode()
    assert is_ready(server.url)


def test_a_stop_finishes_what_is_under_way_and_loses_nothing():
    trace_id = secrets.token_hex(16)
    acknowledged: set[str] = set()

    def send(url):
        with httpx.Client(timeout=60) as client:
            while True:
                span = span_json(trace_id)
                try:
                    answer = client.post(f"{url}/v1/traces", content=request_json(span), headers=JSON)
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    acknowledged.add(span["spanId"])

    with running_server() as server:
        senders = [threading.Thread(target=send, args=(server.url,)) for _ in range(4)]
        for sender in senders:
            sender.start()
        wait_until(lambda: len(acknowledged) > 100)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(120) == 0
        for sender in senders:
            sender.join()
        assert read_running(server.data_dir) is None
        assert not (server.data_dir / "server.json").exists()
        assert "Traceback" not in server.log.read_text()
        exported = rainbarrel("export", trace_id, "--data-dir", server.data_dir)
        assert exported.returncode == 0, exported.stderr
        assert acknowledged <= span_ids(exported.stdout)


def test_when_the_supervisor_is_killed_everything_ends():
    with running_server() as server:
        trace_id = secrets.token_hex(16)
        many = [span_json(trace_id) for _ in range(HEAVY_SPANS_MIN + 1)]
        httpx.post(f"{server.url}/v1/traces", content=request_json(*many), headers=JSON, timeout=60).raise_for_status()
        server.wait_for_trace(trace_id, len(many))
        server.get(f"/api/traces/{trace_id}")  # large enough for the reader process
        family = psutil.Process(server.process.pid).children(recursive=True)
        assert "postgres" in {name_of(process) for process in family}
        assert any("--multiprocessing-fork" in words_of(process) for process in family)
        server.process.kill()
        wait_until(lambda: not any(map(is_alive, family)))
        assert read_running(server.data_dir) is None


def test_killed_children_are_started_again_on_the_same_ports():
    with running_server() as server:
        for role in ("front", "process"):
            (victim,) = children(server, role)
            victim.kill()
            wait_until(lambda role=role, victim=victim: [c for c in children(server, role) if c != victim])
        wait_until(lambda: is_ready(server.url))
        trace_id = secrets.token_hex(16)
        answer = httpx.post(
            f"{server.url}/v1/traces", content=request_json(span_json(trace_id)), headers=JSON, timeout=60
        )
        assert answer.status_code == 200
        assert server.wait_for_trace(trace_id, 1)["span_count"] == 1
        assert "was killed by SIGKILL; starting it again in 0.5 s" in server.log.read_text()


def test_several_front_processes_share_both_ports():
    with running_server("--workers", "2") as server:
        wait_until(lambda: len(children(server, "front")) == 2)
        found = rainbarrel("doctor", "--data-dir", server.data_dir)
        assert found.returncode == 0, found.stdout
        for victim in children(server, "front")[:1]:
            victim.kill()
            victim.wait(180)  # until then it may still take a connection
        assert is_ready(server.url)  # the other one serves


def test_a_killed_database_is_started_again():
    with running_server() as server:
        family = psutil.Process(server.process.pid).children(recursive=True)
        (postmaster,) = [one for one in family if name_of(one) == "postgres" and "-D" in words_of(one)]
        postmaster.kill()
        trace_id = secrets.token_hex(16)
        body = request_json(span_json(trace_id))

        def is_accepted():
            answer = httpx.post(f"{server.url}/v1/traces", content=body, headers=JSON, timeout=60)
            assert answer.status_code in (200, 503)
            return answer.status_code == 200

        wait_until(is_accepted)
        assert server.wait_for_trace(trace_id, 1)["span_count"] == 1
        wait_until(lambda: is_ready(server.url))
        assert "The embedded PostgreSQL ended unexpectedly" in server.log.read_text()


def test_a_request_with_two_lengths_is_refused_and_its_connection_closed(server):
    """Content-Length beside Transfer-Encoding is how a second request hides in the body of the first."""
    place = urlsplit(server.url)
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    both = b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall(head + both + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_an_open_page_does_not_hold_up_a_stop():
    with running_server() as server, httpx.stream("GET", f"{server.url}/traces/events", timeout=60) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(120) == 0
        assert " ERROR " not in server.log.read_text()


def test_a_front_process_that_cannot_start_says_why_and_nothing_else(tmp_path):
    """What has started by then, such as the gRPC server, is stopped before the event loop ends."""
    log = tmp_path / "front.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        number = listener.fileno()
        words = ["--http-fd", str(number), "--grpc-port", "0", "--supervisor-pid", str(os.getpid())]
        front = subprocess.Popen(
            [sys.executable, "-m", "web.child", "front", *words],
            cwd=ROOT,
            env=os.environ | {"RAINBARREL_DATABASE_URL": "nonsense"},
            pass_fds=[number],
            stdin=subprocess.PIPE,
            stderr=output,
        )
        with front:
            assert front.wait(180) == 1
    said = log.read_text()
    assert 'missing "=" after "nonsense"' in said
    assert "Event loop is closed" not in said
