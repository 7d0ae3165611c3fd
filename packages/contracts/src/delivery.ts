import { z } from "zod";
import { eventTypeSchema, idSchema, timestampSchema } from "./primitives.ts";

export const deliveryStatusSchema = z.enum(["pending", "sending", "delivered", "exhausted", "expired", "discarded"]);
export type DeliveryStatus = z.infer<typeof deliveryStatusSchema>;

export const attemptSchema = z
  .object({
    number: z.int(),
    at: timestampSchema,
    durationMs: z.number(),
    outcome: z.enum(["accepted", "refused", "unreachable", "blocked"]),
    status: z.int().optional().describe("The receiver's HTTP status, where it answered"),
    cause: z
      .string()
      .optional()
      .describe("Why it was unreachable (dns, connect, tls, timeout, reset, protocol, proxy) or blocked"),
    response: z.string().optional().describe("First bytes of the answer, at most 1 KiB"),
  })
  .meta({ id: "Attempt", description: "One HTTP request to an endpoint" });
export type Attempt = z.infer<typeof attemptSchema>;

export const deliverySchema = z
  .object({
    id: z.string().meta({ example: "dlv_AZLwwStefDqdXj8aW3ydAQGS8METXnw6nV4_Glt8nQI" }),
    eventId: idSchema,
    eventType: eventTypeSchema,
    endpointId: idSchema,
    status: deliveryStatusSchema,
    reason: z
      .string()
      .optional()
      .describe(
        "Why it was discarded: endpoint-disabled, endpoint-deleted, replay-cancelled, order-skipped or not-granted",
      ),
    replayId: idSchema.optional().describe("The replay that it belongs to"),
    nextAttemptAt: timestampSchema.optional(),
    attempts: z.array(attemptSchema),
  })
  .meta({ id: "Delivery", description: "One event that is to be brought to one endpoint" });
export type Delivery = z.infer<typeof deliverySchema>;
