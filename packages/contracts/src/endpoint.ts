import { z } from "zod";
import { limits } from "./limits.ts";
import { idSchema, timestampSchema } from "./primitives.ts";

export const subscriptionPatternSchema = z
  .string()
  .max(limits.eventTypeMaxChars)
  .regex(
    /^(?:\*\*|(?:[a-z0-9_-]+|\*)(?:\.(?:[a-z0-9_-]+|\*))*(?:\.\*\*)?)$/,
    "must be segments joined by dots, each a word or *, with ** for all the rest at the end: order.*, **",
  )
  .meta({ example: "order.*" });

const orderingValveSchema = z
  .strictObject({
    skipAfterAttempts: z.int().min(1).max(limits.retryScheduleMaxEntries).optional(),
    skipAfterSeconds: z.int().min(1).max(limits.orderingSkipMaxSeconds).optional(),
  })
  .refine((valve) => Object.keys(valve).length > 0, "must have skipAfterAttempts, skipAfterSeconds, or both")
  .describe(
    "When an ordered delivery that keeps failing lets those behind it pass; it is then discarded, order-skipped. Default: it holds them",
  );
/**
 * Any JSON here: its rules are those of `readFilter` in the domain, which names each that is broken. The value is taken as
 * it came, because a record of zod leaves out a member called `__proto__`, and a filter that lost a condition lets through more.
 */
const filterSchema = z.unknown().meta({
  type: "object",
  description:
    "Conditions on the event's `data` and `entity`: equality, $in, $prefix, $gt, $gte, $lt, $lte, $exists, $and, $or, $not",
  example: { data: { amount: { $gte: 1000 }, currency: { $in: ["EUR", "USD"] } } },
});

export const signatureSchemeSchema = z
  .enum(["v1", "v1a"])
  .describe("v1: HMAC-SHA256 with a shared secret; v1a: ed25519, verified with a public key");
export type SignatureScheme = z.infer<typeof signatureSchemeSchema>;

export const rateLimitSchema = z.strictObject({
  perSecond: z.number().min(0.01).max(limits.endpointRateMaxPerSecond),
});

const settings = {
  url: z.string().max(limits.endpointUrlMaxChars).meta({ example: "https://example.com/hooks" }),
  events: z.array(subscriptionPatternSchema).min(1).max(limits.endpointPatternsMax),
  enabled: z.boolean(),
  description: z.string().max(limits.descriptionMaxChars),
  headers: z.record(z.string(), z.string()).describe("Sent with each webhook, besides ours"),
  ordering: z
    .enum(["none", "entity", "endpoint"])
    .describe("none: each event by itself; entity: an entity's events one after another; endpoint: all events so"),
  orderingValve: orderingValveSchema,
  format: z
    .enum(["standard", "cloudevents-structured", "cloudevents-binary"])
    .describe("Of the webhooks: Standard Webhooks, or CloudEvents 1.0; signed in the same way. Default standard"),
  rateLimit: rateLimitSchema,
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
    partner: idSchema.optional().describe("Whose it is; of a partner's own key it is that partner's in any case"),
    filter: filterSchema.optional(),
    signature: signatureSchemeSchema.optional(),
    enabled: settings.enabled.optional(),
    description: settings.description.optional(),
    headers: settings.headers.optional(),
    ordering: settings.ordering.optional(),
    orderingValve: settings.orderingValve.optional(),
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
    filter: filterSchema.nullable().optional(),
    enabled: settings.enabled.optional(),
    description: settings.description.nullable().optional(),
    headers: settings.headers.nullable().optional(),
    ordering: settings.ordering.optional(),
    orderingValve: settings.orderingValve.nullable().optional(),
    format: settings.format.optional(),
    rateLimit: settings.rateLimit.nullable().optional(),
    concurrency: settings.concurrency.nullable().optional(),
    timeoutMs: settings.timeoutMs.nullable().optional(),
    retrySchedule: settings.retrySchedule.nullable().optional(),
  })
  .meta({ id: "UpdateEndpoint", description: "Changes to an endpoint; null takes an optional setting away" });
export type UpdateEndpoint = z.infer<typeof updateEndpointSchema>;

const publicKeySchema = z.string().meta({ example: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=" });
const keyIdSchema = z.string().meta({ example: "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01.1" });

export const endpointSchema = z
  .object({
    id: idSchema,
    ...settings,
    partner: idSchema.optional(),
    filter: filterSchema.optional(),
    signature: signatureSchemeSchema.describe("How the newest secret signs; rotate to change it"),
    description: settings.description.optional(),
    headers: settings.headers.optional(),
    orderingValve: settings.orderingValve.optional(),
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
      .describe("Signs the webhooks (Standard Webhooks whsec_); in the answer to the creation, and at /secret"),
    publicKey: publicKeySchema.optional().describe("Of an endpoint with `v1a`, in place of `secret`"),
    keyId: keyIdSchema.optional().describe("`kid` of `publicKey` in the tenant's key set"),
  })
  .meta({ id: "Endpoint", description: "A URL that is told of events" });
export type Endpoint = z.infer<typeof endpointSchema>;

export const rotateSecretSchema = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(limits.secretOverlapMaxSeconds)
      .optional()
      .describe("How long the secrets of before still sign; default 86400"),
    signature: signatureSchemeSchema.optional().describe("Of the new secret; default: as before"),
  })
  .meta({ id: "RotateSecret", description: "How an endpoint's secret is rotated" });
export type RotateSecret = z.infer<typeof rotateSecretSchema>;

const aSecret = {
  signature: signatureSchemeSchema,
  secret: z.string().optional().describe("With `v1`: `whsec_` and base64"),
  publicKey: publicKeySchema
    .optional()
    .describe("With `v1a`: `whpk_` and base64. The private key never leaves Postback"),
  keyId: keyIdSchema.optional().describe("With `v1a`: `kid` in the tenant's key set"),
  createdAt: timestampSchema,
};

export const endpointSecretSchema = z
  .object({
    ...aSecret,
    expiring: z
      .array(z.object({ ...aSecret, expiresAt: timestampSchema }))
      .describe("Those of before that still sign, the newest first"),
  })
  .meta({ id: "EndpointSecret", description: "What an endpoint's webhooks are verified with" });
export type EndpointSecret = z.infer<typeof endpointSecretSchema>;

/** RFC 7517 §5, with keys of RFC 8037. */
export const jwksSchema = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal("OKP"),
        crv: z.literal("Ed25519"),
        x: z.string().describe("The 32 bytes in base64url"),
        kid: z.string().describe("`<endpoint id>.<version>`"),
        use: z.literal("sig"),
        alg: z.literal("EdDSA"),
      }),
    ),
  })
  .meta({ id: "KeySet", description: "Public keys of a tenant's endpoints with `v1a` (RFC 7517)" });
export type KeySet = z.infer<typeof jwksSchema>;
