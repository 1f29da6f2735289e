"""Turns a sample run into spans with the OpenTelemetry GenAI semantic conventions, as an instrumented agent would.

Conventions: https://opentelemetry.io/docs/specs/semconv/gen-ai/ (gen-ai-spans, gen-ai-agent-spans).
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from web.demo.script import Call, Raises, Run, Turn

SECOND_NS = 1_000_000_000
AGENT, MODEL, PROVIDER = "Support agent", "gpt-4.1-mini", "openai"
SYSTEM_PROMPT = "You are the support agent of a small web shop. Be brief and honest; use the tools."
RESOURCE = {
    "service.name": "support-agent",
    "service.version": "1.4.2",
    "deployment.environment.name": "demo",
    "telemetry.sdk.language": "python",
}


class RunRecorder:
    """Writes the spans of one run; `spans` is in the order in which they end, children before their parents."""

    def __init__(self, run: Run, start_unix_nano: int, conversation_id: str) -> None:
        self.run = run
        self.trace_id = secrets.token_bytes(16)
        self.spans: list[Span] = []
        self._now = start_unix_nano
        self._conversation_id = conversation_id
        self._messages: list[dict[str, Any]] = [_message("user", [_text(run.question)])]
        self._input_tokens = self._output_tokens = 0

    def record(self) -> list[Span]:
        """The whole run."""
        start = self._now
        request = self._span("POST /chat", Span.SPAN_KIND_SERVER, b"")
        agent = self._span(f"invoke_agent {AGENT}", Span.SPAN_KIND_INTERNAL, request.span_id)
        self._now += SECOND_NS // 50
        for turn in self.run.turns:
            self._turn(turn, agent.span_id)
        answer = self.run.turns[-1].text
        self._end(agent, self._agent_attributes(answer), self._now)
        http = {"http.request.method": "POST", "http.route": "/chat", "http.response.status_code": 200}
        self._end(request, http | {"user.id": self.run.user_id}, self._now + SECOND_NS // 100)
        request.start_time_unix_nano = start
        return self.spans

    def _turn(self, turn: Turn, agent_id: bytes) -> None:
        span = self._span(f"chat {MODEL}", Span.SPAN_KIND_CLIENT, agent_id)
        call_ids = [f"call_{secrets.token_hex(8)}" for _ in turn.calls]
        parts = [_tool_call(call_id, call) for call_id, call in zip(call_ids, turn.calls, strict=True)]
        answer = _message("assistant", parts or [_text(turn.text)])
        input_tokens = 120 + len(json.dumps(self._messages)) // 4
        finish = "tool_call" if turn.calls else "stop"
        attributes = self._common("chat") | {
            "gen_ai.request.model": MODEL,
            "gen_ai.response.model": f"{MODEL}-2025-04-14",
            "gen_ai.response.finish_reasons": [finish],
            "gen_ai.usage.input_tokens": input_tokens,
            "gen_ai.usage.output_tokens": turn.output_tokens,
            "gen_ai.system_instructions": json.dumps([_text(SYSTEM_PROMPT)]),
            "gen_ai.input.messages": json.dumps(self._messages),
            "gen_ai.output.messages": json.dumps([answer | {"finish_reason": finish}]),
        }
        self._input_tokens += input_tokens
        self._output_tokens += turn.output_tokens
        self._end(span, attributes, self._now + _nanoseconds(turn.seconds))
        self._messages.append(answer)
        for call_id, call in zip(call_ids, turn.calls, strict=True):
            self._tool(call_id, call, agent_id)

    def _tool(self, call_id: str, call: Call, agent_id: bytes) -> None:
        span = self._span(f"execute_tool {call.tool}", Span.SPAN_KIND_INTERNAL, agent_id)
        end = self._now + _nanoseconds(call.seconds)
        if call.embeds:
            self._embedding(call, span.span_id)
        attributes = self._common("execute_tool") | {
            "gen_ai.tool.name": call.tool,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": call_id,
            "gen_ai.tool.call.arguments": json.dumps(call.arguments),
        }
        if isinstance(call.result, Raises):
            result: Any = f"{call.result.type}: {call.result.message}"
            attributes["error.type"] = call.result.type
            _fail(span, call.result, end)
        else:
            result = call.result
            attributes["gen_ai.tool.call.result"] = json.dumps(result)
        self._end(span, attributes, end)
        self._messages.append(_message("tool", [{"type": "tool_call_response", "id": call_id, "response": result}]))

    def _embedding(self, call: Call, tool_id: bytes) -> None:
        span = self._span("embeddings text-embedding-3-small", Span.SPAN_KIND_CLIENT, tool_id)
        attributes = self._common("embeddings") | {
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.usage.input_tokens": len(call.embeds.split()),
            "gen_ai.embeddings.dimension.count": 1536,
        }
        self._end(span, attributes, self._now + _nanoseconds(call.seconds / 3))

    def _agent_attributes(self, answer: str) -> dict[str, Any]:
        return self._common("invoke_agent") | {
            "gen_ai.agent.name": AGENT,
            "gen_ai.request.model": MODEL,
            "gen_ai.usage.input_tokens": self._input_tokens,
            "gen_ai.usage.output_tokens": self._output_tokens,
            "gen_ai.input.messages": json.dumps([_message("user", [_text(self.run.question)])]),
            "gen_ai.output.messages": json.dumps([_message("assistant", [_text(answer)]) | {"finish_reason": "stop"}]),
            "user.id": self.run.user_id,
        }

    def _common(self, operation: str) -> dict[str, Any]:
        return {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.conversation.id": self._conversation_id,
        }

    def _span(self, name: str, kind: "Span.SpanKind.ValueType", parent_id: bytes) -> Span:
        return Span(
            trace_id=self.trace_id,
            span_id=secrets.token_bytes(8),
            parent_span_id=parent_id,
            name=name,
            kind=kind,
            start_time_unix_nano=self._now,
            flags=1,
        )

    def _end(self, span: Span, attributes: Mapping[str, Any], end_unix_nano: int) -> None:
        span.end_time_unix_nano = self._now = end_unix_nano
        span.attributes.extend(_attributes(attributes))
        self.spans.append(span)


def export_request(spans: Sequence[Span]) -> bytes:
    """The spans as the body of POST /v1/traces."""
    scope = InstrumentationScope(name="rainbarrel.demo")
    resource = Resource(attributes=_attributes(RESOURCE))
    resource_spans = ResourceSpans(resource=resource, scope_spans=[ScopeSpans(scope=scope, spans=spans)])
    body: bytes = ExportTraceServiceRequest(resource_spans=[resource_spans]).SerializeToString()
    return body


def _fail(span: Span, error: Raises, time_unix_nano: int) -> None:
    span.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=error.message))
    stack = f'Traceback (most recent call last):\n  File "tools.py", line 41, in call\n{error.type}: {error.message}'
    event = {"exception.type": error.type, "exception.message": error.message, "exception.stacktrace": stack}
    span.events.append(Span.Event(time_unix_nano=time_unix_nano, name="exception", attributes=_attributes(event)))


def _attributes(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in values.items()]


def _any_value(value: Any) -> AnyValue:
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_any_value(item) for item in value]))
    if isinstance(value, int):
        return AnyValue(int_value=value)
    return AnyValue(string_value=value)


def _message(role: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": role, "parts": parts}


def _text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def _tool_call(call_id: str, call: Call) -> dict[str, Any]:
    return {"type": "tool_call", "id": call_id, "name": call.tool, "arguments": dict(call.arguments)}


def _nanoseconds(seconds: float) -> int:
    return round(seconds * SECOND_NS)
