"""Agents that send only log records: their sessions as traces, in any order, doubled, beside spans."""

import random
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.agent_logs import (
    START_MS,
    TRACE,
    accepted,
    claude_code,
    codex,
    of_span,
    request,
    sent,
    session_request,
    spans_request,
)
from tool_errors.inspect import inspect_records


def inspect(*requests: ExportLogsServiceRequest | ExportTraceServiceRequest) -> list[dict[str, Any]]:
    return inspect_records(*accepted(*requests))


def calls(trace: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(call["name"], call["call_id"], call["status"]) for call in trace["tool_calls"]]


def test_a_session_of_claude_code() -> None:
    (trace,) = inspect(session_request("claude_code", "s1"))
    assert (trace["conversation_id"], trace["interaction_id"], trace["user_id"]) == ("s1", "s1-p1", "dev-1")
    assert (trace["input"], trace["output"]) == ("make the tests pass", "There is no test script.")
    assert trace["agents"] == ["claude_code"]
    assert calls(trace) == [
        ("Bash", "toolu_1", "error"),
        ("Bash", "toolu_2", "error"),
        ("Bash", "toolu_3", "error"),
        ("Read", "toolu_5", "ok"),
    ]
    first = trace["tool_calls"][0]
    assert first["arguments"] == {"command": "npm test"}
    assert (first["error"]["type"], first["error"]["message"]) == ("ShellError", "npm ERR! missing script: test")
    assert [call["model"] for call in trace["llm_calls"]] == ["claude-sonnet-5"] * 6
    assert [call["error"] for call in trace["llm_calls"] if call["error"]] == [{"type": "529", "message": "Overloaded"}]
    assert (trace["input_tokens"], trace["output_tokens"], trace["cached_tokens"]) == (550, 100, 500)
    (loop,) = trace["loops"]
    assert (loop["tools"], loop["failures"]) == (["Bash"], 3)
    assert ["Write (refused)", "guardrail"] in [[span["name"], span["type"]] for span in trace["spans"]]
    assert len(trace["roots"]) == 1
    assert all(span["from_log"] and span["dialect"] == "claude_code" for span in trace["spans"])


def test_a_session_of_codex() -> None:
    (trace,) = inspect(session_request("codex", "c1"))
    assert (trace["conversation_id"], trace["user_id"], trace["input"]) == ("c1", "a1", "list the folder")
    assert calls(trace) == [("shell", "call_1", "error"), ("shell", "call_3", "ok")]
    assert trace["tool_calls"][0]["arguments"] == {"command": ["ls", "missing"]}
    failed, answered = trace["llm_calls"]
    assert failed["error"]["message"] == "connection reset"
    assert (answered["model"], answered["input_tokens"], answered["output_tokens"]) == ("gpt-5.6", 900, 40)
    assert (trace["cached_tokens"], trace["reasoning_tokens"]) == (800, 7)
    assert len(trace["roots"]) == 1


def test_a_session_of_gemini_cli() -> None:
    (trace,) = inspect(session_request("gemini_cli", "g1"))
    assert (trace["conversation_id"], trace["interaction_id"]) == ("g1", "g1########1")
    assert (trace["user_id"], trace["input"]) == ("dev@example.com", "read a.txt")
    assert [(call["name"], call["status"]) for call in trace["tool_calls"]] == [
        ("read_file", "error"),
        ("read_file", "ok"),
    ]
    error = trace["tool_calls"][0]["error"]
    assert (error["type"], error["message"]) == ("file_not_found", "File not found: a.txt")
    assert [call["error"] and call["error"]["message"] for call in trace["llm_calls"]] == ["quota", None]
    assert (trace["input_tokens"], trace["output_tokens"]) == (500, 30)
    assert "run_shell_command (refused)" in [span["name"] for span in trace["spans"]]


@pytest.mark.parametrize("agent", ["claude_code", "codex", "gemini_cli"])
def test_neither_order_nor_repetition_changes_a_session(agent: str) -> None:
    whole = session_request(agent, "s1")
    expected = inspect(whole)
    records = [*whole.resource_logs[0].scope_logs[0].log_records] * 2
    for seed in range(5):
        random.Random(seed).shuffle(records)
        parts = []
        for record in records:
            part = ExportLogsServiceRequest.FromString(whole.SerializeToString())
            part.resource_logs[0].scope_logs[0].ClearField("log_records")
            part.resource_logs[0].scope_logs[0].log_records.append(record)
            parts.append(part)
        assert inspect(*parts) == expected


def test_sessions_and_prompts_are_traces_apart() -> None:
    traces = inspect(session_request("claude_code", "s1"), session_request("claude_code", "s2", START_MS + 60_000))
    assert [trace["conversation_id"] for trace in traces] == ["s1", "s2"]


def test_a_record_that_names_no_session_is_no_step() -> None:
    record = claude_code("s1")[3]
    del record.attributes[:]
    assert inspect(request("claude-code", "com.anthropic.claude_code.events", [record])) == []


def test_a_result_written_inside_another_span_joins_the_span_of_its_call() -> None:
    """Claude Code's tool span has the call id; the record may stand in the context of the interaction."""
    spans = spans_request(
        "com.anthropic.claude_code.tracing",
        sent(1, 0, "claude_code.interaction", span__type="interaction", session__id="s1"),
        sent(2, 1, "claude_code.tool", span__type="tool", tool_name="Bash", tool_use_id="toolu_1"),
    )
    result = next(record for record in claude_code("s1") if record.body.string_value == "claude_code.tool_result")
    logs = request("claude-code", "com.anthropic.claude_code.events", [of_span(result, 1)])
    for order in ((spans, logs), (logs, spans)):
        (trace,) = inspect(*order)
        assert calls(trace) == [("Bash", "toolu_1", "error")]


def test_a_result_on_its_own_span_is_no_step() -> None:
    spans = spans_request(
        "com.anthropic.claude_code.tracing",
        sent(2, 0, "claude_code.tool", span__type="tool", tool_name="Bash", tool_use_id="toolu_1"),
    )
    result = next(record for record in claude_code("s1") if record.body.string_value == "claude_code.tool_result")
    logs = request("claude-code", "com.anthropic.claude_code.events", [of_span(result, 2)])
    (trace,) = inspect(spans, logs)
    assert calls(trace) == [("Bash", "toolu_1", "error")]
    assert [span["from_log"] for span in trace["spans"]] == [False]


def test_several_results_on_one_span_are_as_many_calls() -> None:
    """Codex's plumbing spans live as long as a turn."""
    spans = spans_request("codex_exec", sent(1, 0, "handle_responses"))
    results = [record for record in codex("c1") if "shell" in str(record) and "tool_result" in str(record)]
    logs = request("codex_exec", "codex_exec", [of_span(record, 1) for record in results])
    for order in ((spans, logs), (logs, spans)):
        (trace,) = inspect(*order)
        assert calls(trace) == [("shell", "call_1", "error"), ("shell", "call_3", "ok")]


def test_records_of_spans_that_never_come() -> None:
    results = [of_span(record, 7) for record in codex("c1") if "tool_result" in str(record)]
    (trace,) = inspect(request("codex_exec", "codex_exec", results))
    assert trace["trace_id"] == TRACE.hex()
    assert calls(trace) == [("shell", "call_1", "error"), ("shell", "call_3", "ok")]
