// Raindrop's JavaScript SDK (`raindrop-ai`): events, a growing interaction with tool spans, signals, a user.
//
//     node events.mjs ENDPOINT PREFIX
//
// PREFIX goes before every event id and user id, so that runs do not meet.
import { Raindrop } from "raindrop-ai";

const [endpoint, prefix] = process.argv.slice(2);
const raindrop = new Raindrop({ writeKey: "any", endpoint, localWorkshopUrl: false, bypassOtelForTools: true });
const userId = `${prefix}-grace`;
const convoId = `${prefix}-talk`;

raindrop.setUserDetails({ userId, traits: { name: "Grace", plan: "free" } });
raindrop.trackAi({
  eventId: `${prefix}-asked`,
  event: "booking",
  userId,
  convoId,
  model: "gpt-4o-mini",
  input: "Book me a flight.",
  output: "Booked.",
  attachments: [{ type: "image", role: "output", value: "https://example.com/ticket.png" }],
});
const growing = raindrop.begin({ eventId: `${prefix}-grew`, event: "booking", userId, convoId, input: "And a hotel?" });
growing.setProperties({ deep: { a: 1 } });
await growing.withSpan({ name: "search" }, async () => {
  await growing.withTool({ name: "find_hotel", inputParameters: { city: "Boston" } }, async () => ({ rooms: 2 }));
  await growing
    .withTool({ name: "book_hotel" }, async () => {
      throw new Error("payment gateway timed out");
    })
    .catch(() => {});
});
growing.setProperties({ deep: { b: 2 } });
await growing.finish({ output: "A room is found." });
raindrop.trackSignal({ eventId: `${prefix}-grew`, name: "thumbs_down", sentiment: "NEGATIVE", comment: "too dear" });
raindrop.selfDiagnose({ eventId: `${prefix}-grew`, description: "no payment tool", category: "capability_gap" });
await raindrop.close();
console.log("sent");
process.exit(0);
