"""Log records as coding agents document them: one short session each of Claude Code, Codex CLI and Gemini CLI.

Sources: code.claude.com/docs/en/monitoring-usage ("Events"); codex-rs/otel/src/events/session_telemetry.rs of
github.com/openai/codex (its `log_event!` calls: text values, no event time); docs/cli/telemetry.md ("Logs") and
packages/core/src/telemetry/types.ts of github.com/google-gemini/gemini-cli.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from trace_store.model import AcceptedLog, AcceptedSpan

AGENTS = ("claude_code", "codex", "gemini_cli")
TRACE = bytes(range(1, 17))
START_MS = 1_795_000_000_000
MS = 1_000_000


def accepted(
    *requests: ExportLogsServiceRequest | ExportTraceServiceRequest,
) -> tuple[list[AcceptedSpan], list[AcceptedLog]]:
    """The records of export requests as decode passes them on."""
    spans: list[AcceptedSpan] = []
    logs: list[AcceptedLog] = []
    for message in requests:
        for decoded in decode_file(message.SerializeToString()):
            if isinstance(decoded, DecodedTraces):
                spans += decoded.spans
            else:
                logs += decoded.logs
    return spans, logs


def key_values(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any(value)) for key, value in values.items()]


def _any(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=str(value))


def request(service: str, scope: str, records: Sequence[LogRecord]) -> ExportLogsServiceRequest:
    resource = Resource(attributes=key_values({"service.name": service, "service.version": "2.1.0"}))
    scope_logs = ScopeLogs(scope=InstrumentationScope(name=scope), log_records=records)
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=resource, scope_logs=[scope_logs])])


def claude_code(session: str, start_ms: int = START_MS) -> list[LogRecord]:
    """A prompt, three failing runs of one command, a refused one, a read that works, a failing request, an answer."""

    def record(after_ms: int, name: str, **values: Any) -> LogRecord:
        common = {"session.id": session, "user.id": "dev-1", "prompt.id": f"{session}-p1", "event.name": name}
        named = {key.replace("__", "."): value for key, value in values.items()}
        return LogRecord(
            time_unix_nano=(start_ms + after_ms) * MS,
            body=_any(f"claude_code.{name}"),
            attributes=key_values({**common, "event.sequence": after_ms, **named}),
        )

    def call(after_ms: int, number: int) -> list[LogRecord]:
        used = {"input_tokens": "10", "output_tokens": "20", "cache_read_tokens": "100", "cache_creation_tokens": "0"}
        asked = {"model": "claude-sonnet-5", "request_id": f"req_{number}", "duration_ms": "900", "cost_usd": "0.01"}
        return [record(after_ms, "api_request", **used, **asked)]

    def result(after_ms: int, number: int, tool: str, arguments: str, **values: Any) -> LogRecord:
        named = {"tool_name": tool, "tool_use_id": f"toolu_{number}", "tool_input": arguments, "duration_ms": "50"}
        return record(after_ms, "tool_result", **named, decision_type="accept", **values)

    failed = {"success": "false", "error_type": "ShellError", "error": "npm ERR! missing script: test"}
    command = '{"command":"npm test"}'
    return [
        record(0, "user_prompt", prompt="make the tests pass", prompt_length="19"),
        *call(1000, 1),
        record(1005, "tool_decision", tool_name="Bash", tool_use_id="toolu_1", decision="accept", source="config"),
        result(1100, 1, "Bash", command, **failed),
        *call(2100, 2),
        result(2200, 2, "Bash", command, **failed),
        *call(3200, 3),
        result(3300, 3, "Bash", command, **failed),
        record(4000, "api_error", model="claude-sonnet-5", error="Overloaded", status_code="529", duration_ms="600"),
        *call(5000, 4),
        record(
            5005, "tool_decision", tool_name="Write", tool_use_id="toolu_4", decision="reject", source="user_reject"
        ),
        result(5200, 5, "Read", '{"file_path":"package.json"}', success="true"),
        *call(6200, 5),
        record(6205, "assistant_response", response="There is no test script.", request_id="req_5"),
    ]


def codex(conversation: str, start_ms: int = START_MS) -> list[LogRecord]:
    """Named by source line, without a time of their own; values are text; the raw completed event has no counts."""

    def record(after_ms: int, name: str, values: Mapping[str, Any]) -> LogRecord:
        common = {"conversation.id": conversation, "app.version": "0.158", "model": "gpt-5.6", "user.account_id": "a1"}
        return LogRecord(
            observed_time_unix_nano=(start_ms + after_ms) * MS,
            event_name="event otel/src/events/session_telemetry.rs:700",
            attributes=key_values({"event.name": name, **common, **values}),
        )

    def result(after_ms: int, number: int, output: str, success: str) -> LogRecord:
        called = {"tool_name": "shell", "call_id": f"call_{number}", "arguments": '{"command":["ls","missing"]}'}
        return record(
            after_ms, "codex.tool_result", {**called, "duration_ms": "30", "success": success, "output": output}
        )

    completed = {"event.kind": "response.completed"}
    counts = {"input_token_count": "900", "output_token_count": "40", "cached_token_count": 800}
    return [
        record(0, "codex.conversation_starts", {"provider_name": "OpenAI", "approval_policy": "on-request"}),
        record(10, "codex.user_prompt", {"prompt": "list the folder", "prompt_length": "15"}),
        record(400, "codex.api_request", {"duration_ms": "300", "error.message": "connection reset", "attempt": 0}),
        record(800, "codex.api_request", {"duration_ms": "300", "http.response.status_code": 200, "attempt": 1}),
        record(1000, "codex.sse_event", {**completed, "duration_ms": "5"}),
        record(1001, "codex.sse_event", {**completed, **counts, "reasoning_token_count": 7}),
        record(1002, "codex.tool_decision", {"tool_name": "shell", "call_id": "call_1", "decision": "approved"}),
        result(1100, 1, "ls: missing: No such file or directory", "false"),
        record(1200, "codex.tool_decision", {"tool_name": "shell", "call_id": "call_2", "decision": "denied"}),
        result(1210, 2, "exec command rejected by user", "false"),
        result(1300, 3, "README.md", "true"),
    ]


def gemini_cli(session: str, start_ms: int = START_MS) -> list[LogRecord]:
    """Two tool calls, one of which fails and one of which the user refuses, and a failing request."""

    def record(after_ms: int, name: str, values: Mapping[str, Any]) -> LogRecord:
        common = {"session.id": session, "user.email": "dev@example.com", "prompt_id": f"{session}########1"}
        return LogRecord(
            time_unix_nano=(start_ms + after_ms) * MS,
            body=_any("said"),
            attributes=key_values({"event.name": name, **common, **values}),
        )

    counts = {"input_token_count": 500, "output_token_count": 30, "cached_content_token_count": 400}
    answered = {"model": "gemini-3-pro", "duration_ms": 700, "status_code": 200, **counts, "thoughts_token_count": 9}
    called = {"function_name": "read_file", "function_args": '{"path":"a.txt"}', "duration_ms": 20}
    missing = {"success": False, "error": "File not found: a.txt", "error_type": "file_not_found"}
    refused = {"function_name": "run_shell_command", "success": False, "decision": "reject", "duration_ms": 0}
    return [
        record(-500, "gemini_cli.config", {"model": "gemini-3-pro"}),
        record(0, "gemini_cli.user_prompt", {"prompt": "read a.txt", "prompt_length": 10}),
        record(100, "gemini_cli.api_request", {"model": "gemini-3-pro"}),
        record(300, "gemini_cli.api_error", {"model_name": "gemini-3-pro", "error.message": "quota", "duration": 150}),
        record(1000, "gemini_cli.api_response", answered),
        record(1100, "gemini_cli.tool_call", {**called, **missing, "decision": "auto_accept"}),
        record(1200, "gemini_cli.tool_call", {**refused, "error": "User cancelled"}),
        record(1300, "gemini_cli.tool_call", {**called, "function_args": '{"path":"b.txt"}', "success": True}),
    ]


def session_request(agent: str, session: str, start_ms: int = START_MS) -> ExportLogsServiceRequest:
    """A whole session as one export request."""
    if agent == "claude_code":
        return request("claude-code", "com.anthropic.claude_code.events", claude_code(session, start_ms))
    if agent == "codex":
        return request("codex_exec", "codex_exec", codex(session, start_ms))
    return request("gemini-cli", "gemini-cli", gemini_cli(session, start_ms))


def of_span(record: LogRecord, number: int) -> LogRecord:
    """The record as if written inside a span of TRACE."""
    found = LogRecord()
    found.CopyFrom(record)
    found.trace_id, found.span_id = TRACE, number.to_bytes(8)
    return found


def sent(number: int, parent: int, name: str, **attributes: Any) -> Span:
    """A span of TRACE."""
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return Span(
        trace_id=TRACE,
        span_id=number.to_bytes(8),
        parent_span_id=parent.to_bytes(8) if parent else b"",
        name=name,
        start_time_unix_nano=(START_MS + number) * MS,
        end_time_unix_nano=(START_MS + 9000) * MS,
        attributes=key_values(named),
    )


def spans_request(scope: str, *spans: Span) -> ExportTraceServiceRequest:
    scope_spans = ScopeSpans(scope=InstrumentationScope(name=scope), spans=spans)
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[scope_spans])])


def spans_with_logs() -> tuple[ExportTraceServiceRequest, ExportLogsServiceRequest]:
    """A session of Claude Code with spans: one result on its span, one on another, one on a span that never comes."""
    spans = spans_request(
        "com.anthropic.claude_code.tracing",
        sent(1, 0, "claude_code.interaction", span__type="interaction", session__id="s1"),
        sent(2, 1, "claude_code.tool", span__type="tool", tool_name="Bash", tool_use_id="toolu_1"),
        sent(3, 1, "claude_code.tool", span__type="tool", tool_name="Bash", tool_use_id="toolu_2"),
    )
    results = [record for record in claude_code("s1") if record.body.string_value == "claude_code.tool_result"]
    places = (2, 1, 9, 9)
    placed = [of_span(record, number) for record, number in zip(results, places, strict=True)]
    return spans, request("claude-code", "com.anthropic.claude_code.events", placed)
