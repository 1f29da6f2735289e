"""Commands beside a running server: demo, doctor, inspect, export, import."""

import json
import re
import secrets

import httpx

from tests.run_cli import rainbarrel, request_json, span_ids, span_json
from web.demo.runs import LIVE
from web.demo.spans import RunRecorder, export_request


def test_the_demo_fills_the_server(server):
    ended = rainbarrel("demo", "--no-live", "--data-dir", server.data_dir)
    assert ended.returncode == 0, ended.stderr
    links = re.findall(rf"^  {server.url}/traces/(\w{{32}})  (.*)$", ended.stdout.decode(), re.MULTILINE)
    assert len(links) == 6
    traces = {title.split(":")[0]: server.wait_for_trace(trace_id, 5) for trace_id, title in links}
    failed = {
        title: {call["status"] for call in trace["tool_calls"] if call["status"] != "ok"}
        for title, trace in traces.items()
    }
    assert failed["a tool raises"] == {"error"}
    assert failed["a tool fails softly"] == {"soft_error"}
    assert [loop["iterations"] for loop in traces["a loop"]["loops"]] == [5]
    listed = httpx.get(f"{server.url}/traces.json", timeout=60).text
    assert all(trace_id in listed for trace_id, _ in links)


def test_the_live_run_shows_while_it_arrives(server):
    recorder = RunRecorder(LIVE, 1_790_000_000_000_000_000, "conversation")
    spans = recorder.record()
    protobuf = {"content-type": "application/x-protobuf"}
    httpx.post(
        f"{server.url}/v1/traces", content=export_request(spans[:2]), headers=protobuf, timeout=60
    ).raise_for_status()
    live = server.wait_for_trace(recorder.trace_id.hex(), 2)
    assert live["live"] is True
    assert len(live["spans"]) == 2
    httpx.post(
        f"{server.url}/v1/traces", content=export_request(spans[2:]), headers=protobuf, timeout=60
    ).raise_for_status()
    assert server.wait_for_trace(recorder.trace_id.hex(), len(spans))["output"] == LIVE.turns[-1].text


def test_doctor_finds_all_well(server):
    ended = rainbarrel("doctor", "--data-dir", server.data_dir)
    lines = ended.stdout.decode().splitlines()
    assert ended.returncode == 0, lines
    assert all(line.startswith("ok    ") for line in lines[:-1])
    for protocol in ("HTTP", "gRPC"):
        told = rf"ok    test span over {protocol}: stored in \d+ ms, derived after \d+ ms"
        assert any(re.fullmatch(told, line) for line in lines)
    assert "ok    storage tier: PostgreSQL (native partitions by day)" in lines


def test_doctor_by_address_alone(server):
    ended = rainbarrel("doctor", "--url", server.url)
    assert ended.returncode == 0, ended.stdout
    assert b"ok    test span over gRPC" in ended.stdout


def test_doctor_without_a_server_says_what_to_do(tmp_path):
    ended = rainbarrel("doctor", "--data-dir", tmp_path, "--http-port", "0", "--grpc-port", "0")
    assert ended.returncode == 1
    assert b"FAIL  no server runs on" in ended.stdout
    assert b"-> start `rainbarrel serve`" in ended.stdout


def test_doctor_names_a_database_that_is_away(tmp_path):
    ended = rainbarrel("doctor", "--data-dir", tmp_path, "--database-url", "postgresql://127.0.0.1:1/x")
    assert ended.returncode == 1
    assert re.search(
        rb"^FAIL  database: .* -> start the database, or correct --database-url$", ended.stdout, re.MULTILINE
    )


def test_what_was_imported_is_exported_byte_by_byte(server, tmp_path):
    recorder = RunRecorder(LIVE, 1_790_000_000_000_000_000, "conversation")
    original = tmp_path / "trace.pb"
    original.write_bytes(export_request(recorder.record()))
    imported = rainbarrel("import", original, "--data-dir", server.data_dir)
    assert imported.returncode == 0, imported.stderr
    assert b"12 spans and 0 log records are in the database now; 0 records rejected" in imported.stdout
    copy = tmp_path / "copy.pb"
    trace_id = recorder.trace_id.hex()
    exported = rainbarrel("export", trace_id, "--data-dir", server.data_dir, "--format", "protobuf", "-o", copy)
    assert exported.returncode == 0, exported.stderr
    before, after = (rainbarrel("inspect", "--json", file).stdout for file in (original, copy))
    assert json.loads(before) == json.loads(after)
    spans = sorted(span.SerializeToString() for span in recorder.spans)
    assert all(span in copy.read_bytes() for span in spans)
    as_json = rainbarrel("export", trace_id, "--data-dir", server.data_dir)
    assert span_ids(as_json.stdout) == {span.span_id.hex() for span in recorder.spans}


def test_import_twice_changes_nothing_and_rejections_are_told(server):
    trace_id = secrets.token_hex(16)
    good, bad = span_json(trace_id), span_json("0" * 32)
    for _ in range(2):
        ended = rainbarrel("import", "-", "--data-dir", server.data_dir, data=request_json(good, bad))
        assert ended.returncode == 1
        assert b"1 spans and 0 log records are in the database now; 1 record rejected" in ended.stdout
        assert b"-: 1 record rejected (" in ended.stderr
    exported = rainbarrel("export", trace_id, "--data-dir", server.data_dir)
    assert span_ids(exported.stdout) == {good["spanId"]}


def test_export_of_an_unknown_trace(server):
    ended = rainbarrel("export", "f" * 32, "--data-dir", server.data_dir)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"There is no trace ffffffff" in ended.stderr


def test_inspect_prints_the_contract_and_says_what_it_could_not_take():
    trace_id = secrets.token_hex(16)
    data = request_json(span_json(trace_id), span_json(trace_id, spanId="zz"))
    ended = rainbarrel("inspect", "-", "--json", data=data)
    (trace,) = json.loads(ended.stdout)["traces"]
    assert (trace["trace_id"], trace["span_count"], trace["live"]) == (trace_id, 1, False)
    assert ended.returncode == 1
    assert b"1 record rejected" in ended.stderr
