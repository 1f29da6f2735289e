"""One long run of an agent, made by hand in OTel GenAI's words: steps of a model call and the tool call it asks for."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from otlp_receiver.decode_protobuf import decode_traces
from tests.spans_made import NOW
from trace_store.model import DEFAULT_PROJECT_ID, AcceptedSpan

MILLISECOND = 1_000_000
SPANS_A_STEP = 4


def attributes(values: dict[str, Any]) -> list[KeyValue]:
    """Strings stay, ints stay, everything else goes as JSON text."""
    found = []
    for key, value in values.items():
        kind = "int_value" if isinstance(value, int) else "string_value"
        text = value if isinstance(value, str | int) else json.dumps(value)
        fields: dict[str, Any] = {kind: text}
        found.append(KeyValue(key=key, value=AnyValue(**fields)))
    return found


def accepted(spans: Iterable[Span], service: str = "support", release: str = "", scope: str = "") -> list[AcceptedSpan]:
    """The spans of a service, made by one library, as a receiver hands them on."""
    resource = Resource(attributes=attributes({"service.name": service, "service.version": release}))
    of_scope = ScopeSpans(scope=InstrumentationScope(name=scope), spans=spans)
    request = TracesData(resource_spans=[ResourceSpans(resource=resource, scope_spans=[of_scope])])
    decoded = decode_traces(request.SerializeToString(), DEFAULT_PROJECT_ID)
    assert decoded.rejections.total == 0
    return decoded.spans


def made(
    trace_id: bytes,
    number: int,
    parent: int = 0,
    name: str = "",
    values: dict[str, Any] | None = None,
    start_ns: int = NOW,
    end_ns: int | None = None,
    **fields: Any,
) -> Span:
    """Span `number` of a trace; it takes a millisecond unless told otherwise."""
    return Span(
        trace_id=trace_id,
        span_id=number.to_bytes(8),
        parent_span_id=parent.to_bytes(8) if parent else b"",
        name=name or f"step {number}",
        start_time_unix_nano=start_ns,
        end_time_unix_nano=start_ns + MILLISECOND if end_ns is None else end_ns,
        attributes=attributes(values or {}),
        **fields,
    )


def agent_run(trace_id: bytes, steps: int, fails_every: int = 10, *, stuck: bool = False) -> list[AcceptedSpan]:
    """1 + 4 * `steps` spans: under the agent each step is a chain of a model call, a tool call and the tool's request.

    Every `fails_every`-th tool call ends with an error; when `stuck`, all calls ask for the same.
    """
    return accepted(long_run(trace_id, steps, fails_every, stuck=stuck))


def long_run(trace_id: bytes, steps: int, fails_every: int, *, stuck: bool) -> Iterator[Span]:
    """The same as OTLP spans."""
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "long-agent"}
    length_ns = (steps + 1) * 4 * MILLISECOND
    yield made(trace_id, 1, 0, "invoke_agent long-agent", agent, NOW, NOW + length_ns)
    for step in range(steps):
        number, start = 2 + SPANS_A_STEP * step, NOW + step * 4 * MILLISECOND
        order = 0 if stuck else step
        arguments = {"order": order, "note": "n" * 40}
        call = {"type": "tool_call", "id": f"call-{step}", "name": "look_up", "arguments": arguments}
        model = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 100 + step % 7,
            "gen_ai.usage.output_tokens": 10,
            "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": f"Order {step}?"}]}],
            "gen_ai.output.messages": [{"role": "assistant", "parts": [call], "finish_reason": "tool_call"}],
        }
        tool = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "look_up",
            "gen_ai.tool.call.id": f"call-{step}",
            "gen_ai.tool.call.arguments": arguments,
        }
        fails = step % fails_every == 0
        status = Status(code=Status.STATUS_CODE_ERROR, message=f"order {order} is locked") if fails else None
        if not fails:
            tool["gen_ai.tool.call.result"] = {"order": step, "state": "sent"}
        yield made(trace_id, number, 1, "step", {}, start, start + 4 * MILLISECOND)
        yield made(trace_id, number + 1, number, "chat gpt-4o", model, start)
        yield made(trace_id, number + 2, number, "execute_tool look_up", tool, start + MILLISECOND, status=status)
        yield made(
            trace_id, number + 3, number + 2, "GET /orders", {"url.path": f"/orders/{step}"}, start + MILLISECOND
        )
