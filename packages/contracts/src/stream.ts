import { z } from "zod";
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

/** What a client sends over `/v1/stream`. */
export const streamRequestSchema = z.discriminatedUnion("type", [
  subscribeSchema,
  z.strictObject({ type: z.literal("unsubscribe"), subscription: subscriptionName }),
]);
export type StreamRequest = z.infer<typeof streamRequestSchema>;
export type StreamSubscribe = z.infer<typeof subscribeSchema>;

const answerOf = <T extends string>(type: T) => ({ type: z.literal(type), subscription: subscriptionName });

/** What the server sends over `/v1/stream`. */
export const streamMessageSchema = z.discriminatedUnion("type", [
  z.object(answerOf("subscribed")),
  z.object(answerOf("unsubscribed")),
  z.object({ ...answerOf("event"), cursor: cursorSchema, event: eventSchema }),
  z.object({ ...answerOf("heartbeat"), cursor: cursorSchema }),
  z.object({ ...answerOf("resync"), cursor: cursorSchema }),
  z.object({ ...answerOf("ended"), cursor: cursorSchema }),
  z.object({ type: z.literal("error"), subscription: subscriptionName.optional(), problem: problemSchema }),
]);
export type StreamMessage = z.infer<typeof streamMessageSchema>;
