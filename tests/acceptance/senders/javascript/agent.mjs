// The same travel agent as python_agent.py, on the OpenTelemetry JavaScript SDK. OTEL_* variables say where to and how
// (OTEL_EXPORTER_OTLP_PROTOCOL: http/json, http/protobuf or grpc); the last line that it prints is the id of its trace.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

const MODEL = "gpt-4o-mini";
const WORK_MS = 5; // the SDK counts in milliseconds: without it all spans would begin at the same time
const QUESTION = "Book me a flight to Boston if it is sunny.";
const ANSWER = "It is sunny in Boston, but the flight could not be booked.";
const CALLS = [
  { type: "tool_call", id: "call_1", name: "get_weather", arguments: { city: "Boston" } },
  { type: "tool_call", id: "call_2", name: "book_flight", arguments: { to: "BOS" } },
];

class PaymentTimeout extends Error {
  name = "PaymentTimeout";
}

function inSpan(name, options, work) {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

async function chat(history, reply, finish) {
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": MODEL,
    "gen_ai.input.messages": JSON.stringify(history),
  };
  await inSpan(`chat ${MODEL}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    await sleep(WORK_MS);
    span.setAttributes({
      "gen_ai.response.model": MODEL,
      "gen_ai.response.finish_reasons": [finish],
      "gen_ai.usage.input_tokens": 21,
      "gen_ai.usage.output_tokens": 7,
      "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: reply, finish_reason: finish }]),
    });
    history.push({ role: "assistant", parts: reply });
  });
}

function executeTool(call) {
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": call.name,
    "gen_ai.tool.call.id": call.id,
    "gen_ai.tool.call.arguments": JSON.stringify(call.arguments),
  };
  return inSpan(`execute_tool ${call.name}`, { attributes }, async (span) => {
    await sleep(WORK_MS);
    if (call.name === "book_flight") throw new PaymentTimeout("payment gateway timed out");
    const result = JSON.stringify({ forecast: "sunny", celsius: 22 });
    span.setAttribute("gen_ai.tool.call.result", result);
    return result;
  });
}

function run() {
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "travel-agent",
    "gen_ai.conversation.id": `conversation-${randomUUID()}`,
    "user.id": "user-1",
  };
  return inSpan("invoke_agent travel-agent", { attributes }, async (root) => {
    const history = [{ role: "user", parts: [{ type: "text", content: QUESTION }] }];
    await chat(history, CALLS, "tool_call");
    for (const call of CALLS) {
      let response = "payment gateway timed out";
      try {
        response = await executeTool(call);
      } catch (error) {
        if (!(error instanceof PaymentTimeout)) throw error;
      }
      history.push({ role: "tool", parts: [{ type: "tool_call_response", id: call.id, response }] });
    }
    await chat(history, [{ type: "text", content: ANSWER }], "stop");
    return root.spanContext().traceId;
  });
}

const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer("travel-agent");
const traceId = await run();
await sdk.shutdown();
console.log(traceId);
