import { z } from "zod";
import { rateLimitSchema, subscriptionPatternSchema } from "./endpoint.ts";
import { limits } from "./limits.ts";
import { idSchema, timestampSchema } from "./primitives.ts";

const selection = {
  since: timestampSchema.describe("Events accepted at this time or later"),
  until: timestampSchema.optional().describe("Events accepted before this time; default and latest: now"),
  statuses: z
    .array(z.enum(["never", "delivered", "exhausted", "expired", "discarded"]))
    .min(1)
    .optional()
    .describe("Only events in one of these states at the endpoint; `never`: not delivered and not on their way"),
  events: z
    .array(subscriptionPatternSchema)
    .min(1)
    .max(limits.endpointPatternsMax)
    .optional()
    .describe("Only these event types, of those that the endpoint subscribes to"),
};

export const createReplaySchema = z
  .strictObject({
    ...selection,
    rateLimit: rateLimitSchema.optional().describe("At most; half of the endpoint's own rate is the limit in any case"),
    dryRun: z.boolean().optional().describe("Count only"),
  })
  .meta({ id: "CreateReplay", description: "Which past events an endpoint is to get again" });
export type CreateReplay = z.infer<typeof createReplaySchema>;

const covered = {
  coversFrom: timestampSchema.describe("`since`, or the beginning of what is retained"),
  isBeyondRetention: z.boolean().describe("`since` is before `coversFrom`: older events are no longer there"),
};

export const replayCountSchema = z
  .object({
    count: z.int(),
    countIsExact: z.boolean().describe("False: it took too long to count all; there are at least so many"),
    ...covered,
  })
  .meta({ id: "ReplayCount", description: "What a replay would cover" });
export type ReplayCount = z.infer<typeof replayCountSchema>;

export const replaySchema = z
  .object({
    id: idSchema,
    endpointId: idSchema,
    status: z.enum(["running", "paused", "completed", "cancelled"]),
    reason: z.string().optional().describe("Why it was cancelled: `by-request`, `endpoint-deleted`"),
    ...selection,
    until: timestampSchema,
    ...covered,
    rateLimit: rateLimitSchema.optional(),
    total: z.int().describe("Events that it covered when it was made"),
    totalIsExact: z.boolean().describe("False: there are at least so many"),
    done: z.int().describe("Events that were sent at least once, whatever came of it"),
    position: timestampSchema.optional().describe("The time of the last event that was judged"),
    createdAt: timestampSchema,
    completedAt: timestampSchema.optional(),
  })
  .meta({ id: "Replay", description: "Past events that an endpoint gets again, under the same webhook-id" });
export type Replay = z.infer<typeof replaySchema>;
