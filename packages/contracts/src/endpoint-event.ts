import { z } from "zod";
import { attemptSchema } from "./delivery.ts";
import { eventTypeSchema, idSchema, timestampSchema } from "./primitives.ts";

/** The data of the events that Postback itself tells a tenant about its endpoints. Their entity is the endpoint. */
export const endpointEventSchemas = {
  "endpoint.disabled": z.object({
    endpointId: idSchema,
    reason: z.string().describe("`failing`: only failures for 5 days; `gone`: it answered 410; `by-request`"),
    disabledAt: timestampSchema,
    failingSince: timestampSchema.optional().describe("Its first failure since its last success"),
  }),
  "endpoint.recovered": z.object({
    endpointId: idSchema,
    after: z
      .enum(["failures", "disabled"])
      .describe("Its first success after 5 failures in a row, or after it was enabled again"),
    downSince: timestampSchema,
  }),
  "delivery.exhausted": z.object({
    deliveryId: z.string(),
    endpointId: idSchema,
    eventId: idSchema,
    eventType: eventTypeSchema,
    status: z.enum(["exhausted", "expired"]),
    attempts: z.int().describe("How many were made"),
    lastAttempt: attemptSchema.omit({ number: true, response: true }).optional(),
  }),
} as const;

export type EndpointEventType = keyof typeof endpointEventSchemas;
export type EndpointEventData<T extends EndpointEventType = EndpointEventType> = z.infer<
  (typeof endpointEventSchemas)[T]
>;
