// Raindrop's wrapper of the Vercel AI SDK (`@raindrop-ai/ai-sdk`) over a model that stands in here: one tool works, one fails.
//
//     node ai_sdk.mjs ENDPOINT PREFIX
import { createRaindropAISDK, eventMetadata } from "@raindrop-ai/ai-sdk";
import * as ai from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { z } from "zod";

const [endpoint, prefix] = process.argv.slice(2);
const raindrop = createRaindropAISDK({ writeKey: "any", endpoint, localWorkshopUrl: false });
const usage = { inputTokens: { total: 20 }, outputTokens: { total: 5 } };
const calls = [
  { type: "tool-call", toolCallId: "call_1", toolName: "get_weather", input: '{"city":"Boston"}' },
  { type: "tool-call", toolCallId: "call_2", toolName: "book_flight", input: '{"to":"BOS"}' },
];
const turns = [
  { content: calls, finishReason: { unified: "tool-calls", raw: "tool_calls" }, usage, warnings: [] },
  { content: [{ type: "text", text: "It is sunny." }], finishReason: { unified: "stop", raw: "stop" }, usage, warnings: [] },
];
const model = new MockLanguageModelV3({ provider: "stand-in", modelId: "stand-in-1", doGenerate: async () => turns.shift() });
const { generateText } = raindrop.wrap(ai, {
  context: { userId: `${prefix}-alan`, convoId: `${prefix}-talk`, eventName: "booking" },
});
await generateText({
  model,
  prompt: "Weather in Boston?",
  stopWhen: ai.stepCountIs(3),
  tools: {
    get_weather: ai.tool({ inputSchema: z.object({ city: z.string() }), execute: async () => ({ celsius: 22 }) }),
    book_flight: ai.tool({
      inputSchema: z.object({ to: z.string() }),
      execute: async () => {
        throw new Error("payment gateway timed out");
      },
    }),
  },
  experimental_telemetry: {
    isEnabled: true,
    metadata: eventMetadata({ eventId: `${prefix}-asked`, featureFlags: { new_prompt: "on" } }),
  },
});
await raindrop.users.identify({ userId: `${prefix}-alan`, traits: { plan: "pro" } });
await raindrop.signals.track({ eventId: `${prefix}-asked`, name: "thumbs_up", sentiment: "POSITIVE" });
await raindrop.flush();
await raindrop.shutdown();
console.log("sent");
process.exit(0);
