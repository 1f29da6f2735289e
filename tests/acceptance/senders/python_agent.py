"""A travel agent that reports itself with the OpenTelemetry Python SDK, as its documentation shows, over gRPC or HTTP.

The usual OTEL_* variables of the environment say where to and how. The last line that it prints is the id of its trace.
It knows nothing of Rainbarrel, and imports nothing of it.
"""

import json
import os
import secrets
from contextlib import suppress

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Tracer

MODEL = "gpt-4o-mini"
QUESTION = "Book me a flight to Boston if it is sunny."
CALLS: list[dict[str, object]] = [
    {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Boston"}},
    {"type": "tool_call", "id": "call_2", "name": "book_flight", "arguments": {"to": "BOS"}},
]
ANSWER = "It is sunny in Boston, but the flight could not be booked."


class PaymentTimeout(Exception):
    """The one thing that goes wrong."""


def chat(tracer: Tracer, history: list[dict[str, object]], reply: list[dict[str, object]], finish: str) -> None:
    request = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": MODEL,
        "gen_ai.input.messages": json.dumps(history),
    }
    with tracer.start_as_current_span(f"chat {MODEL}", kind=SpanKind.CLIENT, attributes=request) as span:
        span.set_attributes(
            {
                "gen_ai.response.model": MODEL,
                "gen_ai.response.finish_reasons": [finish],
                "gen_ai.usage.input_tokens": 21,
                "gen_ai.usage.output_tokens": 7,
                "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": reply, "finish_reason": finish}]),
            }
        )
        history.append({"role": "assistant", "parts": reply})


def execute_tool(tracer: Tracer, call: dict[str, object]) -> str:
    request = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": str(call["name"]),
        "gen_ai.tool.call.id": str(call["id"]),
        "gen_ai.tool.call.arguments": json.dumps(call["arguments"]),
    }
    with tracer.start_as_current_span(f"execute_tool {call['name']}", attributes=request) as span:
        if call["name"] == "book_flight":
            raise PaymentTimeout("payment gateway timed out")
        result = json.dumps({"forecast": "sunny", "celsius": 22})
        span.set_attribute("gen_ai.tool.call.result", result)
        return result


def run(tracer: Tracer) -> str:
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "travel-agent",
        "gen_ai.conversation.id": f"conversation-{secrets.token_hex(4)}",
        "user.id": "user-1",
    }
    with tracer.start_as_current_span("invoke_agent travel-agent", attributes=agent) as root:
        history: list[dict[str, object]] = [{"role": "user", "parts": [{"type": "text", "content": QUESTION}]}]
        chat(tracer, history, CALLS, "tool_call")
        for call in CALLS:
            answer = "payment gateway timed out"
            with suppress(PaymentTimeout):
                answer = execute_tool(tracer, call)
            part = {"type": "tool_call_response", "id": call["id"], "response": answer}
            history.append({"role": "tool", "parts": [part]})
        chat(tracer, history, [{"type": "text", "content": ANSWER}], "stop")
        return f"{root.get_span_context().trace_id:032x}"


def main() -> None:
    grpc = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc"
    exporter: SpanExporter = GrpcSpanExporter() if grpc else HttpSpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace_id = run(provider.get_tracer("travel-agent"))
    provider.shutdown()
    print(trace_id)


if __name__ == "__main__":
    main()
