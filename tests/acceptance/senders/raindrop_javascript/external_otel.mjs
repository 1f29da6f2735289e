// An application with its own OpenTelemetry SDK: Raindrop's span processor (`useExternalOtel`) beside a second exporter.
//
//     node external_otel.mjs ENDPOINT PREFIX SECOND_TRACES_URL
//
// Prints the id of the trace. PREFIX goes before the event id and the user id.
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Raindrop } from "raindrop-ai";

const [endpoint, prefix, url] = process.argv.slice(2);
const raindrop = new Raindrop({ writeKey: "any", endpoint, localWorkshopUrl: false, useExternalOtel: true });
const sdk = new NodeSDK({
  serviceName: "booking",
  spanProcessors: [raindrop.createSpanProcessor(), new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  instrumentations: raindrop.getInstrumentations(),
  resourceDetectors: [],
});
sdk.start();

const request = trace.getTracer("booking").startSpan("POST /ask"); // the application's own: not of Raindrop's scopes
const asked = { eventId: `${prefix}-asked`, event: "booking", userId: `${prefix}-ada`, input: "A flight?" };
const interaction = raindrop.begin(asked);
let traceId = "";
await interaction.withSpan({ name: "plan" }, async () => {
  traceId = trace.getActiveSpan().spanContext().traceId;
  for (const city of ["Boston", "Oslo", "Lima"]) {
    await interaction.withTool({ name: "find_flight", inputParameters: { city } }, async () => ({ city, seats: 2 }));
  }
});
await interaction.finish({ output: "Three flights." });
request.end();
await sdk.shutdown();
await raindrop.close();
console.log(traceId);
process.exit(0);
