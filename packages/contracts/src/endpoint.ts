import { z } from "zod";
import { limits } from "./limits.ts";
import { idSchema, timestampSchema } from "./primitives.ts";

const subscriptionPatternSchema = z
  .string()
  .max(limits.eventTypeMaxChars)
  .regex(
    /^(?:\*\*|(?:[a-z0-9_-]+|\*)(?:\.(?:[a-z0-9_-]+|\*))*(?:\.\*\*)?)$/,
    "must be segments joined by dots, each a word or *, with ** for all the rest at the end: order.*, **",
  )
  .meta({ example: "order.*" });

const settings = {
  url: z.string().max(limits.endpointUrlMaxChars).meta({ example: "https://example.com/hooks" }),
  events: z.array(subscriptionPatternSchema).min(1).max(limits.endpointPatternsMax),
  enabled: z.boolean(),
  description: z.string().max(limits.descriptionMaxChars),
  headers: z.record(z.string(), z.string()).describe("Sent with each webhook, besides ours"),
  ordering: z.literal("none").describe("Deliveries are independent of each other"),
  format: z
    .enum(["standard", "cloudevents-structured", "cloudevents-binary"])
    .describe("Of the webhooks: Standard Webhooks, or CloudEvents 1.0; signed in the same way. Default standard"),
  rateLimit: z.strictObject({ perSecond: z.number().min(0.01).max(limits.endpointRateMaxPerSecond) }),
  concurrency: z.int().min(1).max(limits.endpointConcurrencyMax).describe("Webhooks in flight at once; default 8"),
  timeoutMs: z
    .int()
    .min(100)
    .max(limits.endpointTimeoutMaxMs)
    .describe("Total time for one attempt, to the end of the answer; default 15000"),
  retrySchedule: z
    .array(z.int().min(1).max(limits.retryDelayMaxSeconds))
    .min(1)
    .max(limits.retryScheduleMaxEntries)
    .describe("Seconds before each further attempt; default 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h"),
};

export const createEndpointSchema = z
  .strictObject({
    url: settings.url,
    events: settings.events,
    enabled: settings.enabled.optional(),
    description: settings.description.optional(),
    headers: settings.headers.optional(),
    ordering: settings.ordering.optional(),
    format: settings.format.optional(),
    handshake: z
      .boolean()
      .optional()
      .describe(
        "Whether the receiver is asked first (CloudEvents HTTP webhook validation); until it agrees nothing is sent",
      ),
    rateLimit: settings.rateLimit.optional(),
    concurrency: settings.concurrency.optional(),
    timeoutMs: settings.timeoutMs.optional(),
    retrySchedule: settings.retrySchedule.optional(),
  })
  .meta({ id: "CreateEndpoint", description: "A URL to be told, and of what" });
export type CreateEndpoint = z.infer<typeof createEndpointSchema>;

/** A field that is left out stays as it is; null takes an optional one away. */
export const updateEndpointSchema = z
  .strictObject({
    url: settings.url.optional(),
    events: settings.events.optional(),
    enabled: settings.enabled.optional(),
    description: settings.description.nullable().optional(),
    headers: settings.headers.nullable().optional(),
    ordering: settings.ordering.optional(),
    format: settings.format.optional(),
    rateLimit: settings.rateLimit.nullable().optional(),
    concurrency: settings.concurrency.nullable().optional(),
    timeoutMs: settings.timeoutMs.nullable().optional(),
    retrySchedule: settings.retrySchedule.nullable().optional(),
  })
  .meta({ id: "UpdateEndpoint", description: "Changes to an endpoint; null takes an optional setting away" });
export type UpdateEndpoint = z.infer<typeof updateEndpointSchema>;

export const endpointSchema = z
  .object({
    id: idSchema,
    ...settings,
    description: settings.description.optional(),
    headers: settings.headers.optional(),
    rateLimit: settings.rateLimit.optional(),
    concurrency: settings.concurrency.optional(),
    timeoutMs: settings.timeoutMs.optional(),
    retrySchedule: settings.retrySchedule.optional(),
    handshake: z
      .object({
        status: z.enum(["pending", "verified", "failed"]),
        attempts: z.int(),
        reason: z.string().optional().describe("Why the last attempt did not succeed"),
      })
      .optional()
      .describe("Of an endpoint whose receiver is asked first"),
    disabledReason: z.string().optional(),
    disabledAt: timestampSchema.optional(),
    createdAt: timestampSchema,
    secret: z
      .string()
      .optional()
      .describe("Signs the webhooks (Standard Webhooks whsec_); in the answer to the creation only"),
  })
  .meta({ id: "Endpoint", description: "A URL that is told of events" });
export type Endpoint = z.infer<typeof endpointSchema>;
