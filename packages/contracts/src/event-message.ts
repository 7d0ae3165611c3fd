import { z } from "zod";
import { entitySchema, eventTypeSchema, idSchema } from "./primitives.ts";

/**
 * The packed header of a message on `events`: enough to match subscriptions and to drop repetitions without reading the
 * body. The body is the webhook's body, byte for byte.
 */
export const eventHeaderSchema = z.object({
  v: z.literal(1),
  id: idSchema,
  type: eventTypeSchema,
  tenant: idSchema,
  entity: entitySchema.optional(),
  operation: z.object({ id: idSchema, type: z.string() }).optional(),
  /** Place among the numbered events of the partition (design §3.3), decimal: it may pass 2^53. */
  number: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
  /** The id was made by the client: claim it in Postgres before the first attempt. */
  claim: z.literal(true).optional(),
  /** Sent again out of the dead letters: ask Postgres which of its deliveries there are. */
  redriven: z.literal(true).optional(),
  /** Meant for this endpoint alone, whatever it subscribes to: a test event. */
  endpoint: idSchema.optional(),
  audience: z.array(idSchema).optional(),
  /** When ingest took it or the step made it, milliseconds since 1970. */
  acceptedAt: z.int(),
  traceparent: z.string().max(128).optional(),
});
export type EventHeader = z.infer<typeof eventHeaderSchema>;
