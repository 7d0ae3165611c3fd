import { z } from "zod";
import { entitySchema, eventTypeSchema, idSchema, timestampSchema } from "./primitives.ts";

export const eventSchema = z
  .object({
    id: idSchema,
    type: eventTypeSchema,
    timestamp: timestampSchema,
    entity: entitySchema.optional(),
    operation: z.object({ id: idSchema, type: z.string() }).optional(),
    data: z.json(),
  })
  .meta({ id: "Event", description: "A fact that is told; immutable" });
export type Event = z.infer<typeof eventSchema>;

export const publishEventSchema = z
  .strictObject({
    type: eventTypeSchema,
    entity: entitySchema.optional(),
    data: z.json(),
    id: idSchema.optional().describe("An id of yours: UUIDv7, made in the last 24 hours. The same id is told once"),
  })
  .meta({ id: "PublishEvent", description: "An event to be told without an operation" });
export type PublishEvent = z.infer<typeof publishEventSchema>;

/** What a receiver gets: Standard Webhooks 1.0 body, with `operation` and `entity` beside. */
export const webhookBodySchema = eventSchema
  .omit({ id: true })
  .meta({ id: "WebhookBody", description: "The body of a webhook; its id is in the header webhook-id" });
export type WebhookBody = z.infer<typeof webhookBodySchema>;
