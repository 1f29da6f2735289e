"""`rainbarrel check` as a pipeline runs it: over captures of real libraries, and over what a server stores."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.dialect_captures import CAPTURES, request_files
from tests.run_cli import rainbarrel, request_json, span_json
from web.demo.runs import LOOKUP_LOOP
from web.demo.spans import RunRecorder, export_request

FAILING = CAPTURES / "openinference/openinference-openai/S2"
SOFT = CAPTURES / "openinference/openinference-openai/S4"
CLEAN = CAPTURES / "openinference/openinference-openai/S1"
LOOPING = CAPTURES / "traceloop_langchain/js-traceloop-langchain-workflow/S3"
REFUSED_MODEL = CAPTURES / "openinference/openinference-openai/S5"


def files(capture: Path) -> list[Path]:
    return request_files(capture)


def test_a_clean_run_passes() -> None:
    ended = rainbarrel("check", *files(CLEAN))
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.decode().endswith("OK, 1 trace checked\n")


@pytest.mark.parametrize(
    ("capture", "option", "told"),
    [
        (FAILING, "--max-tool-errors", "refund_order: TimeoutError: payment gateway timed out"),
        (SOFT, "--max-soft-errors", "search_docs: "),
        (REFUSED_MODEL, "--max-llm-errors", "RateLimitError: Error code: 429"),
    ],
)
def test_an_error_fails_the_run_until_it_is_allowed(capture: Path, option: str, told: str) -> None:
    ended = rainbarrel("check", *files(capture))
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert told in ended.stdout.decode()
    assert rainbarrel("check", *files(capture), option, "1").returncode == 0


def test_a_loop_fails_the_run_with_its_report(tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    ended = rainbarrel("check", *files(LOOPING), *files(CLEAN), "--max-tool-errors", "5", "--junit", junit, "--json")
    assert ended.returncode == 1
    found = {limit["limit"]: limit for limit in json.loads(ended.stdout)["limits"]}
    assert found["--max-tool-errors"]["ok"]
    (loop,) = found["--max-loops"]["violations"]
    assert (loop["title"], loop["rule"]) == ("search_flights", "repeated_failure")
    assert "5 repeats, 5 failed" in loop["message"]
    suites = {suite.get("name"): suite for suite in ET.parse(junit).getroot()}
    assert {name: suite.get("failures") for name, suite in suites.items()} == {
        "tool errors": "0",
        "soft errors": "0",
        "failed model calls": "0",
        "loops": "1",
    }
    assert {len(suite) for suite in suites.values()} == {2}
    (failure,) = suites["loops"].iter("failure")
    assert "search_flights: 5 repeats" in (failure.text or "")
    allowed = rainbarrel("check", *files(LOOPING), "--max-tool-errors", "5", "--max-loops", "1")
    assert allowed.returncode == 0


def test_cost_is_a_limit_and_unpriced_models_are_told(tmp_path: Path) -> None:
    assert rainbarrel("check", *files(CLEAN), "--max-cost-usd", "0.01").returncode == 0
    assert rainbarrel("check", *files(CLEAN), "--max-cost-usd", "0.000001").returncode == 1
    chat = {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}
    model = {"key": "gen_ai.response.model", "value": {"stringValue": "house-model"}}
    tokens = {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "5"}}
    data = request_json(span_json("ab" * 16, attributes=[chat, model, tokens]))
    ended = rainbarrel("check", "-", "--max-cost-usd", "1", data=data)
    assert ended.returncode == 0
    assert b"no price is known of house-model" in ended.stderr


def test_rules_of_your_own_tools_count(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\ntool = "search_docs"\npath = "$"\ncondition = "exists"\nstatus = "ok"\n')
    ended = rainbarrel("check", *files(SOFT), "--tool-rules", path)
    assert ended.returncode == 0, ended.stdout
    path.write_text("[[rule]]\n")
    refused = rainbarrel("check", *files(SOFT), "--tool-rules", path)
    assert refused.returncode == 2
    assert b"rules.toml" in refused.stderr


@pytest.mark.parametrize(
    ("words", "data", "sentence"),
    [
        ([], b"", "Name OTLP files, or --trace-id or --conversation"),
        (["-"], b'{"resourceSpans": []}', "No spans in these files, so nothing was checked"),
        (["-"], b"hello", "no OTLP"),
        (["/does/not/exist"], b"", "/does/not/exist: No such file"),
        (["-", "--max-loops", "-1"], b"", "is no count"),
        (["-", "--max-cost-usd", "nan"], b"", "is no amount of US dollars"),
        (["--url", "http://127.0.0.1:1", "--trace-id", "ab" * 16], b"", "No server answers"),
        (["--url", "http://127.0.0.1:1", "--trace-id", "xyz"], b"", "is no trace id"),
        (["-", "--url", "http://127.0.0.1:1"], b"", "say with --trace-id or --conversation"),
    ],
)
def test_bad_input_is_told_apart_from_a_broken_limit(words: list[str], data: bytes, sentence: str) -> None:
    ended = rainbarrel("check", *words, data=data)
    assert ended.returncode == 2
    assert sentence in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr


def test_a_rejected_record_is_bad_input() -> None:
    trace_id = "ab" * 16
    ended = rainbarrel("check", "-", data=request_json(span_json(trace_id), span_json(trace_id, spanId="zz")))
    assert ended.returncode == 2
    assert b"1 record was rejected" in ended.stderr


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    ended = rainbarrel("check", *files(CLEAN), "--junit", tmp_path / "no" / "report.xml")
    assert ended.returncode == 2
    assert b"No such file or directory" in ended.stderr


def test_traces_and_conversations_of_a_server(server, tmp_path) -> None:
    recorder = RunRecorder(LOOKUP_LOOP, 1_790_000_000_000_000_000, "check/ü?")
    path = tmp_path / "trace.pb"
    path.write_bytes(export_request(recorder.record()))
    assert rainbarrel("import", path, "--data-dir", server.data_dir).returncode == 0
    trace_id = recorder.trace_id.hex()
    server.wait_for_trace(trace_id, len(recorder.spans), settled=True)  # the loop has ended for both
    by_id = rainbarrel("check", "--trace-id", trace_id, "--url", server.url)
    assert by_id.returncode == 1, by_id.stderr
    assert "FAIL  loops: 1 (at most 0 allowed)" in by_id.stdout.decode()
    by_conversation = rainbarrel("check", "--conversation", "check/ü?", "--data-dir", server.data_dir)
    assert by_conversation.stdout == by_id.stdout
    unknown = rainbarrel("check", "--conversation", "nobody", "--url", server.url)
    assert unknown.returncode == 2
    assert b"Nothing of conversation nobody is stored" in unknown.stderr
