import { z } from "zod";
import { endpointSchema } from "./endpoint.ts";
import { eventSchema } from "./event.ts";
import { limits } from "./limits.ts";
import { entitySchema, idSchema } from "./primitives.ts";
import { problemSchema } from "./problem.ts";

const subscriptionName = z.string().min(1).max(64).describe("A name of yours; events carry it");
const cursorSchema = z
  .string()
  .max(limits.cursorMaxChars)
  .describe("A place in the events, opaque; give it back to go on after it");

/** A page of the tenant's events. */
export const feedPageSchema = z
  .object({
    data: z.array(eventSchema),
    nextCursor: cursorSchema,
    resync: z
      .literal(true)
      .optional()
      .describe("Events before this page are lost to you: they were kept long enough no more"),
  })
  .meta({ id: "FeedPage", description: "Events; it may be empty and have more after it" });
export type FeedPage = z.infer<typeof feedPageSchema>;

const subscribeSchema = z.strictObject({
  type: z.literal("subscribe"),
  subscription: subscriptionName,
  operation: idSchema.optional().describe("The events of one operation, to its end"),
  entity: entitySchema.optional().describe("The events of one entity"),
  types: z.array(z.string()).max(limits.streamTypesMax).optional().describe("Patterns, as endpoints have them"),
  cursor: cursorSchema.optional().describe("Where to go on; left out: from now on, of an operation all"),
});

const listenSchema = z.strictObject({
  type: z.literal("listen"),
  subscription: subscriptionName,
  types: z.array(z.string()).min(1).max(limits.streamTypesMax).describe("Patterns, as endpoints have them"),
});

const deliveryNumber = z.int().min(1).describe("Names a webhook on this connection");

const answerSchema = z.strictObject({
  type: z.literal("answer"),
  subscription: subscriptionName,
  webhook: deliveryNumber,
  status: z.int().min(200).max(599).describe("What the receiver answered; 502 where it could not be reached"),
  body: z.string().max(limits.attemptResponseMaxChars).optional().describe("The first characters of its answer"),
});

/** What a client sends over `/v1/stream`. */
export const streamRequestSchema = z.discriminatedUnion("type", [
  subscribeSchema,
  listenSchema.describe("A temporary endpoint: webhooks come over this connection, as long as it is open"),
  answerSchema.describe("What a receiver behind this connection answered to a webhook"),
  z.strictObject({ type: z.literal("unsubscribe"), subscription: subscriptionName }),
]);
export type StreamRequest = z.infer<typeof streamRequestSchema>;
export type StreamSubscribe = z.infer<typeof subscribeSchema>;

export type StreamListen = z.infer<typeof listenSchema>;
export type StreamAnswer = z.infer<typeof answerSchema>;

const answerOf = <T extends string>(type: T) => ({ type: z.literal(type), subscription: subscriptionName });

/** What the server sends over `/v1/stream`. */
export const streamMessageSchema = z.discriminatedUnion("type", [
  z.object(answerOf("subscribed")),
  z.object(answerOf("unsubscribed")),
  z.object({ ...answerOf("event"), cursor: cursorSchema, event: eventSchema }),
  z.object({ ...answerOf("heartbeat"), cursor: cursorSchema }),
  z.object({ ...answerOf("resync"), cursor: cursorSchema }),
  z.object({ ...answerOf("ended"), cursor: cursorSchema }),
  z.object({ ...answerOf("listening"), endpoint: endpointSchema }).describe("With the endpoint's secret, this once"),
  z
    .object({
      ...answerOf("webhook"),
      webhook: deliveryNumber,
      headers: z.record(z.string(), z.string()),
      body: z.string(),
    })
    .describe("To be posted with these headers and exactly this body, in UTF-8; `answer` says what came of it"),
  z.object({ type: z.literal("error"), subscription: subscriptionName.optional(), problem: problemSchema }),
]);
export type StreamMessage = z.infer<typeof streamMessageSchema>;
